package grammar

import "strings"

// kindPhrase reads what is to be built: "a small Python web service for a clinic", "node api", "REST API that keeps
// bookmarks". It takes the stack and the domain out of the words around the kind.
func (p *parser) kindPhrase() bool {
	start := p.i
	end, service, ok := p.kindWords()
	if !ok {
		return false
	}
	if !service && (p.is(end, "(", ":", "with") && !p.is(end, "with") || p.haveAt(end) && !p.is(end, "with") || p.is(end, "belongs", "belong")) {
		return false
	}
	if p.pluralKind(start, end) {
		return false
	}
	p.i = end
	for p.kindTail() {
	}
	return p.boundary(p.i, len(p.t)) || p.i > end || p.i == end
}

// pluralKind reports whether the phrase is the head of a description: "services (name, price)", "each server has".
func (p *parser) pluralKind(start, end int) bool {
	last := p.t[end-1].low
	plural := last == "services" || last == "servers" || last == "apps" || last == "tools" || last == "systems" || last == "projects" || last == "programs" || last == "applications" || last == "platforms"
	return (plural || p.is(start, "each", "every")) && (p.is(end, "(", ":", "with", "are", "is", "can", "may") || p.haveAt(end) || p.is(end, "belong", "belongs"))
}

// kindWords reads up to the end of the kind's own words.
func (p *parser) kindWords() (end int, service, ok bool) {
	i, kindEnd := p.i, 0
	var domain []int
	for ; i < len(p.t) && i-p.i < 30; i++ {
		t := p.t[i]
		if t.kind == mark && (t.low == "-" || t.low == "/" || t.low == ",") && kindEnd == 0 {
			if t.low == "," && !p.in(i+1, fillers) && !p.in(i+1, transportWords) {
				break
			}
			continue
		}
		if t.kind != word {
			break
		}
		if _, foreign := foreignStacks[t.low]; foreign && (kindEnd == 0 || p.in(i-1, serviceWords)) && !p.known[p.v.words.Singular(t.low)] {
			p.add(fact{kind: foreignFact, val: p.source(t.at), at: t.at})
			continue
		}
		switch {
		case t.low == "api" && p.is(i+1, "key", "keys", "documentation", "docs", "spec", "token", "description"):
			return kindEnd, service, kindEnd > 0 && p.domainOf(domain)
		case kindEnd > 0 && t.low == "project" || serviceWords[t.low] || kindEnd == 0 && (t.low == "rest" || t.low == "restful") && p.kindEnds(i+1):
			kindEnd, service = i+1, true
		case t.low == "back" && p.is(i+1, "end"):
			i++
			kindEnd, service = i+1, true
		case t.low == "micro" && p.is(i+1, "service", "services"), transportWords[t.low]:
			if kindEnd > 0 && i == kindEnd && !p.in(i+1, serviceWords) && !p.in(i+1, unclearWords) {
				return kindEnd, service, p.domainOf(domain)
			}
		case unclearWords[t.low]:
			kindEnd = i + 1
		case kindEnd > 0 && i == kindEnd && stackNames[t.low] != "" && (p.boundary(i+1, len(p.t)) || p.is(i+1, "for", "that", "with", "to")):
			p.add(fact{kind: stackFact, val: stackNames[t.low], key: t.low, at: t.at})
			kindEnd = i + 1
		case kindEnd > 0:
			return kindEnd, service, p.domainOf(domain)
		case stackNames[t.low] != "" && (t.low != "go" || i == p.i || !p.is(i-1, "to")):
			p.add(fact{kind: stackFact, val: stackNames[t.low], key: t.low, at: t.at})
		case notKind[t.low] && len(domain) == 0, p.isSettingWord(i):
			return 0, false, false
		case fillers[t.low] && len(domain) == 0, adornments[t.low] && !p.nounAhead(i):
		case len(domain) > 0 && (fillers[t.low] || closed[t.low]), closed[t.low]:
			return 0, false, false
		default:
			domain = append(domain, i)
		}
	}
	return kindEnd, service, kindEnd > 0 && p.domainOf(domain)
}

// notKind are verbs that begin a setting or a rule rather than the name of what is to be built.
var notKind = set("add adding include including use using protect secure require requires ship deploy deployable store persist save authenticate guard support supports run expose search filter list delete deleting remove keep return provide no only paginate allow deny prevent")

// isSettingWord reports whether a setting that cannot be a domain begins at i: "SQLite", "dockerised".
func (p *parser) isSettingWord(i int) bool {
	m, ok := p.longest(p.v.settings, i, len(p.t))
	return ok && (strings.HasPrefix(m.tag, "storage") || strings.HasPrefix(m.tag, "extra") || strings.HasPrefix(m.tag, "auth"))
}

