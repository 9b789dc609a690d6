package grammar

import (
	"fmt"
	"slices"
	"strings"
)

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
