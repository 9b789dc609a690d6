package grammar

// keeps reads "to manage students and courses", "that keeps track of bookmarks", "should store books".
func (p *parser) keeps(i int) bool {
	for p.is(i, "to", "that", "which", "where", "so", "i", "we", "users", "can", "should", "must", "will", "you", "help", "helps", "me", "us", "could", "allows", "let", "lets") {
		i++
	}
	if p.is(i, "keep", "keeps", "keeping") && p.is(i+1, "track") && p.is(i+2, "of") {
		return p.topic(i+3, true)
	}
	if !p.in(i, keepVerbs) {
		return false
	}
	return p.topic(i+1, true)
}

// topic reads what the service is for. A noun that goes on to be described is left for the next statement.
func (p *parser) topic(i int, listed bool) bool {
	if !listed && (p.in(i, keepVerbs) || p.is(i, "keeping") && p.is(i+1, "track")) {
		return p.keeps(i)
	}
	i, listed = p.topicStart(i, listed)
	var topics []string
	for {
		n, ok := p.noun(i, len(p.t))
		if !ok {
			return false
		}
		if p.is(n.end, "(") && p.t[n.end].match > 0 || (n.plural || p.known[n.name] && n.article != "") && p.is(n.end, "with") && !p.would(n.end, p.setting) ||
			n.plural && p.is(n.end, "that", "which", "each") && p.would(i, p.entity) {
			p.i = i
			return true
		}
		if p.haveAt(n.end) && !p.is(n.end, "with") || p.is(n.end, "belong", "belongs") {
			break
		}
		if listed && !n.plural && (n.article == "a" || n.article == "an" || n.article == "my" || n.article == "our" || n.article == "the") {
			listed = false
		}
		p.add(fact{kind: topicFact, entity: n.name, val: p.source(n.at), listed: listed, plural: n.plural, at: n.at})
		if n.plural || listed {
			topics = append(topics, n.name)
		}
		i = n.end
		next := i
		for p.is(next, ",", "and", "&") {
			next++
		}
		if next == i || !n.plural && !listed || p.would(next, p.setting) || p.would(next, p.find) {
			break
		}
		if m, ok := p.noun(next, len(p.t)); !ok || !m.plural && !p.known[m.name] {
			break
		}
		i = next
	}
	if p.is(i, ":") && !listed {
		for k := range p.facts {
			if p.facts[k].kind == topicFact && p.facts[k].clause == p.number {
				p.facts[k].key = "colon"
			}
		}
	}
	if len(topics) > 0 {
		p.last = topics
		p.topics = topics
	} else {
		p.topics = nil
	}
	p.i = i
	return true
}

// topicStart skips what stands in front of the things themselves: "information about", "a fleet of", "an inventory of".
func (p *parser) topicStart(i int, listed bool) (int, bool) {
	if p.is(i, "crud") && p.is(i+1, "for") {
		i += 2
	}
	if p.is(i, "information", "data", "details", "info", "records") && p.is(i+1, "about", "on", "of", "for") {
		i += 2
	}
	if n, ok := p.noun(i, len(p.t)); ok && (n.article == "a" || n.article == "an" || n.article == "my" || n.article == "our") && !n.plural && p.is(n.end, "of") {
		if of, ok := p.noun(n.end+1, len(p.t)); ok && of.plural {
			i = n.end + 1
			listed = true
		}
	}
	if p.is(i, "a", "an", "the", "my", "our") && p.is(i+2, "of") && p.is(i+1, "list", "collection", "set", "catalog", "catalogue", "register", "library", "database", "inventory", "record", "log", "archive", "directory", "registry", "index", "overview") {
		i += 3
		listed = true
	}
	return i, listed
}

func (p *parser) topicNamed() bool {
	for _, f := range p.facts {
		if f.kind == topicFact && (f.plural || f.listed) {
			return true
		}
	}
	return false
}

// withThings reads "with books (title, author) and members", after a kind or a domain that has no fields itself.
func (p *parser) withThings(i int) bool {
	for p.is(i, "the", "these", "this", "following", "two", "three", "four", "five", "several") || p.in(i, metaWords) {
		i++
	}
	if p.is(i, ":") {
		i++
	}
	p.i = i
	if i >= len(p.t) {
		return true
	}
	if p.is(i, "crud") || p.would(i, p.newStatement) {
		return true
	}
	n, ok := p.noun(i, len(p.t))
	if !ok {
		return false
	}
	if p.opensGroup(n) {
		return true
	}
	for ok && (n.plural || p.known[n.name]) && p.boundary(n.end, len(p.t)) {
		p.add(fact{kind: mentionFact, entity: n.name, at: n.at})
		p.i = n.end
		next := n.end
		for p.is(next, ",", "and", "&") {
			next++
		}
		if next == n.end || p.would(next, p.setting) {
			return true
		}
		n, ok = p.noun(next, len(p.t))
		if ok && p.opensGroup(n) {
			return true
		}
	}
	return p.i > i
}

// onlyNames reads "Movies and Actors" after a colon: things that are described further on.
func (p *parser) onlyNames(i int, announced bool) bool {
	for p.in(i, metaWords) && p.is(i+1, ":") {
		i += 2
	}
	for {
		n, ok := p.noun(i, len(p.t))
		if !ok || !n.plural && !announced || n.size > 2 {
			return false
		}
		p.add(fact{kind: mentionFact, entity: n.name, at: n.at})
		if i = n.end; i >= len(p.t) {
			p.i = i
			return true
		}
		if !p.is(i, ",", "and", "&") {
			return false
		}
		for p.is(i, ",", "and", "&") {
			i++
		}
	}
}

// topicFields reads the fields of the thing that the kind phrase has named: "a service that keeps bookmarks: url, title".
func (p *parser) topicFields() bool {
	if len(p.topics) != 1 {
		return false
	}
	topic := p.topics[0]
	i := p.i + 1
	if p.is(p.i, "with") && p.would(p.i, p.setting) {
		return false
	}
	for p.in(i, fieldWords) || p.is(i, "the", "following", "these") && (p.in(i+1, fieldWords) || p.is(i+1, "following")) || p.is(i, ":") && i > p.i {
		i++
	}
	if p.would(i, p.newStatement) || p.would(i, p.entity) && p.plainHead(i) {
		return false
	}
	at := span{}
	for _, f := range p.facts {
		if f.kind == topicFact && f.entity == topic || f.kind == domainFact && at == (span{}) {
			at = f.at
		}
	}
	p.i = i
	p.declare(topic, at)
	p.topics = nil
	if !p.fields(topic, len(p.t), listMode) {
		return false
	}
	p.tails(topic)
	return true
}

// plainHead reports whether the noun at i opens a bracket of fields.
func (p *parser) plainHead(i int) bool {
	n, ok := p.noun(i, len(p.t))
	return ok && (!p.is(n.end, "(") || p.opensGroup(n))
}
