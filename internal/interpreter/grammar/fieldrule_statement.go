package grammar

// fieldRule reads a sentence about a field that is listed elsewhere: "the email must be unique", "no two books share the
// same isbn", "title and author are required".
func (p *parser) fieldRule() bool {
	return p.try(p.noTwo) || p.try(p.subjectRule)
}

// noTwo reads "no two books can have the same isbn".
func (p *parser) noTwo() bool {
	i := p.i
	negated := p.is(i, "no")
	if negated {
		i++
	}
	if !p.is(i, "two") {
		return false
	}
	at, c, ok := p.fitName(i+1, len(p.t))
	if !ok {
		return false
	}
	i = at
	for p.in(i, modals) || p.is(i, "not", "ever", "never") {
		negated = negated || p.is(i, "not", "never")
		i++
	}
	if !negated || !p.is(i, "have", "share", "use", "has", "get", "with") {
		return false
	}
	i++
	for p.is(i, "the", "same", "an", "a", "equal", "identical", "one") {
		i++
	}
	to, fields, ok := p.fitFields(i, len(p.t))
	if !ok || len(fields.names) != 1 || !p.boundary(to, len(p.t)) {
		return false
	}
	if !p.known[c.text] {
		p.add(fact{kind: mentionFact, entity: c.text, at: c.at})
	}
	p.add(fact{kind: ruleFact, entity: c.text, field: fields.names[0], key: "unique", at: p.at(p.i, to)})
	p.i = to
	return true
}

// subjectRule reads "<fields> [of <thing>] <rule>", "<thing>'s <field> <rule>", "all fields are required".
func (p *parser) subjectRule() bool {
	i := p.i
	entity := ""
	for i < p.i+maxDeterminers && p.in(i, determiners) && !p.is(i, "all") {
		i++
	}
	if at, c, ok := p.fitName(i, len(p.t)); ok && p.is(at, "'s") {
		entity, i = c.text, at+1
	}
	var names []string
	if p.is(i, "all") && (p.in(i+1, fieldWords) || p.in(i+2, fieldWords)) {
		i++
		for p.is(i, "other", "the", "its") || p.in(i, fieldWords) {
			i++
		}
		names = []string{"*"}
	} else {
		to, fields, ok := p.fitFields(i, len(p.t))
		if !ok {
			return false
		}
		names, i = fields.names, to
	}
	if p.is(i, "of", "on", "for", "in") && entity == "" {
		if at, c, ok := p.fitName(i+1, len(p.t)); ok && p.known[c.text] {
			entity, i = c.text, at
		}
	}
	found := false
	for i < len(p.t) {
		start := i
		if p.is(i, ",", "and", "but") && found {
			i++
		}
		before := len(p.facts)
		p.i = i
		if !p.afterRule(&i) {
			i = start
			break
		}
		for _, f := range p.facts[before:] {
			if f.kind != attrFact {
				continue
			}
			for _, name := range names {
				f.kind, f.entity, f.field = ruleFact, entity, name
				p.add(f)
			}
		}
		p.facts = append(p.facts[:before], onlyRules(p.facts[before:])...)
		found = true
	}
	p.i = i
	return found && p.boundary(i, len(p.t))
}

func onlyRules(facts []fact) []fact {
	var out []fact
	for _, f := range facts {
		if f.kind != attrFact {
			out = append(out, f)
		}
	}
	return out
}

// afterRule reads one rule, type or list of values of the subject.
func (p *parser) afterRule(i *int) bool {
	for p.in(p.i, auxiliaries) && !p.startsRule(p.i) && (p.in(p.i+1, auxiliaries) || p.startsRule(p.i+1)) {
		p.i++
	}
	if !p.afterOne([]string{""}, "", len(p.t)) || p.i <= *i {
		return false
	}
	*i = p.i
	return true
}

func (p *parser) startsRule(i int) bool {
	facts, _ := p.ruleAt(i, len(p.t))
	return len(facts) > 0
}
