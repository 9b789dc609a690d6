package offline

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// tokens divides a text into words of small letters and digits, without accents. A sign that is no punctuation (an emoji, say) is
// a word of its own.
func tokens(text string, most int) []string {
	var out []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			out = append(out, word.String())
			word.Reset()
		}
	}
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(text, " ")) {
		if len(out) >= most {
			return out[:most]
		}
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			word.WriteRune(unicode.ToLower(r))
		case unicode.Is(unicode.So, r):
			end()
			out = append(out, string(r))
		case r == '\'' || r == '’': // don't is one word, and so are the reader's books
		default:
			end()
		}
	}
	end()
	return out[:min(len(out), most)]
}

// pieces returns the groups of letters of a word, its beginning and its end marked. A longer word than any in a language is cut.
func pieces(word string) []string {
	const longest = 40
	runes := []rune("^" + word + "$")
	runes = runes[:min(len(runes), longest)]
	var out []string
	for n := shortestPiece; n <= longestPiece; n++ {
		for at := 0; at+n <= len(runes); at++ {
			out = append(out, string(runes[at:at+n]))
		}
	}
	return out
}
