package grammar

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/interpreter/inflect"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// builder turns a draft into a Spec.
type builder struct {
	*draft
	v    *vocabulary
	opts interpreter.Options
	spec qlp.Spec
	text []string // fields taken as lines of text
}

func (b *builder) source(path string, at span) {
	if at.end > at.start {
		b.spec.Sources = append(b.spec.Sources, qlp.Source{Path: path, Start: at.start, End: at.end})
	}
}

func (b *builder) assume(path, format string, args ...any) {
	b.spec.Assumptions = append(b.spec.Assumptions, qlp.Assumption{Path: path, Text: fmt.Sprintf(format, args...)})
}

// build fills the Spec; what cannot be settled becomes a question.
func (b *builder) build() {
	b.spec.Kind = qlp.KindService
	b.stack()
	for _, e := range b.entities {
		out := qlp.Entity{Name: e.name, Plural: b.v.words.Plural(e.name)}
		b.source("entities."+e.name, e.at)
		for _, f := range e.fields {
			out.Fields = append(out.Fields, b.field(e, f))
		}
		b.spec.Entities = append(b.spec.Entities, out)
	}
	if len(b.text) > 0 {
		b.assume("entities", "taken as one line of text, because the words give no type: %s", strings.Join(b.text, ", "))
	}
	b.links()
	b.onDelete()
	b.operations()
	b.finds()
	b.settings()
	b.titles()
}

func (b *builder) stack() {
	var named []fact
	for _, f := range b.facts {
		if f.kind == stackFact && !slices.ContainsFunc(named, func(g fact) bool { return g.val == f.val }) {
			named = append(named, f)
		}
	}
	switch {
	case b.opts.Stack != "":
		b.spec.Stack = b.opts.Stack
		if len(named) > 0 && named[0].val != b.opts.Stack {
			b.assume("stack", "stack %s, as set beside the words, although they say %s", b.opts.Stack, b.words(named[0].at))
		}
		return
	case len(named) == 0:
		b.spec.Stack = b.opts.DefaultStack
		if b.spec.Stack == "" {
			b.spec.Stack = "go"
		}
		b.assume("stack", "stack %s, because the words name none", b.spec.Stack)
		return
	case len(named) > 1:
		b.ask("contradiction", fmt.Sprintf("The words name two stacks, %s and %s. Which one?", b.words(named[0].at), b.words(named[1].at)), named[0].at.join(named[1].at),
			"in "+b.words(named[0].at), "in "+b.words(named[1].at))
	}
	b.spec.Stack = named[0].val
	b.source("stack", named[0].at)
	if named[0].key == "typescript" || named[0].key == "ts" {
		b.assume("stack", "stack node, whose projects are written in JavaScript with type comments rather than in TypeScript")
	}
}

// links sets the pairs of many to many.
func (b *builder) links() {
	for _, f := range b.facts {
		if f.kind != linkFact || b.byName[f.entity] == nil || b.byName[f.to] == nil {
			continue
		}
		pair := [2]string{f.entity, f.to}
		if slices.Contains(b.spec.ManyToMany, pair) || slices.Contains(b.spec.ManyToMany, [2]string{f.to, f.entity}) {
			continue
		}
		b.spec.ManyToMany = append(b.spec.ManyToMany, pair)
		b.source(fmt.Sprintf("many_to_many.%d", len(b.spec.ManyToMany)-1), f.at)
	}
}

// onDelete sets what happens to references, as said or, by assumption, restrict.
func (b *builder) onDelete() {
	said := map[string]fact{}
	for _, f := range b.facts {
		if f.kind == deleteFact {
			b.deleteRule(f, said)
		}
	}
	for i := range b.spec.Entities {
		e := &b.spec.Entities[i]
		for k := range e.Fields {
			f := &e.Fields[k]
			path := "entities." + e.Name + ".fields." + f.Name + ".on_delete"
			switch rule, ok := said[e.Name+"."+f.Name]; {
			case f.Type != qlp.TypeRef:
			case ok:
				b.settle(e, f, rule, path)
			case f.OnDelete == "":
				f.OnDelete = qlp.Restrict
				b.assume(path, "a %s cannot be deleted while a %s refers to it", spaced(f.To), spaced(e.Name))
			}
		}
	}
}

