package grammar

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// asWhole are words whose capitals or dots do not separate them.
var asWhole = []string{
	"openapi", "javascript", "typescript", "github", "gitlab", "postgresql", "mysql", "sqlite", "mongodb", "fastapi", "nestjs", "graphql",
	"nodejs", "node.js", "iphone", "next.js", "nest.js", "vue.js", "express.js", "ios", "ipad", "macos", "devops", "dynamodb", "mariadb", "websocket",
	"websockets", "youtube", "linkedin", "paypal", "oauth", "oauth2", "restful", "grpc", "asp.net", "fastify", "springboot", "rabbitmq",
	"datetime", "nosql", "cockroachdb", "bigquery", "whatsapp", "wordpress", "e.g", "i.e", "varchar",
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
		switch t.low {
		case "ca":
			t.low = "can"
		case "wo":
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
