package codes

import (
	"math/bits"
	"runtime"
	"sync"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// alone is how many codes one processor counts before another one is worth waking.
const alone = 8192

// Scanner finds the nearest codes. Safe for concurrent use.
type Scanner struct{ scratch sync.Pool }

// Nearest returns the positions of the k codes of a list, one after the other, that are nearest to a query, and of all that are
// as near as the last of them. They are in no order.
func (s *Scanner) Nearest(list []uint64, query *Code, k int) []int32 {
	n := len(list) / Words
	distances := s.take(n)
	defer s.scratch.Put(&distances)
	limit := threshold(s.count(list, query, distances), k)
	out := make([]int32, 0, k+16)
	for i, d := range distances {
		if d <= limit {
			out = append(out, int32(i))
		}
	}
	return out
}

func (s *Scanner) take(n int) []uint16 {
	if kept, ok := s.scratch.Get().(*[]uint16); ok && cap(*kept) >= n {
		return (*kept)[:n]
	}
	return make([]uint16, n, n+n/8)
}

// histogram is how many codes there are at each distance.
type histogram [qlp.Dimensions + 1]int32

// count writes every code's distance, on as many processors as are worth it.
func (s *Scanner) count(list []uint64, query *Code, distances []uint16) *histogram {
	parts := min(len(distances)/alone, runtime.GOMAXPROCS(0))
	if parts < 2 {
		h := &histogram{}
		scan(list, query, distances, h)
		return h
	}
	of := make([]histogram, parts)
	var wait sync.WaitGroup
	for p := range of {
		from, to := p*len(distances)/parts, (p+1)*len(distances)/parts
		wait.Go(func() { scan(list[from*Words:to*Words], query, distances[from:to], &of[p]) })
	}
	wait.Wait()
	for p := range of[1:] {
		for d, n := range of[p+1] {
			of[0][d] += n
		}
	}
	return &of[0]
}

// threshold is the smallest distance within which there are k codes.
func threshold(h *histogram, k int) uint16 {
	sum := 0
	for d, n := range h {
		if sum += int(n); sum >= k {
			return uint16(d)
		}
	}
	return qlp.Dimensions
}

// scan is the loop that everything waits for: three times eight words, without a bound to check.
func scan(list []uint64, query *Code, distances []uint16, h *histogram) {
	q := *query
	for i := range distances {
		c := (*Code)(list[i*Words:])
		n := 0
		for w := 0; w+7 < Words; w += 8 {
			n += bits.OnesCount64(c[w]^q[w]) + bits.OnesCount64(c[w+1]^q[w+1]) +
				bits.OnesCount64(c[w+2]^q[w+2]) + bits.OnesCount64(c[w+3]^q[w+3]) +
				bits.OnesCount64(c[w+4]^q[w+4]) + bits.OnesCount64(c[w+5]^q[w+5]) +
				bits.OnesCount64(c[w+6]^q[w+6]) + bits.OnesCount64(c[w+7]^q[w+7])
		}
		distances[i] = uint16(n)
		h[n]++
	}
}
