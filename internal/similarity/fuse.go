package similarity

import (
	"cmp"
	"slices"

	"github.com/quantumlayer/qlp/internal/vector"
)

// smoothing is the k of reciprocal rank fusion: what is first by one way counts 1/(k+1), what is second 1/(k+2). Chosen on the
// labelled sets of bench/retrieval, where 10 and 60 are equally good; the smaller one lets first places count more.
const smoothing = 10

// ways is how many ways of searching there are: vectors, stems, groups of letters.
const ways = 3

// ranks are what the ways have found, each the best first.
type ranks struct {
	near  []vector.Hit
	words []vector.TextHit
}

// candidate is an intent with its fused rank.
type candidate struct {
	id         string
	score      float64 // 1 for what is first by every way
	similarity *float64
	terms      []string
}

// fuse puts what was found into one order: by fused rank, then by id, so that equal questions have equal answers.
func fuse(r ranks) []candidate {
	var list []candidate
	at := map[string]int{}
	of := func(id string) *candidate {
		i, ok := at[id]
		if !ok {
			i = len(list)
			at[id] = i
			list = append(list, candidate{id: id})
		}
		return &list[i]
	}
	for i, h := range r.near {
		c := of(h.IntentID)
		c.score += share(i + 1)
		c.similarity = &h.Similarity
	}
	for _, h := range r.words {
		c := of(h.IntentID)
		c.score += share(h.Rank)
		for _, t := range h.Terms {
			if !slices.Contains(c.terms, t) {
				c.terms = append(c.terms, t)
			}
		}
	}
	slices.SortFunc(list, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.id, b.id)) })
	return list
}

func share(rank int) float64 { return (smoothing + 1.0) / (smoothing + float64(rank)) / ways }
