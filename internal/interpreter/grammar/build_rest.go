package grammar

import (
	"fmt"
	"slices"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// operations sets which operations are left out.
func (b *builder) operations() {
	readOnly := map[string]fact{}
	for _, f := range b.facts {
		if (f.kind != withoutFact && f.kind != onlyFact) || b.byName[f.entity] == nil {
			continue
		}
		if f.key == "read_only" {
			readOnly[f.entity] = f
			continue
		}
		for _, op := range qlp.Operations() {
			if named := slices.Contains(f.vals, string(op)); named == (f.kind == withoutFact) {
				b.without(f.entity, op, f.at)
			}
		}
	}
	for _, e := range b.entities {
		if f, ok := readOnly[e.name]; ok && len(b.spec.Without[e.name]) == 0 {
			b.ask(e.name, fmt.Sprintf("Which changes should be left out for %s that are read-only?", spaced(b.v.words.Plural(e.name))), f.at,
				"no update of "+spaced(b.v.words.Plural(e.name)), "no update and no delete of "+spaced(b.v.words.Plural(e.name)), "only list and get "+spaced(b.v.words.Plural(e.name)))
		}
	}
}

func (b *builder) without(entity string, op qlp.Operation, at span) {
	if b.spec.Without == nil {
		b.spec.Without = map[string][]qlp.Operation{}
	}
	if slices.Contains(b.spec.Without[entity], op) {
		return
	}
	b.spec.Without[entity] = append(b.spec.Without[entity], op)
	slices.SortFunc(b.spec.Without[entity], func(x, y qlp.Operation) int {
		return slices.Index(qlp.Operations(), x) - slices.Index(qlp.Operations(), y)
	})
	b.source("without."+entity, at)
}

// finds sets search and filters.
func (b *builder) finds() {
	for _, f := range b.facts {
		if f.kind == searchFact || f.kind == filterFact {
			b.find(f)
		}
	}
	for _, e := range b.entities {
		for _, f := range e.fields {
			if a, ok := f.attr("search"); ok {
				b.addFind(searchFact, e, f.name, a.at)
			}
			if a, ok := f.attr("filter"); ok {
				b.addFind(filterFact, e, f.name, a.at)
			}
		}
	}
}

func (b *builder) find(s fact) {
	entity := s.entity
	if entity == "" { // the only thing that has all of the fields
		var owners []*entityDraft
		for _, e := range b.entities {
			all := true
			for _, name := range s.vals {
				_, _, ok := b.resolve(e.name, name)
				all = all && ok
			}
			if all {
				owners = append(owners, e)
			}
		}
		if len(owners) > 1 {
			if prior := b.priorEntity(s); prior != "" && slices.ContainsFunc(owners, func(e *entityDraft) bool { return e.name == prior }) {
				owners = []*entityDraft{b.byName[prior]}
			}
		}
		if len(owners) > 1 {
			var options []string
			for _, o := range owners {
				options = append(options, fmt.Sprintf("%s %s", b.words(s.at), "of "+spaced(b.v.words.Plural(o.name))))
			}
			b.ask(s.vals[0], fmt.Sprintf("%q fits several things. Which one is meant?", b.words(s.at)), s.at, options...)
			return
		}
		if len(owners) == 1 {
			entity = owners[0].name
		}
	}
	for i, name := range s.vals {
		e, f, ok := b.resolve(entity, name)
		if !ok {
			b.ask(name, fmt.Sprintf("%q speaks of %q, which is not among the fields. What is meant?", b.words(s.at), spaced(name)), s.spans[i])
			continue
		}
		b.addFind(s.kind, e, f.name, s.at)
	}
}

// priorEntity returns the thing that the statement before, in the same sentence, searched or filtered.
func (b *builder) priorEntity(s fact) string {
	prior := ""
	for _, f := range b.facts {
		if f.at == s.at && f.kind == s.kind {
			break
		}
		if (f.kind == searchFact || f.kind == filterFact) && f.clause == s.clause && f.entity != "" {
			prior = f.entity
		}
	}
	return prior
}

func (b *builder) addFind(kind factKind, e *entityDraft, field string, at span) {
	lists, what := &b.spec.Search, "search"
	if kind == filterFact {
		lists, what = &b.spec.Filters, "filters"
	}
	if kind == searchFact && !b.searchable(e.name, field) {
		b.ask(field, fmt.Sprintf("The %s of a %s is no text, so it cannot be searched. What is meant?", spaced(field), spaced(e.name)), at,
			fmt.Sprintf("filter %s by %s", spaced(b.v.words.Plural(e.name)), spaced(field)), "leave it out")
		return
	}
	if *lists == nil {
		*lists = map[string][]string{}
	}
	if !slices.Contains((*lists)[e.name], field) {
		(*lists)[e.name] = append((*lists)[e.name], field)
		b.source(what+"."+e.name, at)
	}
}

func (b *builder) searchable(entity, field string) bool {
	e, _ := b.spec.Entity(entity)
	f, _ := e.Field(field)
	return slices.Contains([]qlp.FieldType{qlp.TypeString, qlp.TypeText, qlp.TypeEmail, qlp.TypeURL, qlp.TypeEnum}, f.Type)
}

// settings sets what holds for the whole service.
func (b *builder) settings() {
	first := map[factKind]fact{}
	for _, f := range b.facts {
		switch f.kind {
		case extraFact:
			if !slices.Contains(b.spec.Extras, f.val) {
				b.spec.Extras = append(b.spec.Extras, f.val)
				b.source(fmt.Sprintf("extras.%d", len(b.spec.Extras)-1), f.at)
			}
		case authFact, storageFact, pageFact:
			if other, twice := first[f.kind]; twice {
				if other.val != f.val {
					b.ask("contradiction", fmt.Sprintf("%q and %q contradict each other. Which one holds?", b.words(other.at), b.words(f.at)), other.at.join(f.at))
				}
				continue
			}
			first[f.kind] = f
			b.set(f)
		}
	}
}

func (b *builder) set(f fact) {
	switch f.kind {
	case authFact:
		if f.val == qlp.AuthAPIKey {
			b.spec.Auth = qlp.AuthAPIKey
			b.source("auth", f.at)
		}
	case storageFact:
		b.spec.Storage = f.val
		b.source("storage", f.at)
	default:
		n := 0
		if _, err := fmt.Sscanf(f.val, "%d", &n); err != nil || n < 1 || n > qlp.MaxSpecPage || !qlp.Number(f.val).IsInt() {
			b.ask("page_size", fmt.Sprintf("%q is not a page size. How many items should a page have, from 1 to %d?", b.words(f.at), qlp.MaxSpecPage), f.at, "page size 20", "page size 50", "page size 100")
			return
		}
		b.spec.PageSize = n
		b.source("page_size", f.at)
	}
}
