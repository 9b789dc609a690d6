package grammar

import (
	"slices"
	"strings"
)

// pattern is a sequence of words to match, as data:
//
//	word        that word            a|b   one of them           word?  may be missing
//	a|b*        any number of them   <n>   a number              <v>    a value
//	<e>         the name of a thing  <E>   a list of such names  <F>    a list of field names
//
// A number may carry a unit of length ("120 characters"), which is noted.
type pattern struct {
	elems []elem
	tag   string // what a match means
}

type elem struct {
	alts     []string // sorted by nothing: few
	slot     byte     // n, v, e, E, F, or 0
	optional bool
	repeated bool
}

// table is a list of patterns, found by their first word.
type table struct {
	byFirst map[string][]pattern
	others  []pattern // begin with a slot or with something that may be missing
}

// rows makes a table of lines "tag: pattern"; blank lines and lines that start with # are left out.
func rows(text string) *table {
	t := &table{byFirst: map[string][]pattern{}}
	for row := range strings.Lines(text) {
		row = strings.TrimSpace(row)
		if row == "" || strings.HasPrefix(row, "#") {
			continue
		}
		tag, rest, _ := strings.Cut(row, ": ")
		p := pattern{tag: strings.TrimSpace(tag)}
		for part := range strings.FieldsSeq(rest) {
			p.elems = append(p.elems, parseElem(part))
		}
		first := p.elems[0]
		if first.slot != 0 || first.optional || first.repeated {
			t.others = append(t.others, p)
			continue
		}
		for _, w := range first.alts {
			t.byFirst[w] = append(t.byFirst[w], p)
		}
	}
	return t
}

func parseElem(s string) elem {
	var e elem
	switch {
	case len(s) > 1 && strings.HasSuffix(s, "?"):
		e.optional = true
		s = s[:len(s)-1]
	case len(s) > 1 && strings.HasSuffix(s, "*"):
		e.optional, e.repeated = true, true
		s = s[:len(s)-1]
	}
	if len(s) == 3 && s[0] == '<' && s[2] == '>' {
		e.slot = s[1]
		return e
	}
	if s == "|" {
		e.alts = []string{s}
		return e
	}
	e.alts = strings.Split(s, "|")
	return e
}

// capture is what a slot took.
type capture struct {
	slot  byte
	text  string   // the number, the value, the name
	names []string // of a list slot
	spans []span   // of each name
	chars bool     // the number counts characters
	unit  string   // letters, digits, characters
	at    span
	from  int // token indexes
	to    int
}

// match is a pattern that fits.
type match struct {
	tag  string
	end  int // token index after it
	caps []capture
}

func (m match) nth(slot byte, n int) (capture, bool) {
	for _, c := range m.caps {
		if c.slot == slot {
			if n == 0 {
				return c, true
			}
			n--
		}
	}
	return capture{}, false
}

func (m match) first(slot byte) (capture, bool) { return m.nth(slot, 0) }

// longest returns the pattern of t that takes most tokens at i, the earlier one of two that take the same.
func (p *parser) longest(t *table, i, end int) (match, bool) {
	var best match
	found := false
	try := func(list []pattern) {
		for k := range list {
			m := match{tag: list[k].tag}
			if at, caps, ok := p.fit(list[k].elems, i, end, nil); ok && at > i && (!found || at > best.end) {
				m.end, m.caps = at, caps
				best, found = m, true
			}
		}
	}
	if i < end && (p.t[i].kind == word || p.t[i].kind == mark) {
		try(t.byFirst[p.t[i].low])
	}
	try(t.others)
	return best, found
}

// fit matches elems from token i on, trying to take what may be missing before leaving it out.
func (p *parser) fit(elems []elem, i, end int, caps []capture) (int, []capture, bool) {
	for len(elems) > 0 {
		e := elems[0]
		next, c, ok := p.fitOne(e, i, end)
		if !ok {
			if !e.optional {
				return 0, nil, false
			}
			elems = elems[1:]
			continue
		}
		taken := caps
		if c.slot != 0 {
			taken = append(slices.Clip(caps), c)
		}
		if e.optional {
			rest := elems[1:]
			if e.repeated {
				for next < end {
					more, _, again := p.fitOne(e, next, end)
					if !again {
						break
					}
					next = more
				}
			}
			if at, all, ok := p.fit(rest, next, end, taken); ok {
				return at, all, true
			}
			elems = rest
			continue
		}
		i, caps, elems = next, taken, elems[1:]
	}
	return i, caps, true
}

func (p *parser) fitOne(e elem, i, end int) (int, capture, bool) {
	if i >= end {
		return 0, capture{}, false
	}
	switch e.slot {
	case 0:
		t := p.t[i]
		if t.kind != word && t.kind != mark && t.kind != number {
			return 0, capture{}, false
		}
		for _, a := range e.alts {
			if t.low == a {
				return i + 1, capture{}, true
			}
		}
		return 0, capture{}, false
	case 'n':
		return p.fitNumber(i, end)
	case 'v':
		return p.fitValue(i, end)
	case 'e':
		return p.fitName(i, end)
	case 'E':
		return p.fitNames(i, end)
	default:
		return p.fitFields(i, end)
	}
}

var numberWords = map[string]string{
	"zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
	"ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fifteen": "15", "sixteen": "16", "twenty": "20", "thirty": "30",
	"fifty": "50", "hundred": "100",
}

func (p *parser) fitNumber(i, end int) (int, capture, bool) {
	t := p.t[i]
	c := capture{slot: 'n', at: t.at, from: i}
	switch {
	case t.kind == number:
		c.text = t.low
	case t.kind == word && numberWords[t.low] != "":
		c.text = numberWords[t.low]
	case t.kind == word && t.low == "a" && i+1 < end && p.t[i+1].low == "hundred":
		c.text = "100"
		i++
	default:
		return 0, capture{}, false
	}
	i++
	if i < end && p.t[i].kind == word && units[p.t[i].low] != "" {
		c.chars, c.unit = true, units[p.t[i].low]
		c.at.end = p.t[i].at.end
		i++
		for i < end && p.t[i].kind == word && (p.t[i].low == "long" || p.t[i].low == "length") {
			i++
		}
		if i+1 < end && p.t[i].low == "in" && p.t[i+1].low == "length" {
			i += 2
		}
	}
	c.to = i
	return i, c, true
}

var units = map[string]string{
	"characters": "characters", "character": "characters", "chars": "characters", "char": "characters", "symbols": "characters",
	"letters": "letters", "letter": "letters", "digits": "digits", "digit": "digits",
}

// fitValue takes one word with what is glued to it, a number, or what stands in quotes.
func (p *parser) fitValue(i, end int) (int, capture, bool) {
	t := p.t[i]
	if t.kind == mark || t.kind == item {
		return 0, capture{}, false
	}
	c := capture{slot: 'v', text: t.low, at: t.at, from: i}
	i++
	if t.kind == word {
		for i < end && p.t[i].glued {
			c.at.end = p.t[i].at.end
			i++
		}
		c.text = p.source(c.at)
	}
	c.to = i
	return i, c, true
}
