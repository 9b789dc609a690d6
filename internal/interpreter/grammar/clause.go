package grammar

import "slices"

// clause is a run of tokens that is read on its own: a sentence, or a heading with its listed lines, whose borders are
// item tokens.
type clause []token

// line is one line of the text; brackets that span lines keep them together.
type line struct {
	tokens []token
	indent int
	bullet bool
	blank  bool // an empty line before it
}

// clauses cuts the tokens of a text into clauses.
func clauses(tokens []token) []clause {
	lines := unwrap(linesOf(tokens))
	var out []clause
	for i := 0; i < len(lines); {
		i = block(lines, i, &out)
	}
	return out
}

// linesOf cuts at line breaks outside of brackets; those within become item borders.
func linesOf(tokens []token) []line {
	var lines []line
	until := -1 // the bracket that must close first
	for i, t := range tokens {
		if t.kind != newline {
			if t.match > i && t.match > until {
				until = t.match
			}
			if len(lines) == 0 {
				lines = append(lines, line{})
			}
			last := &lines[len(lines)-1]
			if i < until && t.kind == mark && t.low == ";" {
				t.kind = item
			}
			last.tokens = append(last.tokens, t)
			continue
		}
		if i < until {
			t.kind = item
			last := &lines[len(lines)-1]
			last.tokens = append(last.tokens, t)
			continue
		}
		lines = append(lines, line{indent: t.indent, bullet: t.bullet, blank: t.blank})
	}
	kept := lines[:0]
	for _, l := range lines {
		if len(l.tokens) > 0 {
			kept = append(kept, l)
		}
	}
	return kept
}

// unwrap joins a line to the one before that plainly goes on in it.
func unwrap(lines []line) []line {
	var out []line
	for _, l := range lines {
		if n := len(out); n > 0 && !l.bullet && !l.blank && goesOn(out[n-1], l) {
			out[n-1].tokens = append(out[n-1].tokens, l.tokens...)
			continue
		}
		out = append(out, l)
	}
	return out
}

const wrapped = 55 // a line at least this long that ends within a sentence was wrapped

func goesOn(l, next line) bool {
	last, first := l.tokens[len(l.tokens)-1], next.tokens[0]
	if last.kind == mark && (last.low == "." || last.low == ":" || last.low == ";" || last.low == "!" || last.low == "?") {
		return false
	}
	switch {
	case last.kind == mark && last.low == ",", last.kind == word && joiners[last.low]:
		return true
	case first.kind == word && !first.upper && joiners[first.low], first.kind == mark && first.low == ",":
		return true
	case l.bullet:
		return next.indent > l.indent
	}
	return last.at.end-l.tokens[0].at.start >= wrapped && first.kind == word && !first.upper
}

var joiners = set("and or with a an the of to in on at by for from is are be has have that which who must should can may as between " +
	"than not no its their but each least most one")

// block reads the line at i and the list items that belong to it, and returns the index after them.
func block(lines []line, i int, out *[]clause) int {
	head := lines[i]
	end := i + 1
	for end < len(lines) && lines[end].bullet && (!head.bullet || lines[end].indent > head.indent) {
		end++
	}
	children := lines[i+1 : end]
	tokens := head.tokens
	switch {
	case len(children) == 0:
		split(tokens, out)
	case listsFields(tokens, head.bullet, children):
		tokens = slices.Clone(tokens)
		for _, c := range children {
			border := token{kind: item, at: span{c.tokens[0].at.start, c.tokens[0].at.start}, match: -1}
			tokens = append(tokens, border)
			tokens = append(tokens, withoutEnd(c.tokens)...)
		}
		split(tokens, out)
	default:
		split(tokens, out)
		for j := i + 1; j < end; {
			j = block(lines[:end], j, out)
		}
	}
	return end
}

// withoutEnd drops a full stop, comma or semicolon at the end of a listed line.
func withoutEnd(tokens []token) []token {
	for len(tokens) > 1 {
		last := tokens[len(tokens)-1]
		if last.kind != mark || last.low != "." && last.low != "," && last.low != ";" {
			break
		}
		tokens = tokens[:len(tokens)-1]
	}
	return tokens
}

