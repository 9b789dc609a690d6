package grammar

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is what sort of token it is.
type kind uint8

const (
	word   kind = iota // letters and digits, in lower case
	number             // a plain decimal, canonical
	quoted             // words in quotes
	mark               // punctuation or an operator
	item               // the border of a listed line, or a line break within brackets
	newline
)

// span is a part of the intent: byte offsets, end exclusive.
type span struct{ start, end int }

func (s span) join(o span) span {
	if s == (span{}) {
		return o
	}
	return span{min(s.start, o.start), max(s.end, o.end)}
}

// token is one unit of the intent. Hyphens, underscores and camel case separate tokens and leave the later one glued:
// "due-date", "due_date", "dueDate" and "due date" read alike.
type token struct {
	kind   kind
	low    string // canonical: lower case, contractions spelt out
	at     span
	glued  bool // joined to the one before by a hyphen, an underscore or camel case
	tight  bool // no white space before
	upper  bool // begins with a capital
	named  bool // stands in quotes
	match  int  // of a bracket: index of its partner, else -1
	indent int  // of a newline: columns before the next line's text
	bullet bool // of a newline: the next line is a list item
	blank  bool // of a newline: there is an empty line before the next
}

// lexer cuts an intent into tokens in one pass.
type lexer struct {
	text   string
	pos    int
	spaced bool // white space since the last token
	out    []token
}

