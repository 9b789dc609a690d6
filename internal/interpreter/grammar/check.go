package grammar

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// check asks about everything that would make the Spec wrong or incomplete.
func (b *builder) check() {
	b.unknownThings()
	b.secrets()
	b.manyValues()
	b.misspelt()
	b.misspeltStacks()
	b.abilities()
	b.leftWords()
	if len(b.entities) == 0 && len(b.questions) == 0 {
		b.ask("entities", "Which things should the service keep, and which fields do they have?", span{},
			"books with title, author and unique isbn", "tasks (title, optional due date, status open or done)")
		return
	}
	for _, e := range b.entities {
		if len(e.fields) == 0 && !b.asked(e.name) {
			b.ask(e.name, fmt.Sprintf("Which fields does a %s have?", spaced(e.name)), e.at, fmt.Sprintf("a %s has a name", spaced(e.name)))
		}
	}
	if len(b.questions) == 0 {
		b.problems()
	}
}

func (b *builder) asked(about string) bool {
	return slices.ContainsFunc(b.questions, func(q qlp.Question) bool { return q.About == about })
}

// unknownThings asks about names that are spoken of and never described.
func (b *builder) unknownThings() {
	for _, f := range b.facts {
		switch {
		case b.byName[f.entity] != nil || b.asked(f.entity):
			continue
		case f.kind == mentionFact:
		case f.kind == topicFact && (f.listed || f.plural) && !b.domain(f):
		default:
			continue
		}
		text := fmt.Sprintf("The words speak of %s, but do not describe it. Which fields does a %s have?", spaced(f.entity), spaced(f.entity))
		options := []string{fmt.Sprintf("a %s has a name", spaced(f.entity))}
		if near := b.nearEntity(f.entity); near != "" {
			text = fmt.Sprintf("The words speak of %q, which is not described. Did you mean %q?", spaced(f.entity), spaced(near))
			options = append([]string{spaced(near)}, options...)
		}
		b.ask(f.entity, text, f.at, options...)
	}
}

// domain reports whether a plural after "for" names only what the service is about: another thing of the same name is
// described, or nothing is, or it names a field of work.
func (b *builder) domain(f fact) bool {
	if len(b.entities) == 0 || nounsOfDomain[strings.ToLower(lastPart(strings.ReplaceAll(f.val, " ", "_")))] {
		return true
	}
	for _, e := range b.entities {
		if strings.HasSuffix(f.entity, "_"+e.name) || strings.HasPrefix(f.entity, e.name+"_") || strings.HasSuffix(e.name, "_"+f.entity) {
			return true
		}
	}
	return !f.listed && f.key == "colon"
}

func (b *builder) nearEntity(name string) string {
	for _, e := range b.entities {
		if len(name) > 3 && levenshtein.ComputeDistance(name, e.name) <= 2 && e.name != name {
			return e.name
		}
	}
	return ""
}

// secrets asks about passwords: a field would keep them as they are.
func (b *builder) secrets() {
	for _, e := range b.entities {
		for _, f := range e.fields {
			if last := lastPart(f.name); last == "password" || last == "passwords" || last == "passphrase" {
				b.ask("password", fmt.Sprintf("The %s of a %s would be kept and shown as it is. Should it be left out?", spaced(f.name), spaced(e.name)), f.at, "leave it out", "password hash")
			}
		}
	}
}

// manyValues asks about plain plurals: "tags" may be one text or many values.
func (b *builder) manyValues() {
	for _, e := range b.entities {
		for _, f := range e.fields {
			last := lastPart(f.name)
			described := len(f.attrs) > 1 || len(f.attrs) == 1 && !f.has("optional")
			if !f.plural || described || typeByName(f.name) != "" || singleThings[last] {
				continue
			}
			one := b.v.words.Singular(f.name)
			b.ask(f.name, fmt.Sprintf("Is %q of a %s one text, or are there many of them?", spaced(f.name), spaced(e.name)), f.at,
				spaced(f.name)+" text", fmt.Sprintf("%s (name); %s and %s are many-to-many", spaced(f.name), spaced(e.name), spaced(one)))
		}
	}
}

