package grammar

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// draft is the facts of all clauses, put together by entity and field.
type draft struct {
	text      string
	entities  []*entityDraft
	byName    map[string]*entityDraft
	questions []qlp.Question
	left      []fact
	facts     []fact
}

type entityDraft struct {
	name   string
	at     span
	fields []*fieldDraft
}

type fieldDraft struct {
	name   string
	at     span
	plural bool
	attrs  []fact
}

func (e *entityDraft) field(name string) *fieldDraft {
	for _, f := range e.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

func (f *fieldDraft) attr(key string) (fact, bool) {
	for _, a := range f.attrs {
		if a.key == key {
			return a, true
		}
	}
	return fact{}, false
}

func (f *fieldDraft) has(key string) bool {
	_, ok := f.attr(key)
	return ok
}

// implied reports whether the field is the id that every row has anyway.
func (f *fieldDraft) implied() bool {
	if f.name != "id" {
		return false
	}
	for _, a := range f.attrs {
		if a.key != "unique" && a.key != "required" && (a.key != "type" || a.val != "int") {
			return false
		}
	}
	return true
}

// assemble puts the facts together, whatever their order in the words.
func assemble(text string, facts []fact) *draft {
	d := &draft{text: text, byName: map[string]*entityDraft{}, facts: facts}
	for _, f := range facts {
		if f.kind == entityFact && d.byName[f.entity] == nil {
			e := &entityDraft{name: f.entity, at: f.at}
			d.byName[f.entity] = e
			d.entities = append(d.entities, e)
		}
	}
	for _, f := range facts {
		switch f.kind {
		case fieldFact:
			d.addField(f)
		case attrFact:
			if e := d.byName[f.entity]; e != nil {
				if field := e.field(f.field); field != nil {
					d.setAttr(e, field, f)
				}
			}
		case questionFact:
			d.questions = append(d.questions, *f.ask)
		case leftFact:
			d.left = append(d.left, f)
		}
	}
	for _, e := range d.entities {
		e.fields = slices.DeleteFunc(e.fields, func(f *fieldDraft) bool { return f.has("dropped") || f.implied() })
	}
	d.references()
	d.manyFacts()
	for _, f := range facts {
		if f.kind == ruleFact {
			d.applyRule(f)
		}
	}
	d.stamps()
	return d
}

func (d *draft) addField(f fact) {
	e := d.byName[f.entity]
	if e == nil {
		return
	}
	if e.field(f.field) == nil {
		e.fields = append(e.fields, &fieldDraft{name: f.field, at: f.at, plural: f.plural})
	}
}

// setAttr notes a rule of a field, and asks when it contradicts one that is there.
func (d *draft) setAttr(e *entityDraft, f *fieldDraft, a fact) {
	opposite := map[string]string{"optional": "required", "required": "optional", "unique": "repeat", "repeat": "unique"}[a.key]
	if other, clash := f.attr(opposite); clash && opposite != "" {
		d.contradiction(e, f, other, a)
		return
	}
	if same, ok := f.attr(a.key); ok {
		if same.val != a.val || !slices.Equal(same.vals, a.vals) {
			if a.key == "type" && (same.val == "text" && a.val == "string" || a.val == "number" || a.key == "unit") || a.key == "unit" || a.key == "measure" {
				return
			}
			d.contradiction(e, f, same, a)
		}
		return
	}
	f.attrs = append(f.attrs, a)
}

func (d *draft) contradiction(e *entityDraft, f *fieldDraft, a, b fact) {
	at := a.at.join(b.at)
	d.ask("contradiction", fmt.Sprintf("%s of %s: %q and %q contradict each other. Which one holds?", spaced(f.name), spaced(e.name), d.words(a.at), d.words(b.at)),
		at, "keep only: "+d.words(a.at), "keep only: "+d.words(b.at))
}

func (d *draft) ask(about, text string, at span, options ...string) {
	for _, q := range d.questions {
		if q.About == about && q.Start == at.start && q.End == at.end {
			return
		}
	}
	d.questions = append(d.questions, qlp.Question{About: about, Text: text, Options: options, Start: at.start, End: at.end})
}

// words quotes a part of the intent on one line.
func (d *draft) words(at span) string {
	return strings.Join(strings.Fields(d.text[at.start:at.end]), " ")
}

func spaced(name string) string { return strings.ReplaceAll(name, "_", " ") }

// references turns fields that are named after an entity into references.
func (d *draft) references() {
	for _, e := range d.entities {
		for _, f := range e.fields {
			if f.has("to") {
				continue
			}
			name := strings.TrimSuffix(f.name, "_id")
			target := ""
			for rest := name; target == "" && rest != ""; {
				if d.byName[rest] != nil {
					target = rest
				}
				_, rest, _ = strings.Cut(rest, "_")
			}
			if target == "" || f.has("values") || target == e.name && name == e.name {
				continue
			}
			if t, typed := f.attr("type"); typed {
				d.ask("contradiction", fmt.Sprintf("%s has a %s that is called like the %s, and of type %s. Is it a reference, or a plain value?", spaced(e.name), spaced(f.name), spaced(target), t.val),
					f.at.join(t.at), "a reference to "+spaced(target), "another name for the plain value")
				continue
			}
			if f.name != name && e.field(name) == nil {
				f.name = name
			}
			f.attrs = append(f.attrs, fact{key: "to", val: target, at: f.at})
		}
	}
}

// manyFacts turns "has many" into references or links.
func (d *draft) manyFacts() {
	var many []fact
	for _, f := range d.facts {
		if f.kind == manyFact {
			many = append(many, f)
		}
	}
	for i, f := range many {
		from, to := d.byName[f.entity], d.byName[f.to]
		if from == nil || to == nil || d.linked(f.entity, f.to) {
			continue
		}
		back := slices.ContainsFunc(many, func(g fact) bool { return g.entity == f.to && g.to == f.entity })
		switch {
		case back || f.val == "other" && !d.refers(to, f.entity):
			if f.entity == f.to {
				d.ask(f.to, fmt.Sprintf("%s is linked with itself, which is not supported offline. What should be kept?", spaced(f.to)), f.at, "leave it out")
				continue
			}
			d.facts = append(d.facts, fact{kind: linkFact, entity: f.entity, to: f.to, at: f.at})
		case d.refers(to, f.entity):
		default:
			if from == to {
				d.ask(f.to, fmt.Sprintf("A %s has many of its own kind. How do they refer to each other?", spaced(f.to)), f.at, fmt.Sprintf("a %s may have an optional parent (a %s)", spaced(f.to), spaced(f.to)))
				continue
			}
			to.fields = append(to.fields, &fieldDraft{name: f.entity, at: many[i].at, attrs: []fact{{key: "to", val: f.entity, at: f.at}, {key: "implied", at: f.at}}})
		}
	}
}

func (d *draft) linked(a, b string) bool {
	return slices.ContainsFunc(d.facts, func(f fact) bool {
		return f.kind == linkFact && (f.entity == a && f.to == b || f.entity == b && f.to == a)
	})
}

func (d *draft) refers(e *entityDraft, to string) bool {
	return slices.ContainsFunc(e.fields, func(f *fieldDraft) bool { a, ok := f.attr("to"); return ok && a.val == to })
}

// owners returns the entities that have the field.
func (d *draft) owners(field string) []*entityDraft {
	var out []*entityDraft
	for _, e := range d.entities {
		if e.field(field) != nil {
			out = append(out, e)
		}
	}
	return out
}

// resolve finds the field that words name: "price" of the named entity, of the only one that has it, or "product price".
func (d *draft) resolve(entity, field string) (*entityDraft, *fieldDraft, bool) {
	variants := []string{field}
	if one := inflected(field); one != field {
		variants = append(variants, one)
	}
	for _, v := range variants {
		if e := d.byName[entity]; e != nil {
			if f := e.field(v); f != nil {
				return e, f, true
			}
		}
		if owners := d.owners(v); entity == "" && len(owners) == 1 {
			return owners[0], owners[0].field(v), true
		}
		for _, e := range d.entities {
			if rest, ok := strings.CutPrefix(v, e.name+"_"); ok && (entity == "" || entity == e.name) {
				if f := e.field(rest); f != nil {
					return e, f, true
				}
			}
		}
	}
	return nil, nil, false
}

// inflected returns a crude singular: "emails" for the rule "emails must be unique".
func inflected(name string) string {
	switch {
	case strings.HasSuffix(name, "ies"):
		return strings.TrimSuffix(name, "ies") + "y"
	case strings.HasSuffix(name, "ses"), strings.HasSuffix(name, "xes"):
		return strings.TrimSuffix(name, "es")
	default:
		return strings.TrimSuffix(name, "s")
	}
}

// applyRule applies a sentence about a field.
func (d *draft) applyRule(r fact) {
	if r.field == "*" {
		for _, e := range d.entities {
			if r.entity != "" && r.entity != e.name {
				continue
			}
			for _, f := range e.fields {
				if r.key == "required" || !f.has("required") {
					d.setAttr(e, f, r)
				}
			}
		}
		return
	}
	e, f, ok := d.resolve(r.entity, r.field)
	if ok {
		d.setAttr(e, f, r)
		return
	}
	if owners := d.owners(r.field); len(owners) > 1 && r.entity == "" {
		var options []string
		for _, o := range owners {
			options = append(options, fmt.Sprintf("the %s of the %s", spaced(r.field), spaced(o.name)))
		}
		d.ask(r.field, fmt.Sprintf("Several things have a %s. Which one is meant by %q?", spaced(r.field), d.words(r.at)), r.at, options...)
		return
	}
	d.ask(r.field, fmt.Sprintf("%q speaks of %q, which no thing has as a field. What is meant?", d.words(r.at), spaced(r.field)), r.at)
}

// stamps adds creation and change times.
func (d *draft) stamps() {
	for _, f := range d.facts {
		if f.kind != stampsFact {
			continue
		}
		for _, e := range d.entities {
			if f.entity != "" && f.entity != e.name {
				continue
			}
			for _, name := range []string{"created_at", "updated_at"} {
				field := e.field(name)
				if field == nil {
					field = &fieldDraft{name: name, at: f.at}
					e.fields = append(e.fields, field)
				}
				d.setAttr(e, field, fact{key: "type", val: "datetime", at: f.at})
				d.setAttr(e, field, fact{key: "auto", at: f.at})
			}
		}
	}
}
