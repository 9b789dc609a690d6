// Package codes is the arithmetic of searching vectors in memory: a vector as 1,536 bits, whose distance to another is counted
// in a few machine instructions, and as 1,536 small integers, whose product is nearly the exact one.
//
// It never answers by itself: what it finds near is scored exactly by whoever has the vectors. It keeps nothing, and knows no
// database.
//
// Arrows: qlp.
package codes

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Words is the number of machine words of a code.
const Words = qlp.Dimensions / 64

// Bytes is the length of a code in a database.
const Bytes = qlp.Dimensions / 8

// Code is the signs of a vector that was centred and turned, a bit each.
type Code [Words]uint64

// Pack returns the code as bytes.
func (c *Code) Pack() []byte {
	b := make([]byte, 0, Bytes)
	for _, w := range c {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

// Unpack adds the words of a packed code to a list; ok is false for bytes of another length.
func Unpack(list []uint64, b []byte) (_ []uint64, ok bool) {
	if len(b) != Bytes {
		return list, false
	}
	for at := 0; at < Bytes; at += 8 {
		list = append(list, binary.LittleEndian.Uint64(b[at:]))
	}
	return list, true
}

// Coder makes codes that can be compared with each other. Two coders make the same of the same vector if their means are equal.
type Coder struct {
	mean []float32
	turn *turn
}

// New returns a coder that centres on mean; nil centres on nothing.
func New(mean []float32) *Coder { return &Coder{mean, newTurn()} }

// Centred returns a coder that centres on mean, and shares the rest with this one.
func (c *Coder) Centred(mean []float32) *Coder { return &Coder{mean, c.turn} }

// Code returns the code of a vector of qlp.Dimensions numbers.
func (c *Coder) Code(v []float32) Code {
	var x [qlp.Dimensions]float32
	copy(x[:], v)
	for i, m := range c.mean {
		x[i] -= m
	}
	c.turn.apply(&x)
	var code Code
	for i, f := range x {
		code[i/64] |= uint64(1^math.Float32bits(f)>>31) << (i % 64)
	}
	return code
}

// Distance counts the bits in which two codes differ.
func Distance(a, b *Code) int {
	n := 0
	for i := range a {
		n += bits.OnesCount64(a[i] ^ b[i])
	}
	return n
}

// Mean returns the mean of vectors.
func Mean(vectors [][]float32) []float32 {
	sum := make([]float64, qlp.Dimensions)
	for _, v := range vectors {
		for i, x := range v {
			sum[i] += float64(x)
		}
	}
	out := make([]float32, len(sum))
	for i, s := range sum {
		out[i] = float32(s / float64(max(len(vectors), 1)))
	}
	return out
}