// listsFields reports whether the listed lines are the fields of the thing that the heading names.
func listsFields(head []token, nested bool, children []line) bool {
	statements := 0
	for i, c := range children {
		if statementLike(c.tokens) || i+1 < len(children) && children[i+1].indent > c.indent {
			statements++
		}
	}
	if statements*2 > len(children) {
		return false
	}
	last := head[len(head)-1]
	colon := last.kind == mark && last.low == ":"
	if last.kind == mark && !colon {
		return false
	}
	start := 0
	for i, t := range head {
		if t.kind == mark && t.match < 0 && (t.low == "." || t.low == ";") && i+1 < len(head) {
			start = i + 1
		}
	}
	words, verb := 0, false
	for _, t := range head[start:] {
		switch {
		case t.kind != word:
		case fieldWords[t.low]:
			return true
		case metaWords[t.low] || ruleWords[t.low]:
			return false
		default:
			verb = verb || haveVerbs[t.low] || serviceWords[t.low] || keepVerbs[t.low]
			words++
		}
	}
	return colon || nested || !verb && words <= 4
}

// statementLike reports whether a listed line says something whole, rather than naming a field.
func statementLike(tokens []token) bool {
	for i, t := range tokens {
		switch {
		case i == 0 && t.kind == word && ruleWords[t.low]:
			return true
		case t.kind == word && i > 0 && (haveVerbs[t.low] && !tokens[i].glued || t.low == "belongs" || t.low == "belong"):
			return i < 5
		case t.kind == mark && t.low == ":" && i > 0:
			commas := 0
			for _, u := range tokens[i+1:] {
				if u.kind == mark && u.low == "," && u.match < 0 {
					commas++
				}
			}
			return commas > 0 && i+1 < len(tokens) && !typeWords[tokens[i+1].low] && !constraintWords[tokens[i+1].low]
		case t.kind == mark && t.low == "(" && i > 0:
			return t.match >= 0 && t.at.start > 0 && bracketListsFields(tokens[i+1:])
		}
	}
	return false
}

// bracketListsFields reports whether a bracket holds fields, not the rules or values of one.
func bracketListsFields(tokens []token) bool {
	commas, typed, wellKnown, depth := 0, false, false, 0
	for i, t := range tokens {
		if t.kind == mark && opens(t) {
			depth++
		} else if t.kind == mark && (t.low == ")" || t.low == "]" || t.low == "}") {
			if depth--; depth < 0 {
				break
			}
		}
		wellKnown = wellKnown || depth == 0 && t.kind == word && (stringNames[t.low] || typeByName(t.low) != "") && !has([]string{"color", "colour", "country", "city", "unit"}, t.low)
		if t.kind == mark && t.low == "," {
			commas++
		}
		if i > 0 && t.kind == word && t.low != "default" && tokens[i-1].kind == word && (typeWords[t.low] || constraintWords[t.low]) {
			typed = true
		}
	}
	first := len(tokens) > 0 && (typeWords[tokens[0].low] || constraintWords[tokens[0].low])
	if first && softFirst[tokens[0].low] { // "number unique, beds int" lists fields, "date, optional" does not
		first = len(tokens) == 1 || tokens[1].kind == mark && (len(tokens) == 2 || typeWords[tokens[2].low] || constraintWords[tokens[2].low])
	}
	single := len(tokens) > 0 && ((tokens[0].low == "name" || tokens[0].low == "title") && (len(tokens) == 1 || tokens[1].low == ")") || typed && tokens[0].kind == word && !auxiliaries[tokens[0].low])
	return !first && (commas > 0 && (typed || wellKnown) || single)
}

var softFirst = set("number date email url text link uuid timestamp")

// split cuts at the ends of sentences.
func split(tokens []token, out *[]clause) {
	start := 0
	flush := func(end int) {
		if end > start {
			*out = append(*out, rematch(tokens[start:end]))
		}
		start = end + 1
	}
	for i, depth := 0, 0; i < len(tokens); i++ {
		t := tokens[i]
		if t.match >= 0 {
			if opens(t) {
				depth++
			} else {
				depth--
			}
		}
		if t.kind == mark && depth <= 0 && (t.low == "." || t.low == ";" || t.low == "!" || t.low == "?") {
			flush(i)
		}
	}
	flush(len(tokens))
}

func opens(t token) bool { return t.low == "(" || t.low == "[" || t.low == "{" }

// rematch pairs the brackets anew, by their place in the clause.
func rematch(tokens []token) clause {
	c := make(clause, len(tokens))
	copy(c, tokens)
	for i := range c {
		c[i].match = -1
	}
	pair(c)
	return c
}

func set(words string) map[string]bool {
	out := map[string]bool{}
	start := -1
	for i := 0; i <= len(words); i++ {
		if i < len(words) && words[i] != ' ' && words[i] != '\n' && words[i] != '\t' {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			out[words[start:i]] = true
			start = -1
		}
	}
	return out
}