// settle sets a reaction that the words give, and asks when they give two.
func (b *builder) settle(e *qlp.Entity, f *qlp.Field, rule fact, path string) {
	if f.OnDelete != "" && f.OnDelete != qlp.OnDelete(rule.val) {
		b.ask("contradiction", fmt.Sprintf("When a %s is deleted, its %s are to be treated in two ways. Which one?", spaced(f.To), spaced(e.Plural)), rule.at)
	}
	f.OnDelete = qlp.OnDelete(rule.val)
	b.source(path, rule.at)
	if f.OnDelete == qlp.SetNull && !f.Optional {
		field := b.byName[e.Name].field(f.Name)
		if _, said := field.attr("required"); said {
			b.ask("contradiction", fmt.Sprintf("The %s of a %s is required, but %q would leave it empty. Which one holds?", spaced(f.Name), spaced(e.Name), b.words(rule.at)), field.at.join(rule.at))
			return
		}
		f.Optional = true
		b.assume("entities."+e.Name+".fields."+f.Name+".optional", "the %s of a %s is optional, because it can be emptied", spaced(f.Name), spaced(e.Name))
	}
}

// deleteRule notes one statement for every reference it is about.
func (b *builder) deleteRule(r fact, said map[string]fact) {
	child, parent := b.byName[r.entity], b.byName[r.to]
	if child == nil || parent == nil {
		return
	}
	found := false
	for _, f := range child.fields {
		to, ok := f.attr("to")
		if !ok || to.val != r.to || r.field != "" && r.field != f.name {
			continue
		}
		found = true
		key := child.name + "." + f.name
		if other, twice := said[key]; twice && other.val != r.val {
			b.ask("contradiction", fmt.Sprintf("%q and %q contradict each other. Which one holds?", b.words(other.at), b.words(r.at)), other.at.join(r.at))
		}
		said[key] = r
	}
	if found || b.linked(r.entity, r.to) && r.val == "cascade" {
		return
	}
	if r.val == "restrict" && b.refers(parent, r.entity) { // "a loan with a book cannot be deleted"
		b.ask(r.to, fmt.Sprintf("%q: a %s refers to a %s and not the other way round. What should be refused?", b.words(r.at), spaced(r.to), spaced(r.entity)), r.at)
		return
	}
	b.ask(r.entity, fmt.Sprintf("%q: nothing says that a %s belongs to a %s. Does it?", b.words(r.at), spaced(r.entity), spaced(r.to)), r.at,
		fmt.Sprintf("a %s belongs to a %s", spaced(r.entity), spaced(r.to)))
}

// titles names the service by its words, else by its things.
func (b *builder) titles() {
	for _, kind := range []factKind{titleFact, topicFact, domainFact} {
		for _, f := range b.facts {
			if f.kind == kind && b.spec.Title == "" {
				b.spec.Title = title(strings.Trim(f.val, `"'`+"`"))
				b.source("title", f.at)
			}
		}
	}
	var plurals []string
	for _, e := range b.spec.Entities {
		plurals = append(plurals, spaced(e.Plural))
	}
	if b.spec.Title == "" && len(plurals) > 0 {
		b.spec.Title = inflect.Title(plurals[0])
	}
	if b.spec.Title == "" {
		b.spec.Title = "Service"
	}
	if len(plurals) > 0 {
		b.spec.Summary = fmt.Sprintf("A REST service that keeps %s.", listing(plurals))
	}
}

func title(words string) string {
	out := inflect.Title(strings.Join(strings.Fields(words), " "))
	if len(out) > 80 {
		out = strings.ToValidUTF8(out[:80], "")
	}
	return out
}

func listing(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
