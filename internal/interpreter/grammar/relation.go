package grammar

import (
	"slices"
	"strings"
)

// relationRows are how one thing points at another, after its name.
const relationRows = `
ref: belong|belongs|belonging to
ref: is|are linked|tied|related|connected|attached|assigned|bound|associated|allocated|mapped to|with
ref: be linked|tied|related|connected|attached|assigned|bound|associated|allocated to|with
ref: linked|tied|related|connected|attached|assigned|bound|associated|allocated|belonging to|with
ref: link|links|linking|connect|connects|connecting|joins|join|joining|associate|associates|relate|relates|tie|ties together|to|up?
ref: reference|references|referencing
ref: refer|refers|referring to
ref: point|points|pointing to|at
ref: is|are for|of|on|from|part
ref: is|are part|member|owned of|by
ref: is|are|be made|placed|written|owned|created|taught|hosted|organised|organized|published|posted|submitted|booked|borrowed|issued|given|ordered|led|managed|performed|reported|taken|rented|reserved|held|stored|kept|located|placed|listed|filed|scheduled|planned|bought|sold|delivered|supplied|produced|recorded by|in|at|to|for|from|on|under
ref: made|placed|written|owned|created|taught|hosted|organised|organized|published|posted|submitted|booked|borrowed|issued|given|ordered|led|managed|performed|reported|taken|rented|reserved|held|stored|kept|located|placed|listed|filed|scheduled|planned|bought|sold|delivered|supplied|produced|recorded by|in|at|to|for|from|on|under
ref: work|works|working|play|plays|study|studies for|at|in|with|under
ref: live|lives|sit|sits|stand|stands|happen|happens|take|takes place? in|at|on
prep: on|of|for|in|from|by|about
`

// relation reads a relation at i and notes it, for each of the names. It returns the token after it.
func (p *parser) relation(names []string, i int) (int, bool) {
	s := p.save()
	end, ok := p.relationAt(names, i)
	if !ok {
		p.restore(s)
		return 0, false
	}
	p.i = s.i
	return end, true
}

func (p *parser) relationAt(names []string, i int) (int, bool) {
	j, optional := i, false
	for p.in(j, modals) || p.is(j, "that", "which", "who", "each", "all", "always") || p.is(j, ",") && p.is(j+1, "each", "which", "that", "who") {
		optional = optional || p.is(j, "can", "may", "could", "might", "optionally")
		j++
	}
	m, ok := p.longest(p.v.relations, j, len(p.t))
	if !ok {
		return 0, false
	}
	j = m.end
	count := 0
	for {
		n, ok := p.noun(j, len(p.t))
		if !ok || p.manyAt(j) > j {
			break
		}
		if m.tag == "prep" && (len(n.name) == 0 || !p.prepositionHolds(n)) {
			return 0, false
		}
		if count > 0 && (p.haveAt(n.end) || p.is(n.end, "belong", "belongs", ":", "(")) && !p.is(n.end, "with") {
			break
		}
		if count > 0 && p.is(j-1, ",") && n.article == "" && !p.known[n.name] {
			break
		}
		if count > 0 && n.article == "" && !p.known[p.thing(n)] {
			break
		}
		j = p.refer(names, n, optional || n.optional)
		count++
		next := j
		for p.is(next, ",", "and", "&") || next > j && p.is(next, "to", "by", "for") || m.end > i && p.is(next, "to") && p.in(next+1, determiners) {
			next++
		}
		if next == j || p.would(next, p.aside) {
			break
		}
		j2, ok2 := p.noun(next, len(p.t))
		if !ok2 || !p.known[p.thing(j2)] && j2.article == "" {
			break
		}
		j = next
	}
	if count == 0 {
		return 0, false
	}
	return p.backOverJoint(j), true
}

// backOverJoint returns the token after the last one that is no comma or "and".
func (p *parser) backOverJoint(j int) int {
	for j > 0 && p.is(j-1, ",", "and", "&") {
		j--
	}
	return j
}

// prepositionHolds reports whether "comments on posts" is meant as a reference: the other thing is known, or a plural.
func (p *parser) prepositionHolds(n noun) bool {
	opener := p.is(n.end, "with", ":", "(", "have", "has", "that", "which") || p.isItem(n.end)
	return opener && (n.plural || p.known[p.thing(n)])
}

