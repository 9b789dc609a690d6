package synth

import (
	"math"
	"math/rand/v2"
)

// rotation turns vectors at random, in n log n: two rounds of random signs, a random order, and Hadamard's transform of each
// third. It keeps lengths and angles.
type rotation struct {
	sign  [2][]float32
	order [2][]int
}

const third = Dimensions / 3 // a power of two

func newRotation(r *rand.Rand) *rotation {
	t := &rotation{}
	for round := range t.sign {
		t.order[round] = r.Perm(Dimensions)
		t.sign[round] = make([]float32, Dimensions)
		for i := range t.sign[round] {
			t.sign[round][i] = 1
			if r.Uint32()&1 == 0 {
				t.sign[round][i] = -1
			}
		}
	}
	return t
}

func (t *rotation) apply(v []float32) {
	var next [Dimensions]float32
	for round := range t.sign {
		for i, from := range t.order[round] {
			next[i] = v[from] * t.sign[round][i]
		}
		for at := 0; at < Dimensions; at += third {
			hadamard(next[at : at+third])
		}
		copy(v, next[:])
	}
}

func hadamard(v []float32) {
	for half := 1; half < len(v); half *= 2 {
		for at := 0; at < len(v); at += 2 * half {
			for i := at; i < at+half; i++ {
				v[i], v[i+half] = v[i]+v[i+half], v[i]-v[i+half]
			}
		}
	}
	by := float32(1 / math.Sqrt(float64(len(v))))
	for i := range v {
		v[i] *= by
	}
}
