package grammar

// mode is how a list of fields is bounded.
type mode uint8

const (
	listMode  mode = iota // open: it ends where another statement begins
	groupMode             // in brackets
)

// entity reads the description of a thing.
func (p *parser) entity() bool {
	heads, i := p.heads(p.i)
	if len(heads) == 0 {
		return false
	}
	if len(heads) > 1 && !p.haveAt(i) && !p.in(i, modals) && !p.is(i, "each", "both", ",", "belong", "all") {
		heads, i = heads[:1], heads[0].end
	}
	n := heads[0]
	if n.article == "" && n.size > 1 && imperatives[p.t[p.i].low] && (!p.haveAt(i) || p.is(i, "with")) {
		return false // "store books with title" is about books
	}
	for _, h := range heads {
		if !p.describable(h) {
			return false
		}
	}
	return p.try(func() bool { return p.listed(heads, i) }) || p.try(func() bool { return p.verbal(heads, i) })
}

// declareAll notes that things are described, and returns their names.
func (p *parser) declareAll(heads []noun) []string {
	var names []string
	for _, h := range heads {
		p.declare(h.name, h.at)
		names = append(names, h.name)
	}
	p.last = names
	return names
}

// listed reads a description by its punctuation: "books (…)", "books: …", a heading with lines, "book title:string".
func (p *parser) listed(heads []noun, i int) bool {
	n := heads[0]
	heading := p.isItem(i) && (n.plural || p.known[n.name] || n.article != "" || n.at.start == p.t[0].at.start) && len(heads) == 1
	dash := p.is(i, "-") && i+1 < len(p.t) && !p.t[i].tight && !p.t[i+1].glued
	switch {
	case p.opensGroup(n):
		p.fieldsOf(p.declareAll(heads), i+1, p.t[i].match, groupMode, false)
		p.i = p.t[i].match + 1
		p.tails(n.name)
	case p.is(i, ":") && !p.pairAt(i-1) || dash:
		fieldsFollow := p.in(i+1, softFirst) && p.is(i+2, ",")
		if p.fieldType(i+1) && !p.known[n.name] && !fieldsFollow {
			return false
		}
		p.fieldsOf(p.declareAll(heads), p.afterFieldWords(i+1), len(p.t), listMode, false)
		p.tails(n.name)
	case heading:
		p.fieldsOf(p.declareAll(heads), i, len(p.t), listMode, false)
	case p.pairsFollow(n, i):
		name := p.pairHead(n, i)
		p.declare(name, n.at)
		p.fieldsOf([]string{name}, i-1, len(p.t), listMode, false)
	default:
		return false
	}
	return true
}

// verbal reads a description by its verb: "a book has …", "books with …", "a loan belongs to a member".
func (p *parser) verbal(heads []noun, i int) bool {
	n := heads[0]
	j, optional := p.verbAhead(i)
	if p.haveAt(j) && !p.t[j].glued {
		if p.is(j, "with") && (p.rulesFollow(j) || !n.plural && !p.known[n.name] && n.article == "") {
			return false
		}
		if (n.article == "the" || n.article == "my" || n.article == "our") && p.isDomain(n.name) && p.try(func() bool { return p.withThings(j + 1) }) {
			return true // "the library has books and members": only names what is described elsewhere
		}
		p.has(p.declareAll(heads), j, optional)
		p.tails(n.name)
		return true
	}
	if p.is(i, "on", "of", "for", "in", "from", "by", "about") && !n.plural && !p.known[n.name] && n.article == "" {
		return false
	}
	var names []string
	for _, h := range heads {
		names = append(names, h.name)
	}
	end, ok := p.relation(names, i)
	if !ok {
		return false
	}
	p.declareAll(heads)
	p.i = end
	p.tails(n.name)
	return true
}

// has reads what follows "have", "with", "consists of".
func (p *parser) has(names []string, j int, optional bool) {
	i := j + 1
	if p.is(j, "consist", "consists", "consisting", "comprise", "comprises") && p.is(i, "of") {
		i++
	}
	if p.is(i, "optionally") {
		optional = true
		i++
	}
	p.fieldsOf(names, p.afterFieldWords(i), len(p.t), listMode, optional)
}

// afterFieldWords skips "the following fields:".
func (p *parser) afterFieldWords(i int) int {
	j := i
	for p.is(j, "the", "following", "these", "this", "some", "its") || p.in(j, metaWords) && p.in(j+1, fieldWords) {
		j++
	}
	if !p.in(j, fieldWords) {
		if p.is(j, ":") {
			return j + 1
		}
		return i
	}
	for p.in(j, fieldWords) || p.is(j, ":", "of", "called", "named", "are") {
		j++
	}
	return j
}

// rulesFollow reports whether "with" goes on to a rule or a setting, not to fields.
func (p *parser) rulesFollow(with int) bool {
	if facts, end := p.ruleAt(with+1, len(p.t)); len(facts) > 0 && p.boundary(end, len(p.t)) && !p.is(with+1, "unique", "optional", "required") {
		return true
	}
	return p.would(with, p.strongSetting)
}

// tails reads what a description goes on with: "and has notes", "that belong to a recipe", "stored in a warehouse",
// "without update".
func (p *parser) tails(name string) {
	for p.i < len(p.t) {
		s := p.save()
		for p.is(p.i, ",", "and", "but", "that", "which", "who", "they", "it", "each", "also", "is", "are") && !p.is(p.i+1, ":") {
			if p.is(p.i, "is", "are") && !p.relates(name, p.i) {
				break
			}
			if p.is(p.i, "is", "are") {
				break
			}
			p.i++
		}
		moved := p.i > s.i
		if p.would(p.i, p.strongSetting) { // "stored in SQLite" is about the service
			p.restore(s)
			return
		}
		j, optional := p.verbAhead(p.i)
		switch {
		case p.haveAt(j) && !p.t[j].glued && (moved || p.is(j, "with", "having", "containing")) && !p.rulesFollow(j):
			p.has([]string{name}, j, optional)
		case p.is(p.i, "without", "no") && p.withoutTail(name):
		case p.is(p.i, "are", "is", "can", "may", "must", "should") && p.tailOperations(name):
		default:
			end, ok := p.relation([]string{name}, p.i)
			if !ok || p.startsAnother(s.i) {
				p.restore(s)
				return
			}
			p.i = end
		}
		if p.i <= s.i {
			p.restore(s)
			return
		}
	}
}

// tailOperations reads "are read-only", "cannot be updated" after a description.
func (p *parser) tailOperations(name string) bool {
	p.last = []string{name}
	return p.try(func() bool { return p.thingsOperations(p.i) })
}

func (p *parser) relates(name string, i int) bool {
	return p.would(i, func() bool { _, ok := p.relation([]string{name}, i); return ok })
}

// startsAnother reports whether the words at i are the head of another statement.
func (p *parser) startsAnother(i int) bool {
	for p.is(i, ",", "and") {
		i++
	}
	return p.is(i, "when", "if", "deleting", "search", "filter")
}
