// Package inflect turns English nouns from plural to singular and back, and words into snake_case names and titles.
//
// What it does: it wraps a kept inflection library and corrects the nouns that the library is known to get wrong.
//
// What it never does: it never decides whether a word is a noun.
//
// Arrows: the standard library and the inflection library.
package inflect

import (
	"strings"
	"unicode"

	"github.com/gertd/go-pluralize"
)

// Words inflects. Safe for concurrent use, unless it comes from Remembering.
type Words struct {
	client    *pluralize.Client
	singulars map[string]string // what was asked before; nil: nothing is remembered
}

// irregular holds what the library gets wrong.
var irregular = map[string]string{
	"virus": "viruses", "cache": "caches", "headache": "headaches", "lens": "lenses", "selfie": "selfies", "axis": "axes", "die": "dice",
	"medium": "mediums", "leave": "leaves", "gas": "gases", "bus": "buses", "campus": "campuses", "cookie": "cookies", "movie": "movies",
	"curriculum": "curricula", "premise": "premises", "cafe": "cafes", "wave": "waves", "glove": "gloves", "olive": "olives",
}

// uncountable are nouns with one form.
var uncountable = []string{
	"species", "gps", "sms", "goods", "news", "series", "media", "metadata", "data", "feedback", "staff", "equipment", "inventory",
	"furniture", "luggage", "software", "hardware", "merchandise", "headquarters", "personnel", "stock", "kudos", "homework",
}

// New makes the inflector.
func New() *Words {
	c := pluralize.NewClient()
	for one, many := range irregular {
		c.AddIrregularRule(one, many)
	}
	for _, word := range uncountable {
		c.AddUncountableRule(word)
	}
	return &Words{client: c}
}

// Remembering returns an inflector for one caller that remembers its answers: the rules are regular expressions, and a
// text asks for the same words again and again.
func (w *Words) Remembering() *Words {
	return &Words{client: w.client, singulars: map[string]string{}}
}

// Singular returns the snake_case name with its last word singular.
func (w *Words) Singular(name string) string {
	if one, ok := w.singulars[name]; ok {
		return one
	}
	one := w.last(name, w.client.Singular)
	if w.singulars != nil {
		w.singulars[name] = one
	}
	return one
}

// Plural returns the snake_case name with its last word plural.
func (w *Words) Plural(name string) string { return w.last(name, w.client.Plural) }

// IsPlural reports whether the word is a plural that differs from its singular.
func (w *Words) IsPlural(word string) bool {
	one := w.Singular(word)
	return one != word && w.client.Plural(one) == word
}

func (w *Words) last(name string, change func(string) string) string {
	head, tail := "", name
	if i := strings.LastIndexByte(name, '_'); i >= 0 {
		head, tail = name[:i+1], name[i+1:]
	}
	changed := change(tail)
	if changed == "" { // a lone "s"
		changed = tail
	}
	return head + changed
}

// Title returns a snake_case name or words as a title: "line_items" becomes "Line Items".
func Title(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '_' || unicode.IsSpace(r) })
	for i, word := range words {
		first := []rune(word)
		first[0] = unicode.ToUpper(first[0])
		words[i] = string(first)
	}
	return strings.Join(words, " ")
}
