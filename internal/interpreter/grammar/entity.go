package grammar

import (
	"slices"
	"strings"
)

// mode is how a list of fields is bounded.
type mode uint8

const (
	listMode  mode = iota // open: it ends where another statement begins
	groupMode             // in brackets
)

func (p *parser) declare(name string, at span) {
	p.add(fact{kind: entityFact, entity: name, at: at})
	p.last = []string{name}
}

// heads reads the things that a statement describes: "books", "each visit", "books and members".
func (p *parser) heads(i int) ([]noun, int) {
	if p.is(i, "they", "it", "both", "each") && len(p.last) > 0 && (p.haveAt(i+1) || p.in(i+1, modals) || p.is(i+1, "also", "belongs", "belong")) || p.is(i, "each", "both") && p.is(i+1, "of") && p.is(i+2, "them", "these") {
		if p.is(i+1, "of") {
			i += 2
		}
		var out []noun
		for _, name := range p.last {
			out = append(out, noun{name: name, plain: name, at: p.t[i].at, end: i + 1, size: 1})
		}
		if p.is(i, "it", "each") && len(out) > 1 && !p.is(i, "each") {
			return nil, i
		}
		return out, i + 1
	}
	n, ok := p.noun(i, len(p.t))
	if !ok || n.size > 3 || constraintWords[p.t[n.end-n.size].low] && n.size > 1 {
		return nil, i
	}
	out := []noun{n}
	i = n.end
	for len(out) < 6 && p.is(i, "and", ",", "&") {
		next := i + 1
		if p.is(next, "and") {
			next++
		}
		m, ok := p.noun(next, len(p.t))
		if !ok || m.plural != n.plural && !(p.known[m.name] && p.known[n.name]) || !p.known[n.name] && !n.plural && n.article != "each" && n.article != "a" && n.article != "an" && n.article != "every" {
			break
		}
		out, i = append(out, m), m.end
	}
	return out, i
}

// entity reads the description of a thing.
func (p *parser) entity() bool {
	heads, i := p.heads(p.i)
	if len(heads) == 0 {
		return false
	}
	if len(heads) > 1 && !p.haveAt(i) && !p.in(i, modals) && !p.is(i, "each", "both", ",", "belong", "all") {
		heads, i = heads[:1], heads[0].end
	}
	n := heads[0]
	if n.article == "" && n.size > 1 && imperatives[p.t[p.i].low] && (!p.haveAt(i) || p.is(i, "with")) {
		return false // "store books with title" is about books
	}
	var names []string
	for _, h := range heads {
		names = append(names, h.name)
		if !p.describable(h) {
			return false
		}
	}
	declareAll := func() {
		for _, h := range heads {
			p.declare(h.name, h.at)
		}
		p.last = names
	}
	switch {
	case p.opensGroup(n):
		declareAll()
		p.fieldsOf(names, i+1, p.t[i].match, groupMode, false)
		p.i = p.t[i].match + 1
		p.tails(n.name)
		return true
	case p.is(i, ":") && !p.pairAt(i-1) || p.is(i, "-") && i+1 < len(p.t) && !p.t[i].tight && !p.t[i+1].glued:
		if p.fieldType(i+1) && !p.known[n.name] && !(p.in(i+1, softFirst) && p.is(i+2, ",")) {
			return false
		}
		declareAll()
		p.fieldsOf(names, p.afterFieldWords(i+1), len(p.t), listMode, false)
		p.tails(n.name)
		return true
	case p.isItem(i) && (n.plural || p.known[n.name] || n.article != "" || n.at.start == p.t[0].at.start) && len(heads) == 1:
		declareAll()
		p.fieldsOf(names, i, len(p.t), listMode, false)
		return true
	case p.pairsFollow(n, i):
		n.end--
		name := p.pairHead(n, i)
		p.declare(name, n.at)
		p.fieldsOf([]string{name}, i-1, len(p.t), listMode, false)
		return true
	}
	j, optional := p.verbAhead(i)
	if p.haveAt(j) && !p.t[j].glued {
		if p.is(j, "with") && (p.rulesFollow(j) || !n.plural && !p.known[n.name] && n.article == "") {
			return false
		}
		if (n.article == "the" || n.article == "my" || n.article == "our") && p.isDomain(n.name) && p.try(func() bool { return p.withThings(j + 1) }) {
			return true // "the library has books and members": only names what is described elsewhere
		}
		declareAll()
		p.has(names, j, optional)
		p.tails(n.name)
		return true
	}
	if p.is(i, "on", "of", "for", "in", "from", "by", "about") && !n.plural && !p.known[n.name] && n.article == "" {
		return false
	}
	if end, ok := p.relation(names, i); ok {
		for _, h := range heads {
			p.declare(h.name, h.at)
		}
		p.last = names
		p.i = end
		p.tails(n.name)
		return true
	}
	return false
}