// refer notes that each of names has a reference to n, and reads the rules that follow it.
func (p *parser) refer(names []string, n noun, optional bool) int {
	target := p.thing(n)
	field := n.name
	end := n.end
	if p.is(end, "as") {
		if role, ok := p.noun(end+1, len(p.t)); ok && !typeWords[role.name] {
			field, end = role.name, role.end
		}
	}
	for _, name := range names {
		p.add(fact{kind: fieldFact, entity: name, field: field, at: n.at})
		p.add(fact{kind: attrFact, entity: name, field: field, key: "to", val: target, at: n.at})
		if optional {
			p.add(fact{kind: attrFact, entity: name, field: field, key: "optional", at: n.at})
		}
	}
	if !p.known[target] {
		p.add(fact{kind: mentionFact, entity: target, at: n.at})
	}
	if opensAt(p.t, end) {
		if facts, after := p.ruleAt(end+1, p.t[end].match); len(facts) > 0 && after == p.t[end].match {
			p.attach(names, field, facts)
			return after + 1
		}
	}
	for {
		facts, after := p.ruleAt(end, len(p.t))
		if len(facts) == 0 || !p.boundary(after, len(p.t)) {
			return end
		}
		p.attach(names, field, facts)
		end = after
	}
}

// attach adds rules to a field of each of the names.
func (p *parser) attach(names []string, field string, facts []fact) {
	for _, name := range names {
		for _, f := range facts {
			f.kind, f.entity, f.field = attrFact, name, field
			p.add(f)
		}
	}
}

var manyPhrases = [][]string{
	{"many"},
	{"several"},
	{"multiple"},
	{"numerous"},
	{"any", "number", "of"},
	{"one", "or", "more"},
	{"zero", "or", "more"},
	{"one", "or", "many"},
	{"lots", "of"},
	{"a", "list", "of"},
	{"a", "number", "of"},
	{"a", "set", "of"},
	{"a", "collection", "of"},
	{"zero", "or", "many"},
	{"0", "or", "more"},
	{"1", "or", "more"},
	{"more", "than", "one"},
	{"list", "of"},
	{"at", "least", "one"},
}

// manyAt returns the token after "many", "one or more" and the like, or i.
func (p *parser) manyAt(i int) int {
	for _, phrase := range manyPhrases {
		k := 0
		for k < len(phrase) && i+k < len(p.t) && p.t[i+k].low == phrase[k] && p.t[i+k].kind != quoted {
			k++
		}
		if k == len(phrase) {
			return i + k
		}
	}
	return i
}

// many reads "students can enroll in many courses": a noun, a verb of at most six words, "many", a noun.
func (p *parser) many() bool {
	heads, i := p.heads(p.i)
	if len(heads) == 0 || len(heads) > 1 {
		return false
	}
	j, other := i, false
	for ; j < len(p.t) && j-i < 7 && p.manyAt(j) == j; j++ {
		if p.t[j].kind != word || p.is(j, "with", "and", "or", "that", "which") && !p.is(j+1, "many", "several", "multiple") || determiners[p.t[j].low] && !p.is(j, "each") {
			return false
		}
		if !haveVerbs[p.t[j].low] && !modals[p.t[j].low] && !p.is(j, "own", "owns", "be", "each", "also", "hold", "holds", "with") {
			other = true
		}
	}
	if j == i || j >= len(p.t) || p.manyAt(j) == j {
		return false
	}
	n, ok := p.noun(p.manyAt(j), len(p.t))
	if !ok || len(heads[0].name) == 0 {
		return false
	}
	from := p.thing(heads[0])
	p.last = []string{from}
	p.manyFact(from, n, other, p.at(p.i, n.end))
	p.i = n.end
	if p.is(p.i, "and", ",") && p.viceVersa(from, n) {
		return true
	}
	if !other && p.is(p.i, "and", ",") && !p.would(p.i+1, p.newStatement) && !p.is(p.i+1, "and") {
		p.fieldsOf(p.last, p.i, len(p.t), listMode, false)
		p.tails(from)
	}
	return true
}

// manyFact notes that from has many of n. A verb other than "have" means that each side may have many.
func (p *parser) manyFact(from string, n noun, other bool, at span) {
	to := p.thing(n)
	f := fact{kind: manyFact, entity: from, to: to, at: at}
	if other {
		f.val = "other"
	}
	p.add(f)
	if !p.known[to] {
		p.add(fact{kind: mentionFact, entity: to, at: n.at})
	}
	if !p.known[from] {
		p.add(fact{kind: mentionFact, entity: from, at: at})
	}
}

// viceVersa reads "and vice versa".
func (p *parser) viceVersa(from string, n noun) bool {
	i := p.i
	for p.is(i, "and", ",") {
		i++
	}
	if !p.is(i, "vice") || !p.is(i+1, "versa") {
		return false
	}
	p.add(fact{kind: linkFact, entity: from, to: p.thing(n), at: p.at(p.i, i+2)})
	p.i = i + 2
	return true
}

// withoutTail reads "without update", "no delete" after a description.
func (p *parser) withoutTail(name string) bool {
	ops, end, ok := p.operationList(p.i + 1)
	if !ok || !p.boundary(end, len(p.t)) {
		return false
	}
	p.add(fact{kind: withoutFact, entity: name, vals: ops, at: p.at(p.i, end)})
	p.i = end
	return true
}

func has(list []string, s string) bool { return slices.Contains(list, strings.ToLower(s)) }
