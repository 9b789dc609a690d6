// Package synth makes vectors that look like embeddings, for benchmarks of similarity search: the same shape, counts and seed
// give the same vectors on every machine.
//
// It never claims to be real: recall on real embeddings is measured on them, by `qlp vector verify`.
//
// Arrows: none.
package synth

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
)

// Dimensions of every vector.
const Dimensions = 1536

// Shape is how the vectors lie.
type Shape string

// The shapes. Aniso has clusters of unequal sizes with a covariance that falls off as that of embeddings does, turned so that no
// axis is special; Iso has clusters that are the same in every direction, which is hard for graphs.
const (
	Aniso Shape = "aniso"
	Iso   Shape = "iso"
)

const clusters = 500

// Set is what is searched and what is searched for, each vector of length 1.
type Set struct {
	Rows, Queries [][]float32
}

// Make draws a set. The queries come from the same mixture and are none of the rows.
func Make(shape Shape, rows, queries int, seed uint64) Set {
	m := newMixture(shape, seed)
	all := make([][]float32, rows+queries)
	flat := make([]float32, len(all)*Dimensions)
	var wait sync.WaitGroup
	next := make(chan int, 64)
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := range next {
				all[i] = flat[i*Dimensions : (i+1)*Dimensions : (i+1)*Dimensions]
				m.draw(all[i], uint64(i))
			}
		})
	}
	for i := range all {
		next <- i
	}
	close(next)
	wait.Wait()
	return Set{Rows: all[:rows], Queries: all[rows:]}
}

// mixture is the distribution that vectors are drawn from.
type mixture struct {
	seed    uint64
	centres [][]float32
	share   []float64 // cumulative, of the clusters
	noise   []float64 // standard deviation by dimension
	turn    *rotation // nil: none
}

func newMixture(shape Shape, seed uint64) *mixture {
	r := rand.New(rand.NewPCG(seed, 1))
	m := &mixture{seed: seed, noise: make([]float64, Dimensions)}
	spread := make([]float64, Dimensions)
	for i := range spread {
		if shape == Iso {
			spread[i], m.noise[i] = 1, 0.78
		} else {
			spread[i], m.noise[i] = math.Sqrt(1/float64(i+5)), 0.62*math.Sqrt(1/math.Pow(float64(i+5), 0.9))
		}
	}
	if shape == Aniso {
		m.turn = newRotation(r)
	}
	sum := 0.0
	for range clusters {
		c := make([]float32, Dimensions)
		for i := range c {
			c[i] = float32(r.NormFloat64() * spread[i])
		}
		m.centres = append(m.centres, c)
		size := 1.0
		if shape == Aniso {
			size = math.Exp(r.NormFloat64())
		}
		sum += size
		m.share = append(m.share, sum)
	}
	for i := range m.share {
		m.share[i] /= sum
	}
	return m
}

// draw fills v with the number-th vector.
func (m *mixture) draw(v []float32, number uint64) {
	r := rand.New(rand.NewPCG(m.seed, number+2))
	at, cluster := r.Float64(), 0
	for cluster < clusters-1 && m.share[cluster] < at {
		cluster++
	}
	for i, c := range m.centres[cluster] {
		v[i] = c + float32(r.NormFloat64()*m.noise[i])
	}
	if m.turn != nil {
		m.turn.apply(v)
	}
	normalise(v)
}

func normalise(v []float32) {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	by := float32(1 / math.Sqrt(sum))
	for i := range v {
		v[i] *= by
	}
}
