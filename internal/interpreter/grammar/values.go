package grammar

import "strings"

// valueList reads the values of an enumeration after a field's name. lone says that the field stands alone on its line,
// so that every comma separates values.
func (p *parser) valueList(names []string, field string, end int, lone bool) bool {
	i := p.i
	strong := false
	j := i
	for k := 0; k < 6 && j < end && p.t[j].kind == word && valueLead[p.t[j].low]; k++ {
		j++
	}
	switch {
	case p.is(j, "one") && p.is(j+1, "of", "in"), p.is(j, "any") && p.is(j+1, "of"):
		j, strong = j+2, true
	case p.is(j, "limited", "restricted") && p.is(j+1, "to"):
		j, strong = j+2, true
	case p.is(j, "either", "values", "enum", "options", "choices", "among", "enumeration", "option", "choice"):
		j, strong = j+1, true
	case p.is(j, "in") && opensAt(p.t, j+1):
		j, strong = j+1, true
	case p.is(j, "=") && j+1 < end:
		j++
	}
	for p.is(j, "the", "values", "following", "of", ":", "are", "=", "these", "is", "value") && (strong || j == i) && j > i {
		j++
	}
	if strong && opensAt(p.t, j) {
		p.i = j
		if p.group(names, field, j+1, p.t[j].match) {
			p.i = p.t[j].match + 1
			return true
		}
		p.i = i
		return false
	}
	values, spans, after := p.valuesFrom(j, end, strong || lone, lone)
	if len(values) < 2 || !strong && typeWords[p.t[j].low] && !isBoolean(values) {
		return false
	}
	if facts, ruled := p.ruleAt(i, end); len(facts) > 0 && ruled >= after { // "zero or more"
		return false
	}
	if !strong && !lone && j == i && !p.is(i-1, ":") && p.commaWithin(j, after) { // "amount decimal, type a or b": the comma ends the field
		return false
	}
	if isBoolean(values) {
		p.attach(names, field, []fact{{key: "type", val: "bool", at: p.at(j, after)}})
		p.i = after
		return true
	}
	p.attach(names, field, []fact{{key: "values", vals: values, spans: spans, at: p.at(j, after)}})
	p.i = after
	return true
}

func (p *parser) commaWithin(i, end int) bool {
	for ; i < end; i++ {
		if p.is(i, ",") {
			return true
		}
	}
	return false
}

var valueLead = set("that which is are can may must should be has have with as of from being it a an the its to allowed possible")

func isBoolean(values []string) bool {
	if len(values) == 2 && (containsFold(values, "y") && containsFold(values, "n") || containsFold(values, "on") && containsFold(values, "off")) {
		return true
	}
	return len(values) == 2 && (has(values, "yes") && has(values, "no") || has(values, "true") && has(values, "false"))
}

// valuesFrom reads "a/b/c", "a | b", "a, b or c". Commas count only when an "or" ends the list, when the words in front
// leave no doubt (strong) and nothing after the list looks like a field, or when the field stands alone.
func (p *parser) valuesFrom(i, end int, strong, lone bool) (values []string, spans []span, after int) {
	first, at, next, ok := p.value(i, end)
	if !ok {
		return nil, nil, i
	}
	values, spans = []string{first}, []span{at}
	if p.is(next, "/", "|", "||") {
		sign := p.t[next].low
		for next < end && p.is(next, sign) {
			v, at, to, ok := p.value(next+1, end)
			if !ok {
				return nil, nil, i
			}
			values, spans, next = append(values, v), append(spans, at), to
		}
		return values, spans, next
	}
	for next < end && len(values) < 100 {
		j, last := next, false
		for p.is(j, ",", "or", "and") {
			last = last || p.is(j, "or") || p.is(j, "and") && strong
			j++
		}
		if j == next {
			break
		}
		v, at, to, ok := p.value(j, end)
		if !ok || (p.in(j, determiners) || p.isRuleOrType(j, end)) && !p.is(next, "or") {
			break
		}
		if !last && !p.boundary(to, end) && !p.is(to, "or", ")") {
			break
		}
		values, spans, next = append(values, v), append(spans, at), to
		if last {
			return values, spans, next
		}
	}
	switch {
	case len(values) < 2 || !strong:
		return nil, nil, i
	case lone:
		return values, spans, next
	case next < end && !p.isItem(next): // "one of a, b, c and a due date"
		return values, spans, next
	}
	for _, v := range values[1:] {
		if typeByName(v) != "" || stringNames[v] {
			return nil, nil, i
		}
	}
	return values, spans, next
}

func (p *parser) isRuleOrType(i, end int) bool {
	facts, after := p.ruleAt(i, end)
	return len(facts) > 0 && p.boundary(after, end)
}

