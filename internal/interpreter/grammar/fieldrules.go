package grammar

import "strings"

// auxiliaries may stand between a field's name and its rule: "which must be", "has to be", "with a".
var auxiliaries = set("that which who it they must should shall is are be has have having to needs need will being with of as also always only a an the its value strictly and")

// ruleAt reads one rule of a field at i, after at most six auxiliaries. It returns what the rule says, without a field.
func (p *parser) ruleAt(i, end int) ([]fact, int) {
	var best match
	from := i
	found := false
	for j := i; j <= i+6 && j < end; j++ {
		if m, ok := p.longest(p.v.constraints, j, end); ok && (!found || m.end > best.end) && p.plausible(m, j) {
			best, from, found = m, j, true
		}
		if p.is(j, "can", "may", "could") && p.is(j+1, "not", "never", "only") {
			continue
		}
		if p.t[j].kind != word || !auxiliaries[p.t[j].low] || p.is(j, "and") && j == i {
			break
		}
	}
	if !found {
		return nil, i
	}
	facts := p.factsOf(best, from)
	if len(facts) == 0 {
		return nil, i
	}
	return facts, p.defaultEnd(facts, best.end, end)
}

// plausible refuses matches that only look like a rule.
func (p *parser) plausible(m match, i int) bool {
	n, numbered := m.first('n')
	switch m.tag {
	case "length":
		exact := p.is(i, "exactly", "precisely", "length")
		return numbered && (n.chars || exact)
	case "default":
		v, _ := m.first('v')
		if v.from > i && p.is(i, "=", "default", "defaults", "defaulting", "by", "initially", "initial") {
			return !p.is(v.from, "value") || m.end > v.to
		}
		return !closed[v.text] && (!typeWords[v.text] || isBool(v.text)) && p.boundary(m.end, len(p.t))
	case "auto":
		return m.end > i+1 || !p.is(i, "auto") || !p.is(m.end, "incremented", "increment", "generated")
	}
	return true
}

// factsOf turns a match of the constraint table into facts.
func (p *parser) factsOf(m match, i int) []fact {
	at := p.at(i, m.end)
	n, _ := m.nth('n', 0)
	n2, two := m.nth('n', 1)
	chars := n.chars || n2.chars
	for j := i; j < m.end; j++ {
		chars = chars || p.is(j, "length", "longer", "shorter")
	}
	one := func(key, val string) fact { return fact{key: key, val: val, chars: chars, at: at} }
	var out []fact
	switch m.tag {
	case "unique", "optional", "required", "auto", "repeat", "search", "filter":
		out = []fact{one(m.tag, "")}
	case "min", "max", "xmin", "xmax":
		out = []fact{one(m.tag, n.text)}
	case "positive":
		out = []fact{one("xmin", "0")}
	case "negative":
		out = []fact{one("xmax", "0")}
	case "natural":
		out = []fact{one("min", "0")}
	case "range", "lengths":
		if two {
			out = []fact{one("min", n.text), one("max", n2.text)}
		}
	case "length":
		out = []fact{{key: "length", val: n.text, chars: true, at: at}}
	case "default":
		v, _ := m.first('v')
		out = []fact{{key: "default", val: v.text, at: at}}
	case "cascade", "restrict", "set_null":
		out = []fact{one("on_delete", m.tag)}
	}
	if unit := n.unit + n2.unit; strings.Contains(unit, "digits") || strings.Contains(unit, "letters") {
		out = append(out, fact{key: "unit", val: strings.TrimPrefix(unit, "characters"), at: at})
	}
	return out
}

