package grammar

import "strings"

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
		return p.factsOf(m, i), m.end, true
	}
	if (m.tag == "length" || m.tag == "max") && len(m.caps) > 0 && m.caps[0].chars {
		return p.factsOf(m, i), m.end, true
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
func (p *parser) nameWords(i, end int) (words []string, at span, next int, typed bool) {
	start := i
	for i < end && len(words) < maxNameWords+1 && p.t[i].kind == word {
		t := p.t[i]
		if !isName(t.low) || len(words) > 0 && !t.glued && p.stops(i, end, words) {
			break
		}
		if len(words) == 0 && closed[t.low] && !p.nameStart(i, end) {
			break
		}
		words = append(words, t.low)
		i++
	}
	for len(words) > 1 && nameJoints[words[len(words)-1]] && !has([]string{"at", "on", "by", "from", "until", "to"}, words[len(words)-1]) && (words[len(words)-1] != "for" || !p.boundaryOrType(i, end)) {
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
		if len(words) > 1 && words[len(words)-1] == "of" { // "status of open or closed"
			words, i = words[:len(words)-1], i-1
		}
	}
	_, _, typed = p.typeAt(i, end)
	return words, p.at(start, i), i, typed
}

// nameStart reports whether a word of a closed class begins a name: "is active", "from account", "in stock", "link".
func (p *parser) nameStart(i, end int) bool {
	plain := i+1 < end && p.t[i+1].kind == word && !closed[p.t[i+1].low]
	switch {
	case i+1 < end && p.t[i+1].glued, p.nounHere(i):
		return true
	case p.is(i, "is", "has"):
		return plain && !typeWords[p.t[i+1].low]
	case p.is(i, "from", "to", "in", "on", "out") && plain:
		return true
	}
	return p.is(i, "from", "to", "about", "after", "before", "since") && p.boundaryOrType(i+1, end)
}

func (p *parser) boundaryOrType(i, end int) bool {
	_, _, ok := p.typeAt(i, end)
	return ok || p.boundary(i, end)
}

// particles go with a verb: "picked up", "handed over".
var particles = set("up out off down back over in")

// stops reports whether the word at i is no longer part of a name.
func (p *parser) stops(i, end int, words []string) bool {
	low, last := p.t[i].low, words[len(words)-1]
	switch {
	case nameJoints[low] && low != "in", low == "in" && !p.is(i+1, "at", "on", "by", "date"):
		return p.jointStops(i, end, last)
	case particles[low] && !constraintWords[last] && (p.is(i+1, "at", "on", "by", "date") || p.boundary(i+1, end)): // "picked up at"
		return false
	case closed[low] && !p.nounHere(i) && (low != "link" || p.is(i+1, "to")):
		return true
	case low == "enum", low == "any", low == "one" && p.is(i+1, "of", "in"), low == "values" && opensAt(p.t, i+1):
		return true
	case softTypes[low]:
		return softStops(low, words)
	case p.is(i+1, "/", "|") && i+2 < end && p.t[i+2].kind == word: // the first of some values
		return true
	case low == "text" && (last == "alt" || last == "full"):
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

// jointStops decides for the small words within names: "date of birth", "starts at", "valid from".
func (p *parser) jointStops(i, end int, last string) bool {
	if m, ok := p.longest(p.v.constraints, i, end); ok && p.plausible(m, i) {
		return true
	}
	plain := i+1 < end && p.t[i+1].kind == word && !p.t[i+1].glued
	switch p.t[i].low {
	case "in": // "checked in at", "check in date"; else a unit or a type follows
		return !p.is(i+1, "at", "on") && !p.in(i+1, softTypes)
	case "to":
		return !p.boundaryOrType(i+1, end) && !strings.HasSuffix(last, "ed") && last != "valid" && last != "time"
	case "at", "on", "by", "from", "until": // only at the end: "deployed on a cloud" is no field
		typed := p.boundaryOrType(i+1, end) && !p.is(i+1, "link", "email", "url", "code", "number")
		return plain && (determiners[p.t[i+1].low] || !typed && len(p.rulesFrom(i+1)) == 0 && !p.referenceAt(i+1, end))
	}
	return i+1 >= end || p.t[i+1].kind != word || closed[p.t[i+1].low]
}

// softStops decides for words that are a type and may be a part of the name: "due date" is a name, "spent on date" has a type.
func softStops(low string, words []string) bool {
	last := words[len(words)-1]
	moment := last == "on" || last == "at"
	switch low {
	case "date":
		open := len(words) > 1 && (last == "from" || last == "until" || last == "by" || last == "to")
		return moment || open || typeByName(strings.Join(words, "_")) == "date"
	case "timestamp", "email":
		return moment
	case "number":
		return numericName(words)
	}
	return false
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
