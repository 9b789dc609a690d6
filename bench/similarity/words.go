package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// words makes texts of intents, and questions: some words that every intent has, and 8 to 30 from a vocabulary in which a few words
// are frequent and most are rare, as in a language.
func words(rows, queries int) (texts, asking []string) {
	r := rand.New(rand.NewPCG(1, 3))
	syllables := make([]string, 0, 200)
	for range 200 {
		syllables = append(syllables, string("bcdfghjklmnprstvz"[r.IntN(17)])+string("aeiou"[r.IntN(5)])+[]string{"", "n", "r", "s"}[r.IntN(4)])
	}
	vocabulary := make([]string, 20_000)
	for i := range vocabulary {
		var w strings.Builder
		for range 2 + r.IntN(3) {
			w.WriteString(syllables[r.IntN(len(syllables))])
		}
		vocabulary[i] = w.String()
	}
	zipf := rand.NewZipf(r, 1.1, 8, uint64(len(vocabulary)-1))
	text := func() string {
		var b strings.Builder
		fmt.Fprint(&b, "a REST API in Go for a service with records:")
		for range 8 + r.IntN(23) {
			b.WriteString(" " + vocabulary[zipf.Uint64()])
		}
		return b.String()
	}
	for range rows {
		texts = append(texts, text())
	}
	for range queries {
		asking = append(asking, text())
	}
	return texts, asking
}
