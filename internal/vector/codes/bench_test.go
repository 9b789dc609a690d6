package codes_test

import (
	"fmt"
	"testing"

	"github.com/quantumlayer/qlp/bench/similarity/synth"
	"github.com/quantumlayer/qlp/internal/vector/codes"
)

// BenchmarkNearest is the scan alone, of codes of one tenant.
func BenchmarkNearest(b *testing.B) {
	for _, n := range []int{2_000, 20_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			coder := codes.New(nil)
			set := synth.Make(synth.Aniso, 2000, 20, 1)
			list := make([]uint64, 0, n*codes.Words)
			for i := range n {
				code := coder.Code(set.Rows[i%len(set.Rows)])
				list = append(list, code[:]...)
			}
			var scanner codes.Scanner
			i := 0
			for b.Loop() {
				q := coder.Code(set.Queries[i%20])
				scanner.Nearest(list, &q, 200)
				i++
			}
		})
	}
}

func BenchmarkCode(b *testing.B) {
	set := synth.Make(synth.Aniso, 1, 0, 1)
	coder := codes.New(codes.Mean(set.Rows))
	for b.Loop() {
		coder.Code(set.Rows[0])
	}
}

func BenchmarkSmallCosine(b *testing.B) {
	set := synth.Make(synth.Aniso, 2, 0, 1)
	coder := codes.New(nil)
	x, y := coder.Small(set.Rows[0]), coder.Small(set.Rows[1])
	for b.Loop() {
		x.Cosine(y)
	}
}
