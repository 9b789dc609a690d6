package codes

import (
	"math"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Small is a vector in a quarter of its bytes: turned, so that its numbers are of like size, and rounded to 8 bits.
type Small struct {
	Numbers [qlp.Dimensions]int8
	scale   float32
}

// SmallBytes is what a Small takes in memory.
const SmallBytes = qlp.Dimensions + 4

// Small rounds a vector.
func (c *Coder) Small(v []float32) *Small {
	var x [qlp.Dimensions]float32
	copy(x[:], v)
	c.turn.apply(&x)
	most := float32(0)
	for _, f := range x {
		most = max(most, f, -f)
	}
	s := &Small{scale: 1}
	if most == 0 {
		return s
	}
	by := 127 / most
	var length float64
	for i, f := range x {
		n := math.Round(float64(f * by))
		s.Numbers[i] = int8(n)
		length += n * n
	}
	s.scale = float32(1 / math.Sqrt(length))
	return s
}

// Cosine of two vectors, within about 0.0005.
func (s *Small) Cosine(o *Small) float32 {
	var s0, s1, s2, s3 int32
	a, b := &s.Numbers, &o.Numbers
	for i := 0; i < qlp.Dimensions; i += 4 {
		s0 += int32(a[i]) * int32(b[i])
		s1 += int32(a[i+1]) * int32(b[i+1])
		s2 += int32(a[i+2]) * int32(b[i+2])
		s3 += int32(a[i+3]) * int32(b[i+3])
	}
	return float32(s0+s1+s2+s3) * s.scale * o.scale
}

// Dot is the exact product: the cosine of two vectors of length 1.
func Dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	for i := 0; i+3 < len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	return s0 + s1 + s2 + s3
}
