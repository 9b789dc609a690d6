package grammar

import "strings"

// noun is a name as the words give it.
type noun struct {
	name     string // snake_case singular
	plain    string // snake_case as written
	plural   bool
	article  string // its first determiner
	optional bool
	at       span
	end      int
	size     int // words
}

// Bounds on what is read as one name; they keep the time of hostile words in check.
const (
	maxNameWords   = 4
	maxDeterminers = 4
)

// noun reads the name of a thing at i: determiners, then up to four words that are not of a closed class.
func (p *parser) noun(i, end int) (noun, bool) {
	var n noun
	from := i
	for i < end && i < from+maxDeterminers && p.t[i].kind == word && (determiners[p.t[i].low] || p.t[i].low == "optional" || p.t[i].low == "one" || p.t[i].low == "also") {
		switch {
		case p.t[i].low == "optional":
			n.optional = true
		case n.article == "":
			n.article = p.t[i].low
		}
		i++
	}
	start := i
	for i < end && i-start < maxNameWords && p.t[i].kind == word && (!closed[p.t[i].low] || i == start && p.nounHere(i)) && isName(p.t[i].low) {
		if i > start && !p.t[i].glued && (haveVerbs[p.t[i].low] || p.verbHere(i, end)) {
			break
		}
		if i > start && !p.t[i].glued && p.verbAfter(i, end, n.article) {
			break
		}
		i++
	}
	if i-start > 1 && p.is(i, "its", "their", "the", "a", "an", "all") && !p.t[i-1].glued { // "deleting a shelf leaves its boxes"
		i--
	}
	if i == start {
		return n, false
	}
	words := make([]string, 0, maxNameWords)
	for _, t := range p.t[start:i] {
		words = append(words, t.low)
	}
	for len(words) > 1 && headings[words[0]] {
		words = words[1:]
		if n.article == "" {
			n.article = "each"
		}
	}
	for len(words) > 1 && (headings[words[len(words)-1]] || fieldWords[words[len(words)-1]] && p.is(i, ":", "are")) {
		if words[len(words)-1] == "struct" && words[0] == "type" {
			words = words[1:]
		}
		if words = words[:max(len(words)-1, 1)]; n.article == "" {
			n.article = "each"
		}
	}
	n.plain = strings.Join(words, "_")
	n.name = p.v.words.Singular(n.plain)
	n.plural = n.name != n.plain
	n.size, n.end = len(words), i
	n.at = p.at(start, i)
	if p.t[start].named && n.article == "" {
		n.article = "each"
	}
	return n, true
}

// verbAfter reports whether the word at i, after the words of a noun, is its verb: "contacts work for a company".
func (p *parser) verbAfter(i, end int, article string) bool {
	if m, ok := p.longest(p.v.relations, i, end); ok && m.tag == "ref" && m.end > i+1 {
		return true
	}
	return article != "a" && article != "an" && article != "each" && !pluralFirst[p.t[i-1].low] && p.v.words.IsPlural(p.t[i-1].low)
}

// pluralFirst are plurals that stand in front of another noun: "sales order".
var pluralFirst = set("sales sports news goods savings operations logistics analytics accounts customs arts series species data media status address business class process access bus gas campus bonus canvas atlas lens process analysis basis thesis crisis diagnosis glass pass boss press stress progress success express kubernetes works details terms credits points systems human resources hours days maths physics wireless harness dress mattress compass fitness wellness illness witness")

// headings are words beside a name that only say that it is a thing: "the book entity".
var headings = set("entity entities resource resources table tables object objects struct")

// verbHere reports whether a word that is a noun too stands as a verb: "loans record the date".
func (p *parser) verbHere(i, end int) bool {
	return keepVerbs[p.t[i].low] && i+1 < end && p.t[i+1].kind == word && determiners[p.t[i+1].low]
}

// nounHere reports whether a verb that is a noun too stands as a noun: "a link has a code", "stay (room, guest)".
func (p *parser) nounHere(i int) bool {
	if !verbsToo[p.t[i].low] {
		return false
	}
	if _, _, ok := p.typeAt(i+1, len(p.t)); ok {
		return true
	}
	return p.boundary(i+1, len(p.t)) || p.is(i+1, "(", "[", "{", ":", "is", "are", "can", "may", "must") || p.haveAt(i+1) || p.is(i+1, "belongs", "belong") || len(p.rulesFrom(i+1)) > 0
}

