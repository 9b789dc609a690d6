package grammar

import (
	"slices"
	"strings"
)

// declare notes that a thing is described.
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
		bothKnown := p.known[m.name] && p.known[n.name]
		countable := p.known[n.name] || n.plural || n.article == "each" || n.article == "a" || n.article == "an" || n.article == "every"
		if !ok || m.plural != n.plural && !bothKnown || !countable {
			break
		}
		out, i = append(out, m), m.end
	}
	return out, i
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

// firstIsField reports whether the list at i begins with a field that has a type or a rule.
func (p *parser) firstIsField(i int) bool {
	words, _, next, typed := p.nameWords(i, len(p.t))
	return len(words) > 0 && !p.v.words.IsPlural(words[len(words)-1]) && (typed || len(p.rulesFrom(next)) > 0)
}

// describable refuses heads that are the service itself, or a heading.
func (p *parser) describable(n noun) bool {
	if stackNames[n.plain] != "" && n.plain != "node" && n.plain != "nodes" {
		return false
	}
	if allMeta(n.plain) && n.plural && n.size == 1 && p.is(n.end, ":") && p.firstIsField(n.end+1) {
		return true // "tables: number int, seats int" in a restaurant
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
