package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// settle writes down where every fact of the Spec comes from: words that are really there, or an assumption.
func settle(s *qlp.Spec, quotes []quote, words string, opts interpreter.Options) {
	facts := factsOf(s)
	forced := opts.Stack != ""
	sourced := map[string]bool{}
	var sources []qlp.Source
	for _, q := range quotes {
		at := strings.Index(words, q.Text) // both are valid UTF-8, so a match lies on rune boundaries
		if strings.TrimSpace(q.Text) == "" || at < 0 || sourced[q.Path] || !slices.Contains(facts, q.Path) || forced && q.Path == "stack" {
			continue
		}
		sourced[q.Path] = true
		sources = append(sources, qlp.Source{Path: q.Path, Start: at, End: at + len(q.Text)})
	}
	slices.SortStableFunc(sources, func(a, b qlp.Source) int { return a.Start - b.Start })
	s.Sources = sources

	assumed := map[string]bool{}
	var assumptions []qlp.Assumption
	for _, a := range s.Assumptions {
		text := line(a.Text, 300)
		if sourced[a.Path] || forced && a.Path == "stack" || text == "" || assumed[a.Path] {
			continue // the words say it, a person chose it, or it says nothing
		}
		assumed[a.Path] = true
		assumptions = append(assumptions, qlp.Assumption{Path: line(a.Path, 200), Text: text})
	}
	for _, path := range facts {
		if sourced[path] || assumed[path] || forced && path == "stack" {
			continue
		}
		assumptions = append(assumptions, qlp.Assumption{Path: path, Text: "taken by the model; no words of the intent were quoted for it"})
	}
	s.Assumptions = assumptions
}

// factsOf lists the paths of what a Spec states, in its order. Titles, plurals and types are not among them: they follow from
// what they belong to.
func factsOf(s *qlp.Spec) []string {
	facts := []string{"stack"}
	for _, e := range s.Entities {
		at := "entities." + e.Name
		facts = append(facts, at)
		for _, f := range e.Fields {
			facts = append(facts, fieldFacts(at+".fields."+f.Name, f)...)
		}
	}
	for i := range s.ManyToMany {
		facts = append(facts, fmt.Sprintf("many_to_many.%d", i))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Without)) {
		facts = append(facts, "without."+name)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Search)) {
		facts = append(facts, "search."+name)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Filters)) {
		facts = append(facts, "filters."+name)
	}
	for _, setting := range []struct {
		key string
		set bool
	}{{"page_size", s.PageSize != 0}, {"auth", s.Auth != ""}, {"storage", s.Storage != ""}} {
		if setting.set {
			facts = append(facts, setting.key)
		}
	}
	for i := range s.Extras {
		facts = append(facts, fmt.Sprintf("extras.%d", i))
	}
	for i, c := range s.Commands {
		if c.Name == "" {
			facts = append(facts, fmt.Sprintf("commands.%d", i))
		} else {
			facts = append(facts, "commands."+c.Name)
		}
	}
	for i := range s.Rules {
		facts = append(facts, fmt.Sprintf("rules.%d", i))
	}
	return facts
}

// fieldFacts lists a field and what limits it.
func fieldFacts(at string, f qlp.Field) []string {
	facts := []string{at}
	for _, limit := range []struct {
		key string
		set bool
	}{
		{"on_delete", f.OnDelete != ""},
		{"optional", f.Optional},
		{"unique", f.Unique},
		{"min", f.Min != nil},
		{"max", f.Max != nil},
		{"exclusive_min", f.ExclusiveMin != nil},
		{"exclusive_max", f.ExclusiveMax != nil},
		{"length", f.Length != 0},
		{"min_length", f.MinLength != 0},
		{"max_length", f.MaxLength != 0},
		{"values", len(f.Values) > 0},
		{"default", f.Default != nil},
		{"auto", f.Auto},
	} {
		if limit.set {
			facts = append(facts, at+"."+limit.key)
		}
	}
	return facts
}
