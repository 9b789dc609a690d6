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

// maxQuestions is more than anybody answers; what is wrong beyond it is asked next time.
const maxQuestions = 50

func (d *draft) ask(about, text string, at span, options ...string) {
	if len(d.questions) >= maxQuestions {
		return
	}
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
