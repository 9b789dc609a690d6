package grammar

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lexer cuts an intent into tokens in one pass.
type lexer struct {
	text   string
	pos    int
	spaced bool // white space since the last token
	out    []token
}

// lex cuts the text into tokens and pairs its brackets.
func lex(text string) []token {
	l := &lexer{text: text}
	l.newline(0)
	for l.pos < len(l.text) {
		l.next()
	}
	pair(l.out)
	return l.out
}

func (l *lexer) peek(at int) (rune, int) {
	if at >= len(l.text) {
		return 0, 0
	}
	r, n := utf8.DecodeRuneInString(l.text[at:])
	switch r {
	case '\u2018', '\u2019', '\u00b4':
		r = '\''
	case '\u201c', '\u201d', '\u201e':
		r = '"'
	case '\u2013', '\u2014', '\u2212':
		r = '-'
	case '\u00a0', '\u202f', '\u200b', '\ufeff':
		r = ' '
	}
	return r, n
}

func (l *lexer) add(t token) {
	t.match = -1
	t.tight = len(l.out) > 0 && l.out[len(l.out)-1].kind != newline && !l.spaced
	l.spaced = false
	l.out = append(l.out, t)
}

func (l *lexer) next() {
	r, n := l.peek(l.pos)
	switch {
	case r == '\n':
		l.pos += n
		l.newline(l.pos - n)
	case r == '*': // markdown
		l.pos += n
	case unicode.IsSpace(r):
		l.spaced = true
		l.pos += n
	case l.numberAt():
	case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_':
		l.word()
	case r == '.' && l.letterAt(l.pos+1) && l.spaceBefore(): // .net
		l.pos += n
		l.word()
		l.out[len(l.out)-1].low = "." + l.out[len(l.out)-1].low
	case (r == '"' || r == '\'' || r == '`') && l.quote(r, n):
	case r == '\'':
		l.possessive(n)
	default:
		l.operator(r, n)
	}
}

// newline reads the start of a line: its indentation and its bullet.
func (l *lexer) newline(at int) {
	t := token{kind: newline, at: span{at, l.pos}, match: -1}
	start := l.pos
	for l.pos < len(l.text) {
		r, n := l.peek(l.pos)
		if r == '\n' {
			t.blank = true
			start = l.pos + n
		} else if !unicode.IsSpace(r) {
			break
		}
		l.pos += n
	}
	t.indent = l.pos - start
	rest := l.text[l.pos:]
	for _, sign := range []string{"- ", "* ", "+ ", "\u2022 ", "\u2022", "\u2013 ", "\u2014 ", "\u00b7 ", "[ ] "} {
		if strings.HasPrefix(rest, sign) {
			t.bullet = true
			l.pos += len(sign)
			break
		}
	}
	if n := ordinal(rest); n > 0 {
		t.bullet = true
		l.pos += n
	}
	for strings.HasPrefix(l.text[l.pos:], "#") { // a heading
		l.pos++
	}
	l.out = append(l.out, t)
}

func (l *lexer) letterAt(at int) bool {
	r, _ := l.peek(at)
	return unicode.IsLetter(r)
}

func (l *lexer) spaceBefore() bool {
	if l.pos == 0 {
		return true
	}
	r, _ := utf8.DecodeLastRuneInString(l.text[:l.pos])
	return unicode.IsSpace(r)
}

// quote reads what stands in quotes on one line. One plain word in quotes is a word.
func (l *lexer) quote(open rune, n int) bool {
	if open == '\'' && !l.spaceBefore() && l.pos > 0 && (unicode.IsLetter(rune(l.text[l.pos-1])) || l.text[l.pos-1] >= utf8.RuneSelf) {
		return false
	}
	from := l.pos + n
	for i := from; i < len(l.text) && i-from <= 100; {
		r, m := l.peek(i)
		if r == '\n' {
			return false
		}
		if r == open && i > from {
			after, _ := l.peek(i + m)
			if open == '\'' && unicode.IsLetter(after) {
				i += m
				continue
			}
			body := l.text[from:i]
			at := span{l.pos, i + m}
			if !strings.ContainsFunc(body, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-' }) {
				before := len(l.out)
				l.parts(from, i)
				for k := before; k < len(l.out); k++ {
					l.out[k].named = true
				}
			} else {
				l.add(token{kind: quoted, low: strings.TrimSpace(body), at: at})
			}
			l.pos = i + m
			return true
		}
		i += m
	}
	return false
}

// possessive reads "'s" and a lone apostrophe.
func (l *lexer) possessive(n int) {
	end := l.pos + n
	rest := strings.ToLower(l.text[end:min(end+4, len(l.text))])
	ends := func(n int) bool { after, _ := l.peek(end + n); return !unicode.IsLetter(after) }
	switch { // of these, only 's means something
	case strings.HasPrefix(rest, "s") && ends(1):
		end++
		l.add(token{kind: mark, low: "'s", at: span{l.pos, end}})
	case (strings.HasPrefix(rest, "re") || strings.HasPrefix(rest, "ll") || strings.HasPrefix(rest, "ve")) && ends(2):
		end += 2
	case (strings.HasPrefix(rest, "d") || strings.HasPrefix(rest, "m")) && ends(1):
		end++
	}
	l.pos = end
}

var operators = []string{"<->", "...", "..", ">=", "<=", "=>", "->", "==", "<>", "&&", "||"}

func (l *lexer) operator(r rune, n int) {
	for _, op := range operators {
		if strings.HasPrefix(l.text[l.pos:], op) {
			low := op
			switch op {
			case "=>":
				low = "->"
			case "...":
				low = ".."
			}
			l.add(token{kind: mark, low: low, at: span{l.pos, l.pos + len(op)}})
			l.pos += len(op)
			return
		}
	}
	if r == '-' && l.letterAt(l.pos+n) && len(l.out) > 0 && l.out[len(l.out)-1].kind == number && l.out[len(l.out)-1].at.end == l.pos {
		l.pos += n // 3-letter
		return
	}
	low := string(r)
	switch r {
	case '\u2265':
		low = ">="
	case '\u2264':
		low = "<="
	case '\u2192':
		low = "->"
	case '\u2026':
		low = ".."
	}
	l.add(token{kind: mark, low: low, at: span{l.pos, l.pos + n}})
	l.pos += n
}
