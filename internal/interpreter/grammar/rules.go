package grammar

import (
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// rule reads a statement of what happens on delete, or a link of many to many.
func (p *parser) rule() bool {
	m, ok := p.longest(p.v.rules, p.i, len(p.t))
	if !ok || !p.boundary(m.end, len(p.t)) {
		return false
	}
	at := p.at(p.i, m.end)
	tag := strings.TrimSuffix(m.tag, "-") // the order of the names does not matter
	tag, named := strings.CutSuffix(tag, "=")
	if tag == "m2m" {
		a, _ := m.nth('e', 0)
		b, ok := m.nth('e', 1)
		if !ok || !p.known[a.text] || !p.known[b.text] {
			return false
		}
		p.add(fact{kind: linkFact, entity: a.text, to: b.text, at: at})
		p.i = m.end
		return true
	}
	parent, ok := m.first('e')
	children, ok2 := m.first('E')
	if !ok || !ok2 {
		return false
	}
	for i, child := range children.names {
		f := fact{kind: deleteFact, entity: child, to: parent.text, val: tag, at: at}
		if named {
			v, _ := m.first('v')
			f.field = v.text
		}
		if !p.known[child] {
			p.add(fact{kind: mentionFact, entity: child, at: children.spans[i]})
		}
		p.add(f)
	}
	if !p.known[parent.text] {
		p.add(fact{kind: mentionFact, entity: parent.text, at: parent.at})
	}
	p.i = m.end
	return true
}

// find reads search and filter statements.
func (p *parser) find() bool {
	m, ok := p.longest(p.v.finds, p.i, len(p.t))
	if !ok {
		return false
	}
	fields, ok := m.first('F')
	if !ok {
		return false
	}
	names := []string{""}
	if e, ok := m.first('E'); ok {
		names = e.names
	}
	end := m.end
	if p.is(end, "of", "on", "in", "for") { // "search by the title of a book"
		if at, c, ok := p.fitName(end+1, len(p.t)); ok && p.known[c.text] {
			names, end = []string{c.text}, at
		}
	}
	for p.is(end, "too", "as", "well", "please", "only", "is", "possible", "each", "separately", "should", "be", "works", "work", "supported", "needed") {
		end++
	}
	if !p.boundary(end, len(p.t)) {
		return false
	}
	for _, name := range names {
		f := fact{entity: name, vals: fields.names, spans: fields.spans, at: p.at(p.i, m.end)}
		if m.tag != "filter" {
			f.kind = searchFact
			p.add(f)
		}
		if m.tag != "search" {
			f.kind = filterFact
			p.add(f)
		}
	}
	if names[0] != "" {
		p.last = names
	}
	p.i = end
	return true
}

// operationOf returns the operations that a word names.
func operationOf(low string) []string {
	switch low {
	case "read", "reads", "reading", "view", "views", "viewing", "viewed":
		return []string{string(qlp.OpList), string(qlp.OpGet)}
	case "browse", "browsing", "browsed":
		return []string{string(qlp.OpList)}
	}
	for _, op := range qlp.Operations() {
		for form := range strings.FieldsSeq(operationForms[op]) {
			if form == low {
				return []string{string(op)}
			}
		}
	}
	return nil
}

// operationList reads "update or delete", "create, list and get".
func (p *parser) operationList(i int) (ops []string, end int, ok bool) {
	for {
		j := i
		for j < i+6 && (p.is(j, ",", "and", "or", "nor", "no", "be", "&", "/", "the", "any", "to", "by", "id", "possible", "single") && len(ops) > 0 || p.is(j, "the", "any", "be")) {
			j++
		}
		if j >= len(p.t) || p.t[j].kind != word {
			break
		}
		more := operationOf(p.t[j].low)
		if more == nil {
			break
		}
		ops = append(ops, more...)
		i = j + 1
	}
	if len(ops) == 0 {
		return nil, i, false
	}
	for {
		switch {
		case p.is(i, "by") && p.is(i+1, "id"):
			i += 2
			continue
		case p.is(i, "operation", "operations", "endpoint", "endpoints", "route", "routes", "method", "allowed", "permitted", "possible", "it", "them"):
			i++
			continue
		}
		break
	}
	return ops, i, true
}

// operations reads which operations a thing has or lacks.
func (p *parser) operations() bool {
	start := p.i
	if p.try(p.allOperations) {
		return true
	}
	i := p.i
	switch {
	case p.is(i, "no", "without", "omit", "skip", "disable", "exclude", "drop") || p.is(i, "do", "does", "must", "should") && p.is(i+1, "not") && p.is(i+2, "allow", "permit", "support", "offer", "expose", "provide"):
		if p.is(i+1, "not") {
			i += 2
		}
		return p.operationsOf(start, i+1, withoutFact)
	case p.is(i, "read") && p.is(i+1, "only") && p.is(i+2, "for"):
		at, c, ok := p.fitNames(i+3, len(p.t))
		end := p.afterOperations(at)
		if !ok || !p.boundary(end, len(p.t)) {
			return false
		}
		p.readOnly(c.names, p.at(start, end))
		p.i = end
		return true
	case p.is(i, "only") && p.is(i+1, "allow", "support", "offer", "expose", "provide", "need", "permit"):
		return p.operationsOf(start, i+2, onlyFact)
	case p.is(i, "only"), p.is(i, "support", "allow", "offer", "expose", "provide") && p.is(i+1, "only"):
		if !p.is(i, "only") {
			i++
		}
		return p.operationsOf(start, i+1, onlyFact)
	}
	return p.thingsOperations(start)
}

// allOperations reads "create, read, update and delete books", which every thing has anyway.
func (p *parser) allOperations() bool {
	ops, end, ok := p.operationList(p.i)
	if !ok {
		return false
	}
	for _, op := range qlp.Operations() {
		if !slices.Contains(ops, string(op)) && op != qlp.OpGet {
			return false
		}
	}
	at, c, ok := p.fitNames(end, len(p.t))
	if !ok || !p.boundary(at, len(p.t)) {
		return false
	}
	for i, name := range c.names {
		p.add(fact{kind: mentionFact, entity: name, at: c.spans[i]})
	}
	p.i = at
	return true
}

// operationsOf reads "update of comments", "deleting invoices".
func (p *parser) operationsOf(start, i int, kind factKind) bool {
	ops, end, ok := p.operationList(i)
	if !ok {
		return false
	}
	for p.is(end, "of", "for", "on", "in", "to") {
		end++
	}
	names := p.last
	at, c, ok := p.fitNames(end, len(p.t))
	switch {
	case ok:
		names, end = c.names, at
		for i, name := range names {
			if !p.known[name] {
				p.add(fact{kind: mentionFact, entity: name, at: c.spans[i]})
			}
		}
	case len(p.last) != 1:
		return false
	}
	end = p.afterOperations(end)
	if !p.boundary(end, len(p.t)) {
		return false
	}
	for _, name := range names {
		p.add(fact{kind: kind, entity: name, vals: ops, at: p.at(start, end)})
	}
	p.i = end
	return true
}

// afterOperations skips "once created", "after creation".
func (p *parser) afterOperations(i int) int {
	for p.is(i, "once", "after", "later", "afterwards", "at", "all", "any", "more", "anymore", "ever", "again", "created", "creation", "they", "it", "are", "is", "have", "has", "been", "being", "that", "issued", "posted", "saved", "please", "is", "allowed", "possible", "needed", "submitted", "written", "made", "recorded") {
		i++
	}
	return i
}

// thingsOperations reads "comments cannot be updated", "logs are append-only", "invoices can only be created and listed".
func (p *parser) thingsOperations(start int) bool {
	at, c, ok := p.fitNames(p.i, len(p.t))
	if p.i > 0 && len(p.last) > 0 && p.is(p.i, "can", "may", "must", "should", "are", "is", "not", "only", "never") {
		at, c, ok = p.i, capture{names: p.last}, true
	}
	if !ok {
		return false
	}
	i := at
	only, negated := false, false
	for p.in(i, modals) || p.is(i, "only", "not", "never", "be", "is", "are", "no", "does", "do", "support", "supports", "allow", "allows", "have", "has", "get") {
		only = only || p.is(i, "only")
		negated = negated || p.is(i, "not", "never", "no")
		i++
	}
	for _, name := range c.names {
		if !p.known[name] {
			return false
		}
	}
	add := func(kind factKind, ops []string, end int) bool {
		if end = p.afterOperations(end); !p.boundary(end, len(p.t)) {
			return false
		}
		for _, name := range c.names {
			p.add(fact{kind: kind, entity: name, vals: ops, at: p.at(start, end)})
		}
		p.last = c.names
		p.i = end
		return true
	}
	switch {
	case p.is(i, "append") && p.is(i+1, "only"):
		return add(withoutFact, []string{"update", "delete"}, i+2)
	case p.is(i, "immutable", "unchangeable"):
		return add(withoutFact, []string{"update"}, i+1)
	case p.is(i, "read") && p.is(i+1, "only"):
		end := p.afterOperations(i + 2)
		if !p.boundary(end, len(p.t)) {
			return false
		}
		p.readOnly(c.names, p.at(start, end))
		p.i = end
		return true
	}
	ops, end, ok := p.operationList(i)
	switch {
	case !ok || only == negated:
		return false
	case p.is(end, "only"):
		end++
	}
	if only {
		return add(onlyFact, ops, end)
	}
	return add(withoutFact, ops, end)
}

// readOnly asks what "read-only" is to mean, unless other words say it.
func (p *parser) readOnly(names []string, at span) {
	for _, name := range names {
		p.add(fact{kind: withoutFact, entity: name, key: "read_only", at: at})
	}
}
