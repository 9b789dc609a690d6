package codes_test

import (
	"math"
	"slices"
	"testing"

	"github.com/quantumlayer/qlp/bench/similarity/synth"
	"github.com/quantumlayer/qlp/internal/vector/codes"
)

func TestPackedCodesComeBack(t *testing.T) {
	t.Parallel()
	set := synth.Make(synth.Iso, 3, 0, 1)
	coder := codes.New(codes.Mean(set.Rows))
	code := coder.Code(set.Rows[0])
	list, ok := codes.Unpack(nil, code.Pack())
	if !ok || !slices.Equal(list, code[:]) {
		t.Fatal("a code came back as another")
	}
	if _, ok := codes.Unpack(nil, code.Pack()[1:]); ok {
		t.Fatal("a code that lacks a byte was taken")
	}
}

// The codes that databases hold were made by this: it must not change.
func TestCodesAreFrozen(t *testing.T) {
	t.Parallel()
	v := make([]float32, synth.Dimensions)
	for i := range v {
		v[i] = float32(i%7) - 3
	}
	code := codes.New(nil).Code(v)
	if got := code[0] ^ code[11] ^ code[23]; got != 0x1e89cc4a1f8c35ba {
		t.Fatalf("the code of a fixed vector is another: %#x", got)
	}
}

func TestDistanceFollowsTheAngle(t *testing.T) {
	t.Parallel()
	set := synth.Make(synth.Iso, 2000, 1, 3)
	coder := codes.New(nil)
	q := coder.Code(set.Queries[0])
	for i, row := range set.Rows {
		code := coder.Code(row)
		angle := math.Acos(float64(codes.Dot(row, set.Queries[0]))) / math.Pi
		if got := float64(codes.Distance(&code, &q)) / synth.Dimensions; math.Abs(got-angle) > 0.075 { // six standard deviations
			t.Fatalf("row %d: %.3f of the bits differ at an angle of %.3f half turns", i, got, angle)
		}
	}
}

func TestSmallVectorsAreNearlyExact(t *testing.T) {
	t.Parallel()
	set := synth.Make(synth.Aniso, 500, 1, 3)
	sparse := make([]float32, synth.Dimensions)
	sparse[5], sparse[900] = 0.6, -0.8
	set.Rows = append(set.Rows, sparse)
	coder := codes.New(nil)
	q := coder.Small(set.Queries[0])
	for i, row := range set.Rows {
		exact := codes.Dot(row, set.Queries[0])
		if got := coder.Small(row).Cosine(q); math.Abs(float64(got-exact)) > 0.002 {
			t.Fatalf("row %d: %v instead of %v", i, got, exact)
		}
	}
	if got := coder.Small(sparse).Cosine(coder.Small(sparse)); math.Abs(float64(got)-1) > 1e-3 {
		t.Fatalf("a vector with itself: %v", got)
	}
}

func TestNearestCodesAreThoseOfASort(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 5, 300, 20_000} { // the last on every processor
		set := synth.Make(synth.Iso, n, 1, 9)
		coder, list := codes.New(nil), []uint64{}
		q := coder.Code(set.Queries[0])
		var distances []int
		for _, row := range set.Rows {
			code := coder.Code(row)
			list = append(list, code[:]...)
			distances = append(distances, codes.Distance(&code, &q))
		}
		var scanner codes.Scanner
		for range 2 { // the second time with what the first has left behind
			got := scanner.Nearest(list, &q, 100)
			sorted := slices.Sorted(slices.Values(distances))
			want := 0
			for _, d := range distances {
				if n > 0 && d <= sorted[min(100, n)-1] {
					want++
				}
			}
			if len(got) != want {
				t.Fatalf("%d rows: %d positions, want %d", n, len(got), want)
			}
			for _, at := range got {
				if distances[at] > sorted[min(100, n)-1] {
					t.Fatalf("%d rows: position %d at %d is none of the nearest", n, at, distances[at])
				}
			}
		}
	}
}
