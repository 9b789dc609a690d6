package synth_test

import (
	"math"
	"slices"
	"testing"

	"github.com/quantumlayer/qlp/bench/similarity/synth"
)

func TestVectorsAreTheSameEverywhereAndHaveTheShapeOfEmbeddings(t *testing.T) {
	t.Parallel()
	for _, shape := range []synth.Shape{synth.Aniso, synth.Iso} {
		a, b := synth.Make(shape, 3000, 20, 7), synth.Make(shape, 3000, 20, 7)
		if !slices.Equal(a.Rows[17], b.Rows[17]) || !slices.Equal(a.Queries[3], b.Queries[3]) || slices.Equal(a.Rows[17], a.Rows[18]) {
			t.Fatalf("%s: the same seed gives other vectors, or every vector is the same", shape)
		}
		near := 0.0
		for _, q := range a.Queries {
			if l := synth.Dot(q, q); math.Abs(float64(l)-1) > 1e-4 {
				t.Fatalf("%s: a vector has length² %v", shape, l)
			}
			top := synth.Exact(a.Rows, q, 10)
			for _, row := range top[:3] {
				near += float64(synth.Dot(q, a.Rows[row])) / 60
			}
			if synth.Recall(top[:5], top) != 0.5 {
				t.Fatal("recall of half is not one half")
			}
		}
		t.Logf("%s: mean cosine of the nearest three: %.3f", shape, near)
		if near < 0.4 || near > 0.85 {
			t.Errorf("%s: the nearest three are at a cosine of %.3f, which is not like embeddings", shape, near)
		}
	}
}
