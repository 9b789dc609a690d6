package grammar

// read reads one clause to its end: statements, and words that are none.
func (p *parser) read(c clause, number int) {
	p.t, p.i, p.number = c, 0, number
	for p.i < len(p.t) {
		if p.i+1 < len(p.t) && p.is(p.i, ":") && len(p.topics) > 0 && p.try(p.topicFields) {
			continue
		}
		if p.i == 0 && p.in(0, metaWords) && p.is(1, ":") && p.try(func() bool { return p.onlyNames(2, true) }) {
			continue
		}
		if p.isItem(p.i) || p.is(p.i, ",", ":", "and", "&", "-", "+", "but", "also", "so", "/", "then", "plus", "with", "where") && !p.try(p.statement) {
			p.i++
			continue
		}
		start := p.i
		if p.try(p.statement) && p.i > start {
			continue
		}
		end := start + 1
		for end < len(p.t) && !p.isItem(end) && (!p.is(end-1, ",", "and", ":", "&") || !p.would(end, p.newStatement)) {
			end++
		}
		p.left(start, end, "")
	}
}

// statement reads one statement at the cursor, as it stands or after words that only lead to it.
func (p *parser) statement() bool {
	if p.i >= len(p.t) {
		return false
	}
	readings := []func() bool{p.kindPhrase, p.setting, p.rule, p.find, p.operations, p.stamps, p.many, p.entity, p.fieldRule, p.laterTail}
	for _, r := range readings {
		if p.try(r) {
			return true
		}
	}
	start := p.i
	if !p.lead() || p.i == start {
		return false
	}
	for _, r := range readings {
		if p.try(r) {
			return true
		}
	}
	return false
}

// newStatement reports, within a list, that something other than a listed field begins.
func (p *parser) newStatement() bool {
	return p.strongSetting() || p.try(p.rule) || p.try(p.find) || p.try(p.operations) || p.try(p.many) || p.opensEntity()
}

// aside is a newStatement that is not the description of a thing.
func (p *parser) aside() bool {
	return p.strongSetting() || p.try(p.rule) || p.try(p.find) || p.try(p.operations)
}

var audience = set("users user clients client people callers consumers customers everyone anyone")

// lead skips words in front of a statement that say nothing of it: "I would like you to", "users should be able to", "the
// API must allow clients to".
func (p *parser) lead() bool {
	const maxLead = 40
	start := p.i
	for p.i < len(p.t) && p.i < start+maxLead {
		i := p.i
		if ops, _, ok := p.operationList(i); ok && len(ops) > 2 {
			return p.i > start
		}
		switch {
		case p.is(i, "be", "is") && p.is(i+1, "able", "possible") && p.is(i+2, "to"):
			p.i += 3
		case p.in(i, audience) && p.in(i+1, modals):
			p.i += 2
		case p.is(i, "allow", "allows", "let", "lets", "enable", "enables", "support", "supports", "allowing"):
			p.i++
			for p.in(p.i, audience) || p.is(p.i, "to", "me", "us") {
				p.i++
			}
		case (p.in(i, serviceWords) || p.in(i, unclearWords)) && (p.in(i+1, modals) || p.in(i+1, keepVerbs) || p.is(i+1, "has", "needs", "allows", "supports", "lets")):
			p.i++
		case p.is(i, "add", "provide", "offer", "include", "implement", "enable") && p.is(i+1, "search", "searching", "filter", "filters", "filtering", "full", "a", "timestamps") && !p.is(i+1, "a"):
			p.i++
		case p.in(i, keepVerbs) && i > start, p.in(i, keepVerbs) && p.in(i+1, determiners), p.is(i, "keep", "keeps", "keeping") && p.is(i+1, "track"):
			p.i++
			if p.is(p.i, "track") && p.is(p.i+1, "of") {
				p.i += 2
			}
		case p.in(i, keepVerbs) && i == 0:
			p.i++
		case p.in(i, metaWords) && (p.is(i+1, ":") || p.in(i+1, metaWords) && p.is(i+2, ":")):
			for !p.is(p.i, ":") {
				p.i++
			}
			p.i++
		case p.in(i, fillers) || p.is(i, ",", ":") && i > start, p.in(i, modals), p.is(i, "be") && i > start:
			p.i++
		default:
			return p.i > start
		}
	}
	return false
}

// boundary reports whether token i ends what came before it.
func (p *parser) boundary(i, end int) bool {
	return i >= end || p.isItem(i) || p.is(i, ",", "and", "but", ":", ")", "&", "+", "plus", "-", "while", "where")
}

// stamps reads that things carry creation and change times.
func (p *parser) stamps() bool {
	if p.is(p.i, "add", "include", "with") {
		if m, ok := p.longest(p.v.settings, p.i+1, len(p.t)); ok && m.tag == "timestamps" && p.is(m.end, "to", "for", "on", "in") {
			at := p.at(p.i, m.end)
			p.i = m.end + 1
			names, ok := p.namesOrAll()
			for _, name := range names {
				p.add(fact{kind: stampsFact, entity: name, at: at})
			}
			return ok && p.boundary(p.i, len(p.t))
		}
	}
	c, ok := p.namesOrAll()
	if !ok {
		return false
	}
	for p.in(p.i, modals) || p.is(p.i, "have", "has", "with", "get", "gets", "carry", "carries", "include", "includes", "need", "needs", "should", "both", "a", "an", "the", "automatic", "its", "their") {
		p.i++
	}
	m, ok := p.longest(p.v.settings, p.i, len(p.t))
	if !ok || m.tag != "timestamps" || !p.boundary(m.end, len(p.t)) {
		return false
	}
	at := p.at(p.i, m.end)
	p.i = m.end
	for _, name := range c {
		p.add(fact{kind: stampsFact, entity: name, at: at})
	}
	return true
}

// namesOrAll reads "books and members", or "all entities", which is the empty name.
func (p *parser) namesOrAll() ([]string, bool) {
	i := p.i
	for p.is(i, "all", "every", "each", "both", "of", "them", "the", "everything") {
		i++
	}
	if i > p.i && (p.in(i, metaWords) || p.haveAt(i) || p.is(i, "should", "must") || i >= len(p.t)) {
		if p.in(i, metaWords) {
			i++
		}
		p.i = i
		return []string{""}, true
	}
	at, c, ok := p.fitNames(p.i, len(p.t))
	if !ok {
		return nil, false
	}
	for _, name := range c.names {
		if !p.known[name] {
			return nil, false
		}
	}
	p.i = at
	return c.names, true
}
