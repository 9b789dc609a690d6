package eval_test

import (
	"math"
	"testing"

	"github.com/quantumlayer/qlp/internal/eval"
)

func near(a, b float64) bool { return math.Abs(a-b) < 0.0005 }

// TestWilson against values that are published, and at the edges.
func TestWilson(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		successes float64
		n         int
		low, high float64
	}{
		{0, 10, 0, 0.2775}, {10, 10, 0.7225, 1}, {5, 10, 0.2366, 0.7634}, {164, 164, 0.9771, 1}, {81, 263, 0.2553, 0.3662}, {0, 0, 0, 1},
	} {
		if got := eval.Wilson(tc.successes, tc.n); !near(got.Low, tc.low) || !near(got.High, tc.high) || got.Low > got.Value || got.High < got.Value {
			t.Errorf("%v of %d: %+v, want %v to %v", tc.successes, tc.n, got, tc.low, tc.high)
		}
	}
}

// TestPassAt is the share of all choices of k samples that hold a right one, counted by hand.
func TestPassAt(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 8; n++ {
		for c := 0; c <= n; c++ {
			for k := 1; k <= n; k++ {
				all, hit := 0, 0
				for set := range 1 << n {
					size, right := 0, false
					for i := range n {
						if set>>i&1 == 1 {
							size++
							right = right || i < c
						}
					}
					if size == k {
						all++
						if right {
							hit++
						}
					}
				}
				if got, want := eval.PassAt(k, n, c), float64(hit)/float64(all); math.Abs(got-want) > 1e-12 {
					t.Errorf("pass@%d with %d of %d: %v, want %v", k, c, n, got, want)
				}
			}
		}
	}
}

// TestBootstrap comes out the same for the same seed, holds its value, and grows narrower with more problems.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	values := func(n int) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = float64(i % 2)
		}
		return out
	}
	few, again, lots := eval.Bootstrap(values(20), 1), eval.Bootstrap(values(20), 1), eval.Bootstrap(values(2000), 1)
	if few != again {
		t.Errorf("%+v and %+v from the same seed", few, again)
	}
	if few.Value != 0.5 || few.Low > 0.5 || few.High < 0.5 || few.High-few.Low < 0.2 || few.High-few.Low > 0.6 {
		t.Errorf("%+v", few)
	}
	if lots.High-lots.Low > 0.06 {
		t.Errorf("%+v of 2000", lots)
	}
	if same := eval.Bootstrap([]float64{1, 1, 1}, 7); same != (eval.Interval{Value: 1, Low: 1, High: 1}) {
		t.Errorf("%+v", same)
	}
}