// value reads one value: what is in quotes, a number, or up to three words.
func (p *parser) value(i, end int) (string, span, int, bool) {
	if i >= end {
		return "", span{}, i, false
	}
	t := p.t[i]
	switch t.kind {
	case quoted:
		return t.low, t.at, i + 1, true
	case number:
		return t.low, t.at, i + 1, true
	case word:
	default:
		return "", span{}, i, false
	}
	start := i
	for i < end && i-start < 5 && p.t[i].kind == word && (p.t[i].glued || i-start < 3) {
		if !p.t[i].glued && (p.is(i, "or", "and", "by", "with", "as", "default", "but", "which", "that", "optional", "required", "unique", "defaults", "defaulting") || i > start && closed[p.t[i].low]) {
			break
		}
		i++
	}
	if i == start {
		return "", span{}, i, false
	}
	at := p.at(start, i)
	return p.source(at), at, i, true
}

// areFields reports whether every value is itself the name of a field: "address (street, city, zip)" has parts, not values.
func areFields(values []string) bool {
	for _, v := range values {
		low := strings.ToLower(v)
		if !stringNames[low] && typeByName(low) == "" && low != "first" && low != "last" && low != "middle" && low != "house number" {
			return false
		}
	}
	return true
}

// plainTypes are types that are no value of an enumeration.
var plainTypes = set("string text int integer decimal float number bool boolean date datetime timestamp numeric varchar")

// group reads what stands in brackets after a field: rules, a type, a thing it points at, or values.
func (p *parser) group(names []string, field string, i, end int) bool {
	s := p.save()
	if p.groupRules(names, field, i, end) {
		return true
	}
	p.restore(s)
	return p.groupValues(names, field, i, end)
}

// groupRules reads a bracket that holds only rules, types and references.
func (p *parser) groupRules(names []string, field string, i, end int) bool {
	p.i = i
	for p.i < end {
		if p.isItem(p.i) || p.is(p.i, ",", "and", "but", ";", "&", "-", "which", "it") {
			p.i++
			continue
		}
		start := p.i
		if p.is(p.i, "e") || p.is(p.i, "e.g", "i.e") || p.is(p.i, "for") && p.is(p.i+1, "example") {
			return false
		}
		if p.t[p.i].kind == number && p.boundary(p.i+1, end) && start == i && end == i+1 { // varchar(120)
			p.attach(names, field, []fact{{key: "max", val: p.t[p.i].low, chars: true, at: p.t[p.i].at}})
			p.i++
			continue
		}
		if !p.afterOne(names, field, end) || p.i <= start {
			return false
		}
		if opensAt(p.t, p.i) && p.t[p.i].match < end {
			if !p.group(names, field, p.i+1, p.t[p.i].match) {
				return false
			}
			p.i = p.t[p.i].match + 1
		}
		if !p.boundary(p.i, end) && !p.is(p.i, ";", "code", "string", "value", "number", "long", "only") && len(p.rulesFrom(p.i)) == 0 && !p.typeFollows(p.i, end) {
			return false
		}
	}
	return true
}

func (p *parser) typeFollows(i, end int) bool {
	_, _, ok := p.typeAt(i, end)
	return ok
}

// groupValues reads a bracket that holds values, perhaps with rules among them: "(open, closed; default open)".
func (p *parser) groupValues(names []string, field string, i, end int) bool {
	var values []string
	var spans []span
	var rules []fact
	from := i
	for p.is(i, "one", "either", "of", "values", "enum", "can", "be", "is", ":", "any", "allowed", "possible", "options", "among") {
		i++
	}
	for i < end {
		if p.isItem(i) || p.is(i, ",", ";", "/", "|", "or", "and", "&", "with", "-") {
			i++
			continue
		}
		if facts, after := p.ruleAt(i, end); len(facts) > 0 && (p.boundary(after, end) || p.is(after, ";", "/", "|", "or")) {
			rules = append(rules, facts...)
			i = after
			continue
		}
		v, at, to, ok := p.value(i, end)
		if !ok || !p.boundary(to, end) && !p.is(to, ";", "/", "|", "or", "with", "as", "default", "by", "(") {
			return false
		}
		if p.is(to, "(") && p.is(to+1, "default") && p.t[to].match == to+2 {
			rules = append(rules, fact{key: "default", val: v, at: p.at(i, to+3)})
			to += 3
		}
		if facts, after := p.ruleAt(i, end); len(facts) == 1 && facts[0].key == "default" && after >= to { // "open by default"
			rules = append(rules, facts...)
			to = after
		}
		if plainTypes[v] {
			return false
		}
		values, spans, i = append(values, v), append(spans, at), to
	}
	if len(values) < 2 || areFields(values) {
		return false
	}
	if isBoolean(values) {
		rules = append(rules, fact{key: "type", val: "bool", at: p.at(from, end)})
	} else {
		rules = append(rules, fact{key: "values", vals: values, spans: spans, at: p.at(from, end)})
	}
	p.attach(names, field, rules)
	p.i = end
	return true
}
