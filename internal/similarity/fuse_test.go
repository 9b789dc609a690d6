package similarity

import (
	"math"
	"slices"
	"testing"

	"github.com/quantumlayer/qlp/internal/vector"
)

func TestFuse(t *testing.T) {
	t.Parallel()
	got := fuse(ranks{
		near: []vector.Hit{{IntentID: "a", Similarity: 0.9}, {IntentID: "b", Similarity: 0.5}},
		words: []vector.TextHit{
			{IntentID: "b", Source: vector.Stems, Rank: 1, Terms: []string{"books"}},
			{IntentID: "c", Source: vector.Stems, Rank: 2},
			{IntentID: "b", Source: vector.Trigrams, Rank: 1, Terms: []string{"books", "isbn"}},
		},
	})
	want := []struct {
		id    string
		score float64
	}{{"b", (11.0/12 + 1 + 1) / 3}, {"a", 1.0 / 3}, {"c", 11.0 / 12 / 3}}
	for i, w := range want {
		if got[i].id != w.id || math.Abs(got[i].score-w.score) > 1e-9 {
			t.Errorf("place %d is %s with %f, want %s with %f", i, got[i].id, got[i].score, w.id, w.score)
		}
	}
	if !slices.Equal(got[0].terms, []string{"books", "isbn"}) || *got[0].similarity != 0.5 || got[2].similarity != nil {
		t.Errorf("got %+v", got)
	}
}
