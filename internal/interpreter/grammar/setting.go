package grammar

import "strings"

// settingLead are words in front of a setting; those in strongLead leave no doubt that one follows.
var (
	settingLead = set("please list show display add adding include including includes use using uses with plus protect protected secure secured it the a an and also give provide " +
		"providing provides ship shipped me us them i we want need needs would like must should be is are have has having all requests endpoints endpoint routes access calls via by " +
		"through require requires requiring required generate generated write written build built in on running run persist persisted persistence store stored " +
		"storing save saved data keep kept for into to backed deploy deployable deployed deployment authenticate authenticated authentication auth " +
		"guarded guard behind support supports supporting there will language stack storage database db framework implemented implement developed " +
		"made as well make every request whole everything set up setup show return returns extras extra coded programmed targeting target , : so deliver expose create produce its only also add that which can paged lists results default of default")
	strongLead = set("add adding include including includes use using uses with plus protect protected secure secured give provide providing provides ship shipped via by " +
		"through require requires requiring generate generated write written build built in on running run persist persisted store stored storing save saved kept backed " +
		"deploy deployable deployed authenticate authenticated guarded guard behind support supports language stack storage database implemented developed extras extra coded programmed targeting need want expose")
)

// setting reads what is said of the whole service: its stack, extras, storage, protection and pages.
func (p *parser) setting() bool { return p.settingAt(false) }

// strongSetting is a setting that cannot be a field of the list it stands in.
func (p *parser) strongSetting() bool { return p.try(func() bool { return p.settingAt(true) }) }

func (p *parser) settingAt(inList bool) bool {
	strong, alone := false, p.i == 0 || p.is(p.i-1, ",", ":", "and", "-")
	for limit := 0; limit < 14; limit++ {
		if p.core(strong, alone && !inList, inList) {
			return p.moreSettings(strong, inList)
		}
		if p.i >= len(p.t) || !p.in(p.i, settingLead) && !p.is(p.i, ":", ",") || p.is(p.i, ",") && limit == 0 {
			return false
		}
		strong = strong || p.in(p.i, strongLead)
		if !p.is(p.i, "the", "a", "an", ":") {
			alone = false
		}
		if p.is(p.i, ":") {
			alone = true
		}
		p.i++
	}
	return false
}

// moreSettings reads on after the first: "… and docker compose", and words that round it off.
func (p *parser) moreSettings(strong, inList bool) bool {
	for {
		s := p.save()
		for p.is(p.i, ",", "and", "&", "+", "plus", "also", "as", "well", "with", "a", "an", "the", "in", "/", "or", "on", "by", "for", "using", "it", "via", "to") {
			p.i++
		}
		if p.i == s.i || !p.core(strong, !inList, inList) {
			p.restore(s)
			break
		}
	}
	s := p.save()
	for p.is(p.i, "too", "as", "well", "please", "for", "it", "the", "service", "api", "all", "requests", "endpoints", "every", "each", "request", "to", "access", "is", "are", "required",
		"needed", "included", "project", "this", "support", "of", "whole", "only", "a", "be", "must", "access", "everything", "protected", "routes", "backend", "as", "calls") {
		p.i++
	}
	if !p.boundary(p.i, len(p.t)) && !p.inSentence() {
		p.restore(s)
	}
	return p.boundary(p.i, len(p.t)) || p.inSentence()
}

// inSentence reports whether what follows goes on with another part of the sentence rather than with this setting.
func (p *parser) inSentence() bool {
	return p.is(p.i, "for", "to", "that", "which", "with", "called", "named", "using", "in", "where", "(") || p.would(p.i, p.kindPhrase)
}

// core reads one setting. Words that may be something else need a strong lead, or to stand alone.
func (p *parser) core(strong, alone, inList bool) bool {
	if p.i >= len(p.t) {
		return false
	}
	if p.stackWord(strong, alone, inList) {
		return true
	}
	t := p.t[p.i]
	if t.kind == word && foreignStorage[t.low] && (strong || alone || !inList) {
		p.asks("storage", "A generated service keeps its data itself, in a file or in SQLite; "+p.source(t.at)+" is not supported offline. Where should the data be kept?",
			t.at, "stored in SQLite", "stored in a file", "in memory")
		p.i++
		for p.is(p.i, "database", "db", "storage", "for", "store", "as", "the", "cache", "caching") {
			p.i++
		}
		return true
	}
	m, ok := p.longest(p.v.settings, p.i, len(p.t))
	if !ok || m.tag == "timestamps" {
		return false
	}
	tag, weak := strings.CutPrefix(m.tag, "~")
	if weak && !strong || inList && !strong && !strings.HasPrefix(tag, "page") && tag != "auth api_key" {
		return false
	}
	if inList && !p.boundary(m.end, len(p.t)) && !p.is(m.end, "for", "too", "as", "please", "support") {
		return false
	}
	kind, val, _ := strings.Cut(tag, " ")
	f := fact{val: val, at: p.at(p.i, m.end)}
	switch kind {
	case "auth":
		f.kind = authFact
	case "extra":
		f.kind = extraFact
	case "storage":
		f.kind = storageFact
	case "page":
		n, _ := m.first('n')
		f.kind, f.val = pageFact, n.text
	default: // paged, fluff: every service has it
		p.i = m.end
		return true
	}
	p.i = m.end
	p.add(f)
	return true
}

// stackWord reads a language or framework.
func (p *parser) stackWord(strong, alone, inList bool) bool {
	t := p.t[p.i]
	if t.kind != word || p.i > 0 && t.glued {
		return false
	}
	name := stackNames[t.low]
	plain, foreign := foreignStacks[t.low]
	if name == "" && !foreign {
		if p.is(p.i, "net") && p.is(p.i+1, "/") && p.is(p.i+2, "http") {
			p.i += 3
			return true
		}
		return false
	}
	ends := p.boundary(p.i+1, len(p.t)) || p.is(p.i+1, "for", "with", "to", "that", "using", "and", "(", "please", "which", "/") || p.i+1 < len(p.t) && p.t[p.i+1].kind == number ||
		p.in(p.i+1, serviceWords) || p.in(p.i+1, transportWords) || foreignHas(p.t, p.i+1)
	if !strong && (!alone || !ends) && (inList || plain || t.low == "go" || !ends) || !ends && (plain || t.low == "go") {
		return false
	}
	if name != "" {
		p.add(fact{kind: stackFact, val: name, key: t.low, at: t.at})
	} else {
		p.add(fact{kind: foreignFact, val: p.source(t.at), at: t.at})
	}
	p.i++
	p.stackVersion()
	return true
}

func foreignHas(t clause, i int) bool {
	if i >= len(t) || t[i].kind != word {
		return false
	}
	_, ok := foreignStacks[t[i].low]
	return ok
}

// stackVersion skips "3.11+", "20 or newer", "(net/http)".
func (p *parser) stackVersion() {
	if p.i < len(p.t) && p.t[p.i].kind == number {
		p.i++
		for p.is(p.i, "+", "or", "newer", "later", ".") {
			p.i++
		}
	}
	if p.is(p.i, "(") && p.is(p.i+1, "net") && p.t[p.i].match > 0 {
		p.i = p.t[p.i].match + 1
	}
}