// allMeta reports whether a name is made of words like "data model" and "entities".
func allMeta(plain string) bool {
	for part := range strings.SplitSeq(plain, "_") {
		if !metaWords[part] && !fieldWords[part] {
			return false
		}
	}
	return true
}

// describable refuses heads that are the service itself, or a heading.
func (p *parser) describable(n noun) bool {
	if stackNames[n.plain] != "" && n.plain != "node" && n.plain != "nodes" {
		return false
	}
	if allMeta(n.plain) {
		return n.article == "a" || n.article == "an" || n.article == "each"
	}
	if !serviceWords[n.plain] && !unclearWords[n.plain] || p.known[n.name] {
		return true
	}
	switch n.article {
	case "each", "every":
		return true
	case "a", "an":
		return unclearWords[n.plain] && p.number > 0
	case "":
		return n.plural && n.name != "api" && n.name != "backend" && n.name != "endpoint" || p.is(n.end, ":") && p.i == 0 && n.name != "api" && n.name != "app" && n.name != "backend"
	}
	return false
}

// imperatives are verbs in front of a thing, where a noun would be possible too.
var imperatives = set("store keep track manage show list save record handle create make build add provide return offer include")

// isDomain reports whether the name is what the service is for, and no thing that it keeps.
func (p *parser) isDomain(name string) bool {
	return p.domains[name] || slices.ContainsFunc(p.facts, func(f fact) bool { return f.isDomain() && f.entity == name })
}

// verbAhead skips "can also", "may optionally", "each" in front of a verb, and says whether they make it optional.
func (p *parser) verbAhead(i int) (int, bool) {
	optional := false
	for p.in(i, modals) || p.is(i, "each", "both", "all", "that", "which", "who", "also") && (p.haveAt(i+1) || p.in(i+1, modals) || p.is(i+1, "each", "also", "all")) {
		optional = optional || p.is(i, "can", "may", "could", "might", "optionally")
		i++
	}
	if p.is(i, ",") && p.is(i+1, "each", "both", "all", "which", "who", "that") && (p.haveAt(i+2) && !p.is(i+2, "with") || p.is(i+1, "each") && p.is(i+2, "with")) {
		i += 2
	}
	return i, optional
}

// has reads what follows "have", "with", "consists of".
func (p *parser) has(names []string, j int, optional bool) {
	i := j + 1
	if p.is(j, "consist", "consists", "consisting", "comprise", "comprises") && p.is(i, "of") {
		i++
	}
	if p.is(i, "optionally") {
		optional = true
		i++
	}
	p.fieldsOf(names, p.afterFieldWords(i), len(p.t), listMode, optional)
}

// afterFieldWords skips "the following fields:".
func (p *parser) afterFieldWords(i int) int {
	j := i
	for p.is(j, "the", "following", "these", "this", "some", "its") || p.in(j, metaWords) && p.in(j+1, fieldWords) {
		j++
	}
	if !p.in(j, fieldWords) {
		if p.is(j, ":") {
			return j + 1
		}
		return i
	}
	for p.in(j, fieldWords) || p.is(j, ":", "of", "called", "named", "are") {
		j++
	}
	return j
}

