package grammar

import (
	"slices"
	"strings"
)

// fieldsOf reads one list of fields for each of the names, and leaves the cursor after it.
func (p *parser) fieldsOf(names []string, i, end int, m mode, optional bool) {
	for k, name := range names {
		p.i = i
		mark := len(p.facts)
		p.fields(name, end, m)
		if optional {
			p.makeOptional(name, mark)
		}
		if k == len(names)-1 {
			p.last = names
		}
	}
}

// makeOptional makes every field noted since mark optional: "a book may have a subtitle and a price".
func (p *parser) makeOptional(name string, mark int) {
	for _, f := range p.facts[mark:] {
		if f.kind == fieldFact && f.entity == name {
			p.add(fact{kind: attrFact, entity: name, field: f.field, key: "optional", at: f.at})
		}
	}
}

// fields reads a list of fields up to end, or, in an open list, up to where something else begins.
func (p *parser) fields(name string, end int, m mode) bool {
	first := p.i
	previous, nextOptional := "", span{}
	for p.i < end {
		start := p.i
		for p.i < end && (p.isItem(p.i) || p.is(p.i, ",", "and", "&", "plus", "also", "+", ";", "-", "or") || p.is(p.i, "as") && p.is(p.i+1, "well") || p.is(p.i, "well", "as") && p.i > start) {
			p.i++
		}
		if p.i >= end {
			break
		}
		border := p.isItem(p.i - 1)
		if m == listMode && p.i > first && !border {
			if p.haveAt(p.i) && !p.t[p.i].glued || p.in(p.i, modals) && p.haveAt(p.i+1) || p.is(p.i, "belong", "belongs", "each", "they", "it", "that", "which", "who", "every", "but", "without") || p.would(p.i, p.newStatement) {
				p.i = start
				return true
			}
		}
		if m == listMode && p.i > first && p.is(p.i-1, ",", "and") && p.passive(name) {
			p.i = start
			return true
		}
		if optional, ok := p.condition(start, end); ok {
			nextOptional = nextOptional.join(optional)
			continue
		}
		if previous != "" && p.is(p.i, "one", "either", "any") && p.is(p.i-1, ",") && p.valueList([]string{name}, previous, end, false) {
			continue
		}
		if previous != "" && (p.ownRules(name, previous, end) || p.apposition(name, previous, end, border)) {
			continue
		}
		if p.listStamps(name, end) || p.listMany(name, end) {
			continue
		}
		field, ok := p.field(name, end, border)
		if !ok {
			stop := p.i + 1
			for stop < end && !p.isItem(stop) && !p.is(stop, ",") && (!p.is(stop, "and") || !p.would(stop+1, p.newStatement)) {
				stop++
			}
			p.left(p.i, stop, "")
			continue
		}
		previous = field
		if nextOptional != (span{}) {
			p.attach([]string{name}, field, []fact{{key: "optional", at: nextOptional}})
			nextOptional = span{}
		}
		if !p.boundary(p.i, end) && m == listMode && (p.relates(name, p.i) || p.haveAt(p.i) || p.is(p.i, "without") || p.is(p.i, "that", "which", "who") && p.relates(name, p.i+1)) {
			return true
		}
		if !p.boundary(p.i, end) && !p.pairAt(p.i) {
			stop := p.i
			for stop < end && !p.isItem(stop) && !p.is(stop, ",") {
				if p.is(stop, "and") && p.itemFollows(stop+1) {
					break
				}
				if opensAt(p.t, stop) {
					stop = p.t[stop].match
				}
				stop++
			}
			p.left(p.i, stop, field)
		}
	}
	return p.i > first
}

// itemFollows reports whether a listed field seems to begin at i.
func (p *parser) itemFollows(i int) bool {
	return p.is(i, "a", "an", "the", "optional", "its") || p.would(i, p.newStatement)
}

// passive reports whether a relation such as "taught by a teacher" stands here, rather than a field.
func (p *parser) passive(name string) bool {
	m, ok := p.longest(p.v.relations, p.i, len(p.t))
	return ok && m.tag == "ref" && m.end > p.i+1 && (p.in(m.end, determiners) || p.in(m.end, numberish)) && p.relates(name, p.i)
}

var numberish = set("one exactly")

// condition reads "and, if known, a weight": a condition in front of the field that it makes optional. Where it might as
// well speak of the field before, it is left to a question.
func (p *parser) condition(start, end int) (span, bool) {
	if !p.is(p.i, "if", "when", "optionally") {
		return span{}, false
	}
	facts, after := p.ruleAt(p.i, end)
	if len(facts) == 0 || facts[0].key != "optional" {
		return span{}, false
	}
	led := false
	for j := start; j < p.i; j++ {
		led = led || p.is(j, "and") || p.isItem(j)
	}
	follows := p.is(after, ",") && !p.is(after+1, "and") && after+1 < end
	switch {
	case led && (follows || p.in(after, determiners)):
		p.i = after
		return facts[0].at, true
	case follows && p.i > start && !p.isItem(p.i-1) && p.is(p.i-1, ","):
		p.left(p.i, after, "")
		return span{}, true
	}
	return span{}, false
}

