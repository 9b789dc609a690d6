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
		if previous != "" && p.is(p.i, "one", "either", "any") && p.is(p.i-1, ",") && p.valueList([]string{name}, previous, end, false, false) {
			continue
		}
		if previous != "" && p.ownRules(name, previous, end) {
			continue
		}
		if p.listStamps(name, end) || p.listMany(name, end) {
			continue
		}
		field, ok := p.field(name, end, m, border)
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
			for stop < end && !p.isItem(stop) && !p.is(stop, ",") && !(p.is(stop, "and") && p.itemFollows(stop+1)) {
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
func (p *parser) field(name string, end int, m mode, border bool) (string, bool) {
	start := p.i
	var before []fact
	i := p.i
	for i < end && (p.t[i].kind == word || p.t[i].kind == number) {
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
	words, at, i, typed := p.nameWords(i, end, m)
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

// ruleBefore reads what may stand in front of a field's name: "unique", "optional", "positive", "integer".
func (p *parser) ruleBefore(i, end int) ([]fact, int, bool) {
	next := func(j int) bool {
		return j < end && p.t[j].kind == word && !closed[p.t[j].low] && !constraintWords[p.t[j].low] || p.is(j, "unique", "optional", "required", "integer", "decimal", "positive", "mandatory", "non", "boolean")
	}
	if p.is(i, "int", "integer", "decimal", "bool", "boolean", "datetime") && next(i+1) && !typeWords[p.t[i+1].low] {
		return []fact{{key: "type", val: typeOfWord(p.t[i].low), at: p.t[i].at}}, i + 1, true
	}
	m, ok := p.longest(p.v.constraints, i, end)
	if !ok || !next(m.end) || m.end < end && p.t[m.end].glued {
		return nil, i, false
	}
	switch m.tag {
	case "unique", "optional", "required", "positive", "natural", "auto", "search", "filter":
		if m.tag == "auto" && !p.is(i, "automatic", "automatically") {
			return nil, i, false
		}
		return p.factsOf(m, i, end), m.end, true
	}
	if (m.tag == "length" || m.tag == "max") && len(m.caps) > 0 && m.caps[0].chars {
		return p.factsOf(m, i, end), m.end, true
	}
	return nil, i, false
}

func typeOfWord(low string) string {
	switch low {
	case "integer":
		return "int"
	case "boolean":
		return "bool"
	}
	return low
}

// hardTypes are words of a type that never begin a name.
var hardTypes = set("string str varchar int integer decimal bool boolean float double")

// softTypes are words of a type that belong to the name as well: a contact email is an email called contact_email.
var softTypes = set("date email url link uri timestamp number code")

// nameWords reads the words of a field's name. typed says that a type follows.
func (p *parser) nameWords(i, end int, m mode) (words []string, at span, next int, typed bool) {
	start := i
	for i < end && len(words) < maxNameWords+1 && p.t[i].kind == word {
		t := p.t[i]
		if !isName(t.low) || len(words) > 0 && !t.glued && p.stops(i, end, words) {
			break
		}
		if len(words) == 0 && closed[t.low] && !(i+1 < end && p.t[i+1].glued || p.is(i, "is", "has") && i+1 < end && p.t[i+1].kind == word && !closed[p.t[i+1].low] && !typeWords[p.t[i+1].low]) {
			role := p.is(i, "from", "to", "in", "on", "out") && i+1 < end && p.t[i+1].kind == word && !closed[p.t[i+1].low]
			if !role && !p.nounHere(i) && !(p.is(i, "from", "to", "about", "after", "before", "link", "reference", "points", "like") && p.boundaryOrType(i+1, end)) {
				break
			}
		}
		words = append(words, t.low)
		i++
	}
	for len(words) > 1 && nameJoints[words[len(words)-1]] && !has([]string{"at", "on", "by", "from", "until", "to"}, words[len(words)-1]) {
		words = words[:len(words)-1]
		i--
	}
	if len(words) > 1 && hardTypes[words[0]] {
		return nil, span{}, start, false
	}
	if len(words) == 0 || len(words) > maxNameWords || strings.HasSuffix(strings.Join(words, "_"), "by_default") {
		return nil, span{}, start, false
	}
	if len(words) >= 2 && p.is(i, "or") && !p.t[i-1].glued { // "status draft or published": the last word is a value
		words, i = words[:len(words)-1], i-1
	}
	_, _, typed = p.typeAt(i, end)
	return words, p.at(start, i), i, typed
}

func (p *parser) boundaryOrType(i, end int) bool {
	_, _, ok := p.typeAt(i, end)
	return ok || p.boundary(i, end)
}

// stops reports whether the word at i is no longer part of a name.
func (p *parser) stops(i, end int, words []string) bool {
	low, last := p.t[i].low, words[len(words)-1]
	if nameJoints[low] {
		if m, ok := p.longest(p.v.constraints, i, end); ok && p.plausible(m, i) {
			return true
		}
		if low == "in" && i+1 < end && !softTypes[p.t[i+1].low] {
			if _, _, ok := p.typeAt(i+1, end); ok {
				return true
			}
		}
		if (low == "at" || low == "on" || low == "by" || low == "from" || low == "until") && i+1 < end && p.t[i+1].kind == word && !p.t[i+1].glued && (!p.boundaryOrType(i+1, end) || p.is(i+1, "link", "email", "url", "code", "number")) && len(p.rulesFrom(i+1)) == 0 && !p.referenceAt(i+1, end) {
			return true // "deployed on a cloud" is no field
		}
		if low == "at" || low == "on" || low == "by" || low == "from" || low == "until" || low == "to" {
			return (low == "to" || low == "from") && !p.boundaryOrType(i+1, end) && !strings.HasSuffix(last, "ed") && last != "valid" && last != "time" ||
				(low == "by" || low == "on" || low == "at") && i+1 < end && p.t[i+1].kind == word && determiners[p.t[i+1].low]
		}
		if low == "in" && !p.is(i+1, "at", "on") && !p.in(i+1, softTypes) {
			return true
		}
		return i+1 >= end || p.t[i+1].kind != word || closed[p.t[i+1].low] && !(low == "in" && p.is(i+1, "at", "on"))
	}
	if closed[low] && !p.nounHere(i) && (low != "link" || p.is(i+1, "to")) || low == "one" && p.is(i+1, "of", "in") || low == "enum" || low == "any" || low == "values" && opensAt(p.t, i+1) {
		return true
	}
	if softTypes[low] {
		if low == "date" && (last == "on" || last == "at" || len(words) > 1 && (last == "from" || last == "until" || last == "by" || last == "to") || typeByName(strings.Join(words, "_")) == "date") {
			return true
		}
		return (low == "timestamp" || low == "email") && (last == "at" || last == "on") || low == "number" && numericName(words) && last != "house"
	}
	if i+1 < end && p.is(i+1, "/", "|") && i+2 < end && p.t[i+2].kind == word {
		return true
	}
	if low == "text" && (last == "alt" || last == "full") || low == "flag" && i+1 < end && p.is(i+1, "as") {
		return false
	}
	if _, _, ok := p.typeAt(i, end); ok {
		return true
	}
	facts, after := p.ruleAt(i, end)
	if len(facts) > 0 && facts[0].key == "default" && p.is(after-1, "default") && after-i == 2 && !p.boundary(after, end) {
		return false
	}
	return len(facts) > 0
}

// numericName reports whether a name suggests a number.
func numericName(words []string) bool {
	t := typeByName(strings.Join(words, "_"))
	return t == "int" || t == "decimal"
}

// pairAt reports whether "name:type", written without white space, begins at i.
func (p *parser) pairAt(i int) bool {
	if i < 0 || i >= len(p.t) || p.t[i].kind != word {
		return false
	}
	for i+1 < len(p.t) && p.t[i+1].glued {
		i++
	}
	return p.is(i+1, ":") && p.t[i+1].tight && i+2 < len(p.t) && p.t[i+2].tight && p.t[i+2].kind == word
}

// pairsFollow reports whether "book title:string isbn:string" stands here, with the noun having taken "book title".
func (p *parser) pairsFollow(n noun, i int) bool {
	if n.size < 2 || i < 1 || !p.is(i, ":") || !p.pairAt(i-1) {
		return false
	}
	_, _, ok := p.typeAt(i+1, len(p.t))
	return ok || p.is(i+1, "references", "belongs")
}

// pairHead returns the name without its last word, which is that of the first field.
func (p *parser) pairHead(n noun, i int) string {
	words := strings.Split(n.plain, "_")
	last := i - 1
	drop := 1
	for p.t[last].glued {
		last--
		drop++
	}
	return p.v.words.Singular(strings.Join(words[:max(len(words)-drop, 1)], "_"))
}

// fieldType reports whether a type or a rule begins at i.
func (p *parser) fieldType(i int) bool {
	for p.is(i, "a", "an", "the") {
		i++
	}
	if _, after, ok := p.typeAt(i, len(p.t)); ok && (p.boundary(after, len(p.t)) || p.is(after, "(", ":", "[") || len(p.rulesFrom(after)) > 0) {
		return true
	}
	facts, after := p.ruleAt(i, len(p.t))
	return len(facts) > 0 && (p.boundary(after, len(p.t)) || after > i+1) && facts[0].key != "default"
}

func (p *parser) rulesFrom(i int) []fact {
	facts, _ := p.ruleAt(i, len(p.t))
	return facts
}
