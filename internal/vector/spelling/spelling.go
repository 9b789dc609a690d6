// Package spelling takes words apart as the drivers of the index need it: into words, and into groups of three letters, which
// words that are spelled alike have in common.
//
// It never decides what matches: that is each database's own.
//
// Arrows: none.
package spelling

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words returns the different words of a text as they stand in it. Large and small letters make no difference.
func Words(text string) (out []string) {
	seen := map[string]bool{}
	for _, w := range strings.FieldsFunc(text, gap) {
		if key := strings.ToLower(w); !seen[key] {
			seen[key] = true
			out = append(out, w)
		}
	}
	return out
}

// Plain returns the words of a text with one space between them, in at most so many bytes: no punctuation, nothing that is no
// character.
func Plain(text string, most int) string {
	var b strings.Builder
	for w := range strings.FieldsFuncSeq(text, gap) {
		if b.Len()+1+len(w) > most {
			break
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w)
	}
	return b.String()
}

func gap(r rune) bool {
	return r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.Is(unicode.Mn, r)
}

// Pieces returns the different groups of three letters of words, in small letters, and stops when there are more than most.
func Pieces(words []string, most int) (out []string) {
	seen := map[string]bool{}
	for _, w := range words {
		r := []rune(strings.ToLower(w))
		for i := 0; i+3 <= len(r); i++ {
			if p := string(r[i : i+3]); !seen[p] {
				seen[p] = true
				out = append(out, p)
			}
		}
		if len(out) > most {
			break
		}
	}
	return out
}

// A word is told as one that matched when so many of its groups of letters stand in a text: alikeOf of alikeIn.
const alikeOf, alikeIn = 3, 5

// Alike returns the words that are spelled like something in a text.
func Alike(words []string, text string) (out []string) {
	text = strings.ToLower(text)
	for _, w := range words {
		pieces := Pieces([]string{w}, len(w))
		n := 0
		for _, p := range pieces {
			if strings.Contains(text, p) {
				n++
			}
		}
		if len(pieces) > 0 && n*alikeIn >= len(pieces)*alikeOf {
			out = append(out, w)
		}
	}
	return out
}