// defaultEnd extends a default at the end of a rule by the words that go on with it: "default in progress".
func (p *parser) defaultEnd(facts []fact, after, end int) int {
	f := &facts[0]
	if f.key != "default" || after == 0 || f.val == "" || !strings.HasSuffix(p.source(f.at), f.val) {
		return after
	}
	i := after
	for i < end && i < after+3 && p.t[i].kind == word && !closed[p.t[i].low] && !constraintWords[p.t[i].low] {
		i++
	}
	if i == after || !p.boundary(i, end) {
		return after
	}
	from := f.at.end - len(f.val)
	f.at.end = p.t[i-1].at.end
	f.val = p.source(span{from, f.at.end})
	return i
}

// typeAt reads a type at i, after words like "as a" and "of type".
func (p *parser) typeAt(i, end int) (fact, int, bool) {
	for j := i; j <= i+5 && j < end; j++ {
		if m, ok := p.longest(p.v.types, j, end); ok {
			return fact{key: "type", val: m.tag, at: p.at(j, m.end)}, m.end, true
		}
		if p.t[j].kind != word || !typeLead[p.t[j].low] {
			return fact{}, i, false
		}
	}
	return fact{}, i, false
}

var typeLead = set("as in of type is are a an the being stored kept be must should that which valid proper")

var unitNames = set("euro euros eur usd dollars dollar cents cent pounds gbp chf francs kg kilograms kilogram grams gram g lbs cm mm m km meters metres kilometers kilometres miles liters litres ml minutes minute seconds second hours hour days weeks months years ms milliseconds percent celsius fahrenheit degrees watts kwh bytes mb gb")

// after reads everything that is said of a field after its name.
func (p *parser) after(name, field string, end int, border bool) {
	names := []string{name}
	for p.i < end {
		i := p.i
		if p.is(i, ":") || p.is(i, "-") && border { // "title: string", "status: open or closed"
			p.i++
			border = border || p.is(i, ":")
			if p.i < end && p.valueList(names, field, end, border && p.isItemList(i)) {
				continue
			}
			continue
		}
		if opensAt(p.t, i) {
			if !p.group(names, field, i+1, p.t[i].match) {
				p.left(i, p.t[i].match+1, field)
			}
			p.i = p.t[i].match + 1
			continue
		}
		if p.is(i, ",") || p.is(i, "and", "but") {
			j := i + 1
			if p.is(j, "which", "that", "who", "must", "should", "can", "may", "it", "not", "is") || p.is(i, "but") || p.is(i, "and") && !p.in(j, determiners) && !p.is(j, "optional", "unique", "required") {
				if facts, after := p.ruleAt(j, end); len(facts) > 0 && p.boundary(after, end) {
					p.attach(names, field, facts)
					p.i = after
					continue
				}
				p.i = j
				if p.is(j, "who", "which", "that") && p.reference(names, field, end) {
					continue
				}
				p.i = i
			}
			return
		}
		if !p.afterOne(names, field, end) {
			return
		}
	}
}

// isItemList reports whether the clause lists one field a line, so that commas after a colon separate values.
func (p *parser) isItemList(i int) bool {
	for j := i; j >= 0; j-- {
		if p.isItem(j) {
			return true
		}
	}
	return false
}

