package grammar

import (
	"slices"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// factKind is what a fact is about.
type factKind uint8

const (
	entityFact  factKind = iota // a thing that is described
	mentionFact                 // a thing that must be described somewhere
	topicFact                   // what the service is for: a thing, or only its domain
	fieldFact                   // a field of an entity
	attrFact                    // a rule of a field: key and value
	ruleFact                    // a rule of a field whose entity the words may leave open
	manyFact                    // entity has many of to
	linkFact                    // entity and to, many to many
	deleteFact                  // what happens to rows of entity when their to is deleted: val
	withoutFact                 // entity lacks the operations in vals
	onlyFact                    // entity has only the operations in vals
	searchFact                  // vals are searched
	filterFact                  // vals are filters
	pageFact                    // page size val
	authFact
	storageFact
	stackFact   // val
	foreignFact // a language or framework that no stack covers
	extraFact
	titleFact
	domainFact
	stampsFact // created_at and updated_at; of every entity when entity is ""
	questionFact
	leftFact // words that were not understood
)

// fact is one thing that the words say.
type fact struct {
	kind   factKind
	entity string
	field  string
	key    string
	val    string
	to     string
	vals   []string
	spans  []span // of vals
	chars  bool   // val counts characters
	listed bool   // of a topic: a thing that is kept, not only a domain
	plural bool
	ask    *qlp.Question
	at     span
	clause int
}

// isDomain reports whether a topic is only what the service is for: a vineyard, a clinic.
func (f fact) isDomain() bool { return f.kind == topicFact && !f.plural && !f.listed }

// parser reads one clause at a time and gathers facts; a fact that was taken too early is rolled back by length.
type parser struct {
	v       *vocabulary
	text    string
	t       clause
	i       int // the next token
	number  int // of the clause
	facts   []fact
	known   map[string]bool // entities that an earlier pass has found
	domains map[string]bool // what an earlier pass has found the service to be for
	last    []string        // entities of the statement before, for "it", "they", "each"
	topics  []string        // things that the kind phrase names, for a bare list after it
	depth   int             // of tentative readings, which must not nest without bound
}

func (p *parser) source(at span) string { return p.text[at.start:at.end] }

func (p *parser) add(f fact) {
	f.clause = p.number
	p.facts = append(p.facts, f)
}

// state is what a tentative reading restores.
type state struct {
	i, facts int
	last     []string
	topics   []string
}

func (p *parser) save() state { return state{p.i, len(p.facts), p.last, p.topics} }

func (p *parser) restore(s state) {
	p.i, p.facts, p.last, p.topics = s.i, p.facts[:s.facts], s.last, s.topics
}

// try runs a reading and takes it back when it fails.
func (p *parser) try(reading func() bool) bool {
	s := p.save()
	if reading() {
		return true
	}
	p.restore(s)
	return false
}

// would reports whether a reading would succeed at i, and leaves no trace.
func (p *parser) would(i int, reading func() bool) bool {
	if p.depth > 2 {
		return false
	}
	p.depth++
	s := p.save()
	p.i = i
	ok := reading()
	p.restore(s)
	p.depth--
	return ok
}

// at returns the span of tokens i to j, exclusive.
func (p *parser) at(i, j int) span {
	if i >= j || i >= len(p.t) {
		if i < len(p.t) {
			return p.t[i].at
		}
		return span{}
	}
	return span{p.t[i].at.start, max(p.t[j-1].at.end, p.t[i].at.start)}
}

func (p *parser) is(i int, words ...string) bool {
	return i >= 0 && i < len(p.t) && (p.t[i].kind == word || p.t[i].kind == mark) && slices.Contains(words, p.t[i].low)
}

func (p *parser) in(i int, words map[string]bool) bool {
	return i >= 0 && i < len(p.t) && p.t[i].kind == word && words[p.t[i].low]
}

func (p *parser) isItem(i int) bool { return i < len(p.t) && p.t[i].kind == item }

// left notes words that were not understood, and moves on.
func (p *parser) left(from, to int, about string) {
	end := to
	for from < to && (p.isItem(from) || p.is(from, ",")) {
		from++
	}
	for to > from && (p.isItem(to-1) || p.is(to-1, ",")) {
		to--
	}
	if at := p.at(from, to); from < to && at.end > at.start {
		p.add(fact{kind: leftFact, at: p.at(from, to), val: about})
	}
	p.i = max(p.i, end)
}

// asks notes a question.
func (p *parser) asks(about, text string, at span, options ...string) {
	p.add(fact{kind: questionFact, at: at, ask: &qlp.Question{About: about, Text: text, Options: options, Start: at.start, End: at.end}})
}