// asWhole are words whose capitals or dots do not separate them.
var asWhole = []string{
	"openapi", "javascript", "typescript", "github", "gitlab", "postgresql", "mysql", "sqlite", "mongodb", "fastapi", "nestjs", "graphql",
	"nodejs", "node.js", "iphone", "next.js", "nest.js", "vue.js", "express.js", "ios", "ipad", "macos", "devops", "dynamodb", "mariadb", "websocket",
	"websockets", "youtube", "linkedin", "paypal", "oauth", "oauth2", "restful", "grpc", "asp.net", "fastify", "springboot", "rabbitmq",
	"datetime", "nosql", "cockroachdb", "bigquery", "whatsapp", "wordpress", "e.g", "i.e", "varchar",
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

// ordinal returns the length of "1. " or "2) " at the start of s.
func ordinal(s string) int {
	i := 0
	for i < len(s) && i < 2 && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i > 0 && len(s) > i+1 && (s[i] == '.' || s[i] == ')') && s[i+1] == ' ' {
		return i + 2
	}
	return 0
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

// numberAt reads a number: 12, 1,000, 0.5, .5, -3 (not after a digit, where the hyphen is a range).
func (l *lexer) numberAt() bool {
	s, i := l.text[l.pos:], 0
	if strings.HasPrefix(s, "-") && l.signAllowed() {
		i++
	}
	whole := digits(s[i:])
	groups := 0
	for whole > 0 && whole <= 3 && len(s) > i+whole+3 && s[i+whole] == ',' && digits(s[i+whole+1:]) == 3 && groups < 6 {
		i += whole + 1
		whole = 3
		groups++
	}
	end := i + whole
	if end < len(s) && s[end] == '.' {
		if fraction := digits(s[end+1:]); fraction > 0 && !strings.HasPrefix(s[end+1:], ".") {
			end += 1 + fraction
			whole++
		}
	}
	if whole == 0 || end < len(s) && (isWordByte(s[end]) || s[end] >= utf8.RuneSelf && l.letterAt(l.pos+end)) {
		return false
	}
	l.add(token{kind: number, low: canonical(s[:end]), at: span{l.pos, l.pos + end}})
	l.pos += end
	return true
}

func isWordByte(b byte) bool { return b == '_' || b|0x20 >= 'a' && b|0x20 <= 'z' }

func (l *lexer) signAllowed() bool {
	if l.pos == 0 {
		return true
	}
	before := l.text[l.pos-1]
	return before == ' ' || before == '(' || before == '\n' || before == '=' || before == '>' || before == '<' || before == ':'
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// canonical writes a number as qlp.Number wants it.
func canonical(s string) string {
	s = strings.ReplaceAll(s, ",", "")
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, fraction, dotted := strings.Cut(s, ".")
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if dotted {
		return sign + whole + "." + fraction
	}
	if whole == "0" {
		return whole
	}
	return sign + whole
}

// word reads letters and digits, with the hyphens, underscores, dots and capitals within.
func (l *lexer) word() {
	start := l.pos
	for l.pos < len(l.text) {
		r, n := l.peek(l.pos)
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r) || r == '_' {
			l.pos += n
			continue
		}
		joins := r == '-' || r == '.'
		if after, _ := l.peek(l.pos + n); joins && n == 1 && (unicode.IsLetter(after) || r == '-' && unicode.IsDigit(after)) {
			l.pos += n
			continue
		}
		break
	}
	low := strings.ToLower(l.text[start:l.pos])
	if (low == "c" || low == "f") && strings.HasPrefix(l.text[l.pos:], "#") {
		l.pos++
	} else if low == "c" && strings.HasPrefix(l.text[l.pos:], "++") {
		l.pos += 2
	}
	l.parts(start, l.pos)
}

// parts adds the words of one written word.
func (l *lexer) parts(start, end int) {
	text := l.text[start:end]
	low := strings.ToLower(text)
	for _, w := range asWhole {
		if low == w {
			l.piece(start, end, low, false)
			return
		}
	}
	first := true
	from := start
	flush := func(to int) {
		if to > from {
			l.piece(from, to, strings.ToLower(l.text[from:to]), !first)
			first = false
		}
	}
	previous := rune(0)
	for i, r := range text {
		switch {
		case r == '-' || r == '_':
			flush(start + i)
			from = start + i + 1
		case unicode.IsUpper(r) && unicode.IsLower(previous):
			flush(start + i)
			from = start + i
		}
		previous = r
	}
	flush(end)
	if first { // nothing but underscores
		l.add(token{kind: mark, low: text, at: span{start, end}})
	}
}

// piece adds one word, spelling out a contraction that follows it.
func (l *lexer) piece(start, end int, low string, glued bool) {
	first, _ := utf8.DecodeRuneInString(l.text[start:end])
	t := token{kind: word, low: low, at: span{start, end}, glued: glued, upper: unicode.IsUpper(first)}
	negated := false
	switch {
	case low == "cannot":
		t.low, negated = "can", true
	case l.negation(end) && strings.HasSuffix(low, "n"):
		t.low, negated = strings.TrimSuffix(low, "n"), true
		if t.low == "ca" {
			t.low = "can"
		} else if t.low == "wo" {
			t.low = "will"
		}
		_, n := l.peek(end)
		l.pos = end + n + 1
		t.at.end = l.pos
	case glued && low == "do" && len(l.out) > 0 && l.out[len(l.out)-1].low == "to":
		last := &l.out[len(l.out)-1]
		last.low, last.at.end = "todo", end
		return
	case glued && low == "mail" && len(l.out) > 0 && l.out[len(l.out)-1].low == "e":
		last := &l.out[len(l.out)-1]
		last.low, last.at.end = "email", end
		return
	case glued && low == "mails" && len(l.out) > 0 && l.out[len(l.out)-1].low == "e":
		last := &l.out[len(l.out)-1]
		last.low, last.at.end = "emails", end
		return
	}
	l.add(t)
	if negated {
		l.add(token{kind: word, low: "not", at: t.at, glued: true})
	}
}

// negation reports whether "'t" follows: don't, can't.
func (l *lexer) negation(at int) bool {
	r, n := l.peek(at)
	if r != '\'' {
		return false
	}
	t, tn := l.peek(at + n)
	after, _ := l.peek(at + n + tn)
	return (t == 't' || t == 'T') && !unicode.IsLetter(after)
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
	low := "'"
	if strings.HasPrefix(strings.ToLower(l.text[end:]), "s") {
		if after, _ := l.peek(end + 1); !unicode.IsLetter(after) {
			end++
			low = "'s"
		}
	} else if strings.HasPrefix(l.text[end:], "re") || strings.HasPrefix(l.text[end:], "ll") || strings.HasPrefix(l.text[end:], "ve") {
		end += 2
		low = "'"
	} else if strings.HasPrefix(l.text[end:], "d ") || strings.HasPrefix(l.text[end:], "m ") {
		end++
	}
	if low == "'" { // I'd, we're, customers': nothing of meaning
		l.pos = end
		return
	}
	l.add(token{kind: mark, low: low, at: span{l.pos, end}})
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

// pair finds the partner of each bracket.
func pair(tokens []token) {
	closer := map[string]string{"(": ")", "[": "]", "{": "}"}
	var open []int
	for i, t := range tokens {
		if t.kind != mark {
			continue
		}
		if closer[t.low] != "" {
			open = append(open, i)
			continue
		}
		if n := len(open); n > 0 && closer[tokens[open[n-1]].low] == t.low {
			tokens[i].match, tokens[open[n-1]].match = open[n-1], i
			open = open[:n-1]
		}
	}
}