// afterOne reads one rule, type, list of values, reference or unit.
func (p *parser) afterOne(names []string, field string, end int) bool {
	i := p.i
	if p.valueList(names, field, end, false) || p.reference(names, field, end) {
		return true
	}
	facts, after := p.ruleAt(i, end)
	typ, typeEnd, typed := p.typeAt(i, end)
	if typed && typeEnd >= after {
		p.attach(names, field, []fact{typ})
		p.i = typeEnd
		if p.is(p.i, ":") && p.t[p.i].tight { // title:string:uniq
			p.i++
		}
		return true
	}
	if len(facts) > 0 {
		p.attach(names, field, facts)
		p.i = after
		return true
	}
	if p.is(i, "in") && p.is(i+1, "square", "cubic") && p.in(i+2, unitNames) {
		p.attach(names, field, []fact{{key: "measure", val: p.t[i+1].low + " " + p.t[i+2].low, at: p.at(i, i+3)}})
		p.i = i + 3
		return true
	}
	if p.is(i, "in") && i+1 < end && p.t[i+1].kind == word && (unitNames[p.t[i+1].low] || p.v.words.IsPlural(p.t[i+1].low)) {
		p.attach(names, field, []fact{{key: "measure", val: p.t[i+1].low, at: p.at(i, i+2)}})
		p.i = i + 2
		return true
	}
	if p.in(i, unitNames) && opensAt(p.t, i-1) && p.boundary(i+1, end) {
		p.attach(names, field, []fact{{key: "measure", val: p.t[i].low, at: p.t[i].at}})
		p.i = i + 1
		return true
	}
	if p.in(i, unitNames) && i > 0 && (p.t[i-1].kind == number || numberWords[p.t[i-1].low] != "") {
		p.attach(names, field, []fact{{key: "measure", val: p.t[i].low, at: p.t[i].at}})
		p.i = i + 1
		return true
	}
	if p.is(i, "code", "string", "value", "values", "number", "long", "in", "only") && i > 0 && p.boundary(i+1, end) && p.afterLength(field) {
		p.i++
		return true
	}
	if p.is(i, "as", "with", "is", "of") && i+2 < end && p.is(i+1, "a", "an") { // "as a 3-letter code"
		p.i = i + 2
		if facts, after := p.ruleAt(p.i, end); len(facts) > 0 {
			p.attach(names, field, facts)
			p.i = after
			return true
		}
		p.i = i
	}
	return false
}

// afterLength reports whether the field's latest rule is about its length: "a 3-letter code".
func (p *parser) afterLength(field string) bool {
	for k := len(p.facts) - 1; k >= 0 && p.facts[k].kind == attrFact && p.facts[k].field == field; k-- {
		if p.facts[k].chars || p.facts[k].key == "values" {
			return true
		}
	}
	return false
}

// referenceRows are how a field says that it points at a thing.
const referenceRows = `
ref: references|referencing|ref|reference|refs to? a|an|the? <e>
ref: refers|referring|links|linked|link|linking|pointing|points to|at a|an|the? <e>
ref: -> <e>
ref: foreign key to|of|on|for? a|an|the? <e>
ref: fk to|of? a|an|the? <e>
who: who|that|which is|are|must|be* a|an|one|of|the* <e>
who: as|is|from|of? a|an|one|the* <e>
bare: references|reference|ref|fk
bare: belongs to
bare: belongs_to
bare: foreign key
m2m: many to many
`

func (p *parser) referenceAt(i, end int) bool {
	m, ok := p.longest(p.v.references, i, end)
	return ok && m.tag != "who"
}

// reference reads that a field points at a thing.
func (p *parser) reference(names []string, field string, end int) bool {
	m, ok := p.longest(p.v.references, p.i, end)
	if !ok || !p.boundary(m.end, end) && !p.is(m.end, "(") && len(p.rulesFrom(m.end)) == 0 && !p.pairAt(m.end) {
		return false
	}
	var target string
	e, _ := m.first('e')
	switch m.tag {
	case "ref":
		target = e.text
	case "who":
		if n, ok := p.noun(e.from, end); !ok || n.name != e.text || !p.known[e.text] {
			return false
		}
		target = e.text
	case "m2m":
		target = p.v.words.Singular(field)
		for _, name := range names {
			p.add(fact{kind: linkFact, entity: name, to: target, at: p.at(p.i, m.end)})
			p.attach([]string{name}, field, []fact{{key: "dropped", at: p.at(p.i, m.end)}})
		}
		p.i = m.end
		return true
	default:
		target = p.v.words.Singular(field)
	}
	if target == "" { // no field is being read
		return false
	}
	at := p.at(p.i, m.end)
	if !p.known[target] {
		p.add(fact{kind: mentionFact, entity: target, at: at})
	}
	p.attach(names, field, []fact{{key: "to", val: target, at: at}})
	p.i = m.end
	return true
}