// singleThings are plurals that name one value.
var singleThings = set("details terms conditions initials goods news series species address status premises headquarters hobbies interests requirements specs specifications ingredients allergies symptoms dimensions coordinates directions comments remarks thoughts findings")

// abilityTails and abilityHeads are words of a name that ask for something the service should do.
var (
	abilityTails = set("login backup backups notification notifications report reports export exports import imports upload uploads integration reminders encryption versioning audit statistics analytics sync synchronisation synchronization checkout indexed encrypted hashed cached computed calculated generated sorted localized localised streaming caching workers scheduling permissions roles")
	abilityHeads = set("nightly encrypted hashed computed calculated generated auto automatic automatically cached scheduled realtime live")
)

// leftWords asks about words that nothing has understood; those that carry no meaning are only listed.
func (b *builder) leftWords() {
	for _, l := range b.left {
		if l.val == "" && meaningless(b.draft.text[l.at.start:l.at.end]) {
			continue
		}
		about, subject := "words", ""
		if l.val != "" {
			about, subject = l.val, fmt.Sprintf(" about the %s", spaced(l.val))
		}
		text := fmt.Sprintf("%q%s was not understood. What is meant?", clip(b.words(l.at)), subject)
		options := []string{"leave it out"}
		for w := range strings.FieldsSeq(strings.ToLower(b.words(l.at))) {
			if near := nearWord(strings.Trim(w, ",.:()"), wellSpelt); near != "" {
				text = fmt.Sprintf("%q%s was not understood. Did you mean %q?", clip(b.words(l.at)), subject, near)
				options = append([]string{near}, options...)
			}
		}
		b.ask(about, text, l.at, options...)
	}
}

func clip(s string) string {
	if r := []rune(s); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return s
}

// meaningless reports whether words say nothing that could be built.
func meaningless(s string) bool {
	for _, t := range lex(s) {
		switch t.kind {
		case number, quoted:
			return false
		case word:
			if !fillers[t.low] && !adornments[t.low] && !determiners[t.low] && !idle[t.low] && !metaWords[t.low] && !fieldWords[t.low] {
				return false
			}
		case mark:
			if strings.ContainsAny(t.low, "<>=%$&@#/*|") {
				return false
			}
		}
	}
	return true
}

var idle = set("keep as well too is are of on at by with very really etc also that this it api service thanks cheers best regards possible easy use using project")

// problems turns what a sound Spec must not have into questions.
func (b *builder) problems() {
	for _, p := range b.spec.Validate() {
		about := "contradiction"
		parts := strings.Split(p.Path, ".")
		if strings.Contains(p.Message, "no row can ever be created") {
			about = "cycle"
		} else if len(parts) > 3 && parts[2] == "fields" && !strings.HasSuffix(p.Path, ".max") && !strings.HasSuffix(p.Path, "_length") {
			about = parts[3]
		}
		b.ask(about, fmt.Sprintf("%s: %s. What should hold?", strings.Join(parts, " "), p.Message), b.spanOf(p.Path))
	}
}

// spanOf returns the words that gave the fact at path, or the nearest fact above it.
func (b *builder) spanOf(path string) span {
	for path != "" {
		at := span{}
		for _, s := range b.spec.Sources {
			if s.Path == path || strings.HasPrefix(s.Path, path+".") {
				at = at.join(span{s.Start, s.End})
			}
		}
		if at != (span{}) {
			return at
		}
		i := strings.LastIndexByte(path, '.')
		path = path[:max(i, 0)]
	}
	return span{}
}

// unparsed lists the words that gave no fact.
func (d *draft) unparsed() []interpreter.Words {
	var out []interpreter.Words
	for _, l := range d.left {
		out = append(out, interpreter.Words{Text: d.text[l.at.start:l.at.end], Start: l.at.start, End: l.at.end})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Start < out[j].Start })
	return out
}
