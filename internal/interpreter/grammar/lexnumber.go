package grammar

import (
	"strings"
	"unicode/utf8"
)

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
