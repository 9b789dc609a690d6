package codes

import "github.com/quantumlayer/qlp/internal/qlp"

// turn rotates vectors in a way that looks random and is always the same: the numbers of an embedding are of very unequal size,
// and those of a hashed text mostly zero, so that their signs alone would say little. It keeps angles. It is frozen: codes in
// databases were made with it.
type turn struct {
	sign  [2][qlp.Dimensions]float32
	order [2][qlp.Dimensions]int32
}

// third is the length of a transform: the largest power of two that divides the dimensions.
const third = qlp.Dimensions / 3

func newTurn() *turn {
	t := &turn{}
	state := uint64(0x9e3779b97f4a7c15)
	next := func() uint64 { // SplitMix64
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	for round := range t.sign {
		for i := range t.sign[round] {
			t.sign[round][i] = 1
			if next()>>63 == 1 {
				t.sign[round][i] = -1
			}
			t.order[round][i] = int32(i)
		}
		for i := qlp.Dimensions - 1; i > 0; i-- {
			j := next() % uint64(i+1)
			t.order[round][i], t.order[round][j] = t.order[round][j], t.order[round][i]
		}
	}
	return t
}

func (t *turn) apply(v *[qlp.Dimensions]float32) {
	var next [qlp.Dimensions]float32
	for round := range t.sign {
		for i, from := range t.order[round] {
			next[i] = v[from] * t.sign[round][i]
		}
		for at := 0; at < qlp.Dimensions; at += third {
			hadamard(next[at : at+third])
		}
		*v = next
	}
}

// hadamard transforms in place. Lengths grow by the root of its length, which signs and scaled integers do not mind.
func hadamard(v []float32) {
	for half := 1; half < len(v); half *= 2 {
		for at := 0; at < len(v); at += 2 * half {
			a, b := v[at:at+half], v[at+half:at+2*half]
			for i := range a {
				a[i], b[i] = a[i]+b[i], a[i]-b[i]
			}
		}
	}
}