func isName(s string) bool {
	for i, r := range s {
		if r >= 'a' && r <= 'z' || i > 0 && r >= '0' && r <= '9' {
			continue
		}
		return false
	}
	return s != ""
}

// thing returns the entity that a name stands for: itself, or the known one that its last words name.
func (p *parser) thing(n noun) string {
	if p.known[n.name] {
		return n.name
	}
	for rest := n.name; ; {
		_, tail, found := strings.Cut(rest, "_")
		if !found {
			return n.name
		}
		if p.known[tail] {
			return tail
		}
		rest = tail
	}
}

func (p *parser) fitName(i, end int) (int, capture, bool) {
	if i < end && p.is(i, "it", "them", "they") && len(p.last) == 1 {
		return i + 1, capture{slot: 'e', text: p.last[0], at: p.t[i].at, from: i, to: i + 1}, true
	}
	n, ok := p.noun(i, end)
	if !ok {
		return 0, capture{}, false
	}
	return n.end, capture{slot: 'e', text: p.thing(n), at: n.at, from: i, to: n.end}, true
}

// fitNames reads names joined by commas, "and" and "or".
func (p *parser) fitNames(i, end int) (int, capture, bool) {
	at, one, ok := p.fitName(i, end)
	if !ok {
		return 0, capture{}, false
	}
	c := capture{slot: 'E', names: []string{one.text}, spans: []span{one.at}, at: one.at, from: i, to: at}
	for at < end {
		next := at
		for next < end && p.is(next, ",", "and", "or", "&") {
			next++
		}
		if next == at {
			break
		}
		to, more, ok := p.fitName(next, end)
		if !ok || !p.known[more.text] || p.is(next, "it", "them", "they") {
			break
		}
		c.names, c.spans, at = append(c.names, more.text), append(c.spans, more.at), to
	}
	c.to = at
	c.at = p.at(i, at)
	return at, c, true
}

// fitFields reads field names joined by commas, "and" and "or".
func (p *parser) fitFields(i, end int) (int, capture, bool) {
	c := capture{slot: 'F', from: i}
	at := i
	for at < end {
		next := at
		for next < end && len(c.names) > 0 && p.is(next, ",", "and", "or", "&", "/", "+", "as", "well") {
			next++
		}
		if len(c.names) > 0 && (next == at || p.is(next, "searched", "searchable", "filtered", "filterable", "sorted") || p.would(next, p.newStatement)) {
			break
		}
		name, where, to, ok := p.fieldName(next, end)
		if !ok {
			break
		}
		c.names, c.spans, at = append(c.names, name), append(c.spans, where), to
	}
	if len(c.names) == 0 {
		return 0, capture{}, false
	}
	c.at, c.to = p.at(i, at), at
	return at, c, true
}

// fieldName reads the name of a field that is described elsewhere.
func (p *parser) fieldName(i, end int) (string, span, int, bool) {
	first := i
	for i < end && i < first+maxDeterminers && p.t[i].kind == word && determiners[p.t[i].low] {
		i++
	}
	start := i
	var words []string
	for i < end && len(words) < maxNameWords && p.t[i].kind == word && isName(p.t[i].low) {
		low := p.t[i].low
		inner := len(words) > 0 && nameJoints[low] && (low == "at" || low == "on" || i+1 < end && p.t[i+1].kind == word && !closed[p.t[i+1].low])
		if closed[low] && !inner && !p.t[i].glued {
			break
		}
		if m, ok := p.longest(p.v.constraints, i, end); ok && len(words) > 0 && m.tag == "default" && p.plausible(m, i) {
			break
		}
		words = append(words, low)
		i++
	}
	if len(words) == 0 {
		return "", span{}, 0, false
	}
	return strings.Join(words, "_"), p.at(start, i), i, true
}

// nameJoints may stand within the name of a field.
var nameJoints = set("of on at by per to in for from until")

// haveAt reports whether "has", "with" and the like stand at i; "has to" is no such verb.
func (p *parser) haveAt(i int) bool { return p.in(i, haveVerbs) && !p.is(i+1, "to") }