// kindEnds reports whether "rest" at i-1 is the kind itself: "REST in Go", "REST for books".
func (p *parser) kindEnds(i int) bool {
	return i >= len(p.t) || p.is(i, "in", "for", "with", "that", ":")
}

// nounAhead reports whether an adornment is part of the domain's name: "sample tracking API" is about samples.
func (p *parser) nounAhead(i int) bool {
	return p.is(i, "sample", "record", "house", "content", "service") && i+1 < len(p.t) && p.t[i+1].kind == word && !serviceWords[p.t[i+1].low] && !unclearWords[p.t[i+1].low] && !transportWords[p.t[i+1].low]
}

// domainOf notes the nouns in front of the kind.
func (p *parser) domainOf(words []int) bool {
	for len(words) > 1 && p.in(words[len(words)-1], domainTails) {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return true
	}
	if len(words) > 5 {
		return false
	}
	at := p.at(words[0], words[len(words)-1]+1)
	for _, w := range words {
		if hardFeatures[p.t[w].low] != "" {
			p.add(fact{kind: leftFact, at: p.t[w].at})
		}
	}
	p.add(fact{kind: domainFact, val: p.source(at), at: at})
	name := p.t[words[len(words)-1]].low
	if len(p.topics) == 0 && isName(name) && (len(words) == 1 || len(words) == 2 && isName(p.t[words[0]].low)) {
		if len(words) == 2 {
			name = p.t[words[0]].low + "_" + name
		}
		p.topics = []string{p.v.words.Singular(name)}
	}
	return true
}

var domainTails = set("list management tracking tracker manager keeping registry store storage catalog catalogue data crud")

// kindTail reads one phrase after the kind.
func (p *parser) kindTail() bool {
	i := p.i
	switch {
	case p.is(i, "called", "named", "titled"):
		return p.titleAt(i + 1)
	case p.is(i, "in", "using", "with", "on", "written", "built", "via", "based") && p.try(p.setting):
		return true
	case p.is(i, "(") && p.t[i].match > i && p.stackGroup(i):
		return true
	case p.is(i, "for") && i+1 < len(p.t) && p.t[i+1].kind == quoted:
		return p.titleAt(i + 1)
	case p.is(i, "for", "about", "around"):
		return p.try(func() bool { return p.topic(i+1, false) })
	case p.is(i, "of") && p.is(i+1, "my", "our", "a", "the"):
		return p.try(func() bool { return p.topic(i+1, false) })
	case p.is(i, "to", "that", "which", "where", "so", "should", "must", "will", "can") || p.in(i, keepVerbs):
		return p.try(func() bool { return p.keeps(i) })
	case p.is(i, ":"):
		return p.try(func() bool { return p.onlyNames(i+1, false) })
	case p.is(i, ",") && p.is(i+1, "each", "all") && p.is(i+2, "with", "having", "has") && len(p.topics) == 1 && p.topicNamed():
		return p.try(func() bool { p.i = i + 2; return p.topicFields() })
	case p.is(i, "with") && (len(p.topics) == 0 || !p.topicNamed()):
		return p.try(func() bool { return p.withThings(i + 1) })
	case p.is(i, "with"):
		return p.try(p.topicFields)
	}
	return false
}

// laterTail reads what the kind phrase goes on with after a setting: "a REST API, written in Go, for managing a library".
func (p *parser) laterTail() bool {
	return p.i > 0 && p.is(p.i, "for", "to", "that", "which") && p.kindTail()
}

// stackGroup reads "(Go, net/http)" after the kind.
func (p *parser) stackGroup(i int) bool {
	return p.try(func() bool {
		p.i = i + 1
		for p.i < p.t[i].match {
			if p.is(p.i, ",", "/") || p.core(true, true, false) {
				if p.is(p.i, ",", "/") {
					p.i++
				}
				continue
			}
			return false
		}
		p.i = p.t[i].match + 1
		return true
	})
}

func (p *parser) titleAt(i int) bool {
	start := i
	for i < len(p.t) && i-start < 5 && (p.t[i].kind == quoted || p.t[i].kind == word && (p.t[i].upper || i == start) && !p.is(i, "with", "that", "for", "in")) {
		i++
	}
	if i == start {
		return false
	}
	at := p.at(start, i)
	p.add(fact{kind: titleFact, val: p.source(at), at: at})
	p.i = i
	return true
}
