package spelling

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Root is what words are compared by where their endings, accents and capitals make no difference.
func Root(word string) string {
	plain := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(word))
	return Stem(plain)
}

// Stem takes the endings off an English word, by the algorithm of M. F. Porter (1980). Words with other letters than a to z, and
// those of one or two letters, are left as they are.
func Stem(word string) string {
	if len(word) < 3 || strings.ContainsFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }) {
		return word
	}
	w := plural(word)
	w = past(w)
	if base, ok := strings.CutSuffix(w, "y"); ok && hasVowel(base) {
		w = base + "i"
	}
	w = replaced(w, doubleEndings(), 0)
	w = replaced(w, tripleEndings(), 0)
	w = lastEnding(w)
	if base, ok := strings.CutSuffix(w, "e"); ok && (measure(base) > 1 || measure(base) == 1 && !shortEnd(base)) {
		w = base
	}
	if strings.HasSuffix(w, "ll") && measure(w) > 1 {
		w = w[:len(w)-1]
	}
	return w
}

func plural(w string) string {
	switch {
	case strings.HasSuffix(w, "sses"), strings.HasSuffix(w, "ies"):
		return w[:len(w)-2]
	case strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss"):
		return w[:len(w)-1]
	}
	return w
}

func past(w string) string {
	if base, ok := strings.CutSuffix(w, "eed"); ok {
		if measure(base) > 0 {
			return base + "ee"
		}
		return w
	}
	base, ok := strings.CutSuffix(w, "ed")
	if !ok {
		base, ok = strings.CutSuffix(w, "ing")
	}
	if !ok || !hasVowel(base) {
		return w
	}
	switch {
	case strings.HasSuffix(base, "at"), strings.HasSuffix(base, "bl"), strings.HasSuffix(base, "iz"), measure(base) == 1 && shortEnd(base):
		return base + "e"
	case doubled(base) && !strings.ContainsAny(base[len(base)-1:], "lsz"):
		return base[:len(base)-1]
	}
	return base
}

func doubleEndings() []string {
	return []string{
		"ational", "ate", "tional", "tion", "enci", "ence", "anci", "ance", "izer", "ize", "abli", "able", "alli", "al", "entli", "ent", "eli", "e", "ousli", "ous",
		"ization", "ize", "ation", "ate", "ator", "ate", "alism", "al", "iveness", "ive", "fulness", "ful", "ousness", "ous", "aliti", "al", "iviti", "ive", "biliti", "ble",
	}
}

func tripleEndings() []string {
	return []string{"icate", "ic", "ative", "", "alize", "al", "iciti", "ic", "ical", "ic", "ful", "", "ness", ""}
}

// replaced puts the ending that follows in the list in the place of the first one that the word has, if enough is before it.
func replaced(w string, endings []string, above int) string {
	for i := 0; i < len(endings); i += 2 {
		if base, ok := strings.CutSuffix(w, endings[i]); ok {
			if measure(base) > above {
				return base + endings[i+1]
			}
			return w
		}
	}
	return w
}

func lastEnding(w string) string {
	for _, e := range []string{"ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ion", "ism", "ate", "iti", "ous", "ive", "ize", "al", "er", "ic", "ou"} {
		base, ok := strings.CutSuffix(w, e)
		if !ok {
			continue
		}
		if measure(base) > 1 && (e != "ion" || strings.HasSuffix(base, "s") || strings.HasSuffix(base, "t")) {
			return base
		}
		return w
	}
	return w
}

// measure counts the changes from a vowel to a consonant.
func measure(w string) (m int) {
	vowel := false
	for i := range len(w) {
		now := isVowel(w, i)
		if vowel && !now {
			m++
		}
		vowel = now
	}
	return m
}

func isVowel(w string, i int) bool {
	switch w[i] {
	case 'a', 'e', 'i', 'o', 'u':
		return true
	case 'y':
		return i > 0 && !isVowel(w, i-1)
	}
	return false
}

func hasVowel(w string) bool {
	for i := range len(w) {
		if isVowel(w, i) {
			return true
		}
	}
	return false
}

func doubled(w string) bool {
	n := len(w)
	return n > 1 && w[n-1] == w[n-2] && !isVowel(w, n-1)
}

// shortEnd says whether a word ends as hop does: consonant, vowel, consonant other than w, x and y.
func shortEnd(w string) bool {
	n := len(w)
	return n > 2 && !isVowel(w, n-3) && isVowel(w, n-2) && !isVowel(w, n-1) && !strings.ContainsAny(w[n-1:], "wxy")
}