// rulesFollow reports whether "with" goes on to a rule or a setting, not to fields.
func (p *parser) rulesFollow(with int) bool {
	if facts, end := p.ruleAt(with+1, len(p.t)); len(facts) > 0 && p.boundary(end, len(p.t)) && !p.is(with+1, "unique", "optional", "required") {
		return true
	}
	return p.would(with, p.strongSetting)
}

// opensGroup reports whether a bracket after n holds its fields.
func (p *parser) opensGroup(n noun) bool {
	i := n.end
	if !opensAt(p.t, i) {
		return false
	}
	first := p.t[i+1 : p.t[i].match]
	if len(first) == 0 || typeWords[first[0].low] && len(first) < 3 {
		return false
	}
	return n.plural || p.known[n.name] || n.article == "each" || n.article == "every" || bracketListsFields(first) || p.is(i, "{") || n.at.start < n.at.end && p.t[i-1].upper && len(first) > 3
}

func opensAt(t clause, i int) bool {
	return i < len(t) && t[i].kind == mark && opens(t[i]) && t[i].match > i
}

// opensEntity reports, within a list, that the description of another thing begins.
func (p *parser) opensEntity() bool {
	if p.is(p.i, "there") && p.is(p.i+1, "are", "is") {
		p.i += 2
	}
	heads, i := p.heads(p.i)
	if len(heads) == 0 {
		return false
	}
	n := heads[len(heads)-1]
	strong := n.plural || p.known[n.name] || n.article == "each" || n.article == "every"
	if strong && p.is(i, ":") && !p.fieldType(i+1) && !p.pairAt(i-1) {
		return true
	}
	if opensAt(p.t, i) && strong && bracketListsFields(p.t[i+1:p.t[i].match]) {
		return true
	}
	j, _ := p.verbAhead(i)
	if p.haveAt(j) && !p.t[j].glued {
		if p.is(i, "that", "which", "who") && !strong {
			return false
		}
		return !p.is(j, "with") || strong && !p.rulesFollow(j)
	}
	if _, ok := p.relation([]string{n.name}, i); ok && (strong || p.is(j, "belongs", "belong")) {
		return true
	}
	return false
}

// tails reads what a description goes on with: "and has notes", "that belong to a recipe", "stored in a warehouse",
// "without update".
func (p *parser) tails(name string) {
	for p.i < len(p.t) {
		s := p.save()
		for p.is(p.i, ",", "and", "but", "that", "which", "who", "they", "it", "each", "also", "is", "are") && !p.is(p.i+1, ":") {
			if p.is(p.i, "is", "are") && !p.relates(name, p.i) {
				break
			}
			if p.is(p.i, "is", "are") {
				break
			}
			p.i++
		}
		moved := p.i > s.i
		if p.would(p.i, p.strongSetting) { // "stored in SQLite" is about the service
			p.restore(s)
			return
		}
		j, optional := p.verbAhead(p.i)
		switch {
		case p.haveAt(j) && !p.t[j].glued && (moved || p.is(j, "with", "having", "containing")) && !p.rulesFollow(j):
			p.has([]string{name}, j, optional)
		case p.is(p.i, "without", "no") && p.withoutTail(name):
		case p.is(p.i, "are", "is", "can", "may", "must", "should") && p.tailOperations(name):
		default:
			end, ok := p.relation([]string{name}, p.i)
			if !ok || p.startsAnother(s.i) {
				p.restore(s)
				return
			}
			p.i = end
		}
		if p.i <= s.i {
			p.restore(s)
			return
		}
	}
}

// tailOperations reads "are read-only", "cannot be updated" after a description.
func (p *parser) tailOperations(name string) bool {
	p.last = []string{name}
	return p.try(func() bool { return p.thingsOperations(p.i) })
}

func (p *parser) relates(name string, i int) bool {
	return p.would(i, func() bool { _, ok := p.relation([]string{name}, i); return ok })
}

// startsAnother reports whether the words at i are the head of another statement.
func (p *parser) startsAnother(i int) bool {
	for p.is(i, ",", "and") {
		i++
	}
	return p.is(i, "when", "if", "deleting", "search", "filter")
}