// ownRules reads rules that stand as an item of their own and speak of the field before: "isbn, unique, title".
func (p *parser) ownRules(name, field string, end int) bool {
	facts, after := p.ruleAt(p.i, end)
	if len(facts) == 0 || p.is(p.i, "a", "an", "the") || !p.boundary(after, end) {
		return false
	}
	if facts[0].key == "default" && !p.is(p.i, "defaults", "defaulting", "default", "with", "by", "initially") && !p.valueOf(name, field, facts[0].val) {
		return false
	}
	p.attach([]string{name}, field, facts)
	p.i = after
	return true
}

// onlyTypes are words that nobody means as the name of a field.
var onlyTypes = set("decimal integer int string boolean bool float")

// apposition reads a type that stands as an item of its own and speaks of the field before: "a distance in km, a decimal of at
// least 0". A word behind it that is no rule makes it a name: "a decimal code".
func (p *parser) apposition(name, field string, end int, border bool) bool {
	if !p.is(p.i, "a", "an") || p.i+1 >= end || !p.in(p.i+1, onlyTypes) {
		return false
	}
	if next := p.i + 2; !p.boundary(next, end) && len(p.rulesFrom(next)) == 0 {
		return false
	}
	p.i++
	p.after(name, field, end, border)
	return true
}

// valueOf reports whether the field can have the value: "a state: open or closed, open by default".
func (p *parser) valueOf(name, field, val string) bool {
	if isBool(val) || isNumber(val) {
		return true
	}
	for _, f := range p.facts {
		if f.kind == attrFact && f.entity == name && f.field == field && f.key == "values" {
			return has(f.vals, val) || containsFold(f.vals, val)
		}
	}
	return false
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(v string) bool { return strings.EqualFold(v, s) })
}

// listStamps reads "timestamps" within a list.
func (p *parser) listStamps(name string, end int) bool {
	m, ok := p.longest(p.v.settings, p.i, end)
	if !ok || m.tag != "timestamps" || !p.boundary(m.end, end) {
		return false
	}
	if p.is(p.i, "created") {
		after := p.at(p.i, m.end)
		if text := strings.ToLower(p.source(after)); !strings.Contains(text, "timestamps") && !strings.Contains(text, "automatically") {
			return false
		}
	}
	p.add(fact{kind: stampsFact, entity: name, at: p.at(p.i, m.end)})
	p.i = m.end
	return true
}

// listMany reads "many orders", "a list of tags" within a list.
func (p *parser) listMany(name string, end int) bool {
	at := p.manyAt(p.i)
	if at == p.i {
		return false
	}
	n, ok := p.noun(at, end)
	if !ok || !p.boundary(n.end, end) && !opensAt(p.t, n.end) {
		return false
	}
	p.manyFact(name, n, false, p.at(p.i, n.end))
	p.i = n.end
	return true
}

// field reads one listed field with its rules.
func (p *parser) field(name string, end int, border bool) (string, bool) {
	start := p.i
	var before []fact
	i := p.i
	for i < end && i < start+2*maxNameWords && (p.t[i].kind == word || p.t[i].kind == number) {
		if determiners[p.t[i].low] && !p.t[i].glued && !p.is(i, "all", "exactly") || p.is(i, "one", "zero", "also", "will", "optionally") && i+1 < end && p.t[i+1].kind == word && !p.is(i, "optionally") {
			i++
			continue
		}
		facts, after, ok := p.ruleBefore(i, end)
		if !ok {
			break
		}
		before = append(before, facts...)
		i = after
	}
	words, at, i, typed := p.nameWords(i, end)
	if len(words) == 0 {
		p.i = start
		return "", false
	}
	field := strings.Join(words, "_")
	if one := p.v.words.Singular(field); one != field && p.known[one] && !typed && (p.boundary(i, end) || p.in(i, closed)) && len(before) == 0 { // "a store has employees"
		p.manyFact(name, noun{name: one, plain: field, at: at}, false, at)
		p.i = i
		return field, true
	}
	f := fact{kind: fieldFact, entity: name, field: field, at: at}
	if p.v.words.IsPlural(words[len(words)-1]) && field == strings.Join(words, "_") {
		f.plural = true
	}
	p.add(f)
	p.attach([]string{name}, field, before)
	p.i = i
	p.after(name, field, end, border)
	return field, true
}
