package offline

import (
	"context"
	"math"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/vector/spelling"
)

// ID of the embedder. It changes with anything that changes a vector.
const ID = "offline/1"

// The share of each kind of feature: what a word brings, and what comes beside it. Chosen on a part of the training data of two
// public sets that was kept apart; see docs/adr/0052-similarity.md.
const (
	shareWord  = 1.0
	shareStem  = 1.0
	sharePair  = 0.6
	sharePiece = 1.0
)

// The lengths of the groups of letters.
const (
	shortestPiece = 3
	longestPiece  = 5
)

// mostTokens bounds the work on a text that is as long as an intent may be; what follows does not count.
const mostTokens = 4096

// Embedder is safe for concurrent use.
type Embedder struct{ weights map[string]float32 }

// New reads the table of weights.
func New() (*Embedder, error) {
	weights, err := readWeights()
	if err != nil {
		return nil, err
	}
	return &Embedder{weights}, nil
}

// ID names the embedder and its version.
func (*Embedder) ID() string { return ID }

// Embed returns a vector for each text. A text without a letter, a digit or a sign is an invalid error.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	out := make([][]float32, 0, len(texts))
	for _, text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, qlp.Errorf(qlp.Unavailable, "the vectors were not waited for: %w", context.Cause(ctx))
		}
		v := e.vector(text)
		if v == nil {
			return nil, qlp.Errorf(qlp.Invalid, "there is no word in the text %.40q", text).WithRemedy("say it in words")
		}
		out = append(out, v)
	}
	return out, nil
}

// vector adds every feature up. It is nil for a text without a token.
func (e *Embedder) vector(text string) []float32 {
	tokens := tokens(text, mostTokens)
	if len(tokens) == 0 {
		return nil
	}
	sums := make([]float64, qlp.Dimensions)
	for _, f := range e.features(tokens) {
		add(sums, f.name, f.weight)
	}
	return normalised(sums, tokens[0])
}

// feature is one thing that a text has, however often.
type feature struct {
	name   string
	weight float64
}

// features lists what the text has, each once, in the order of the text: a sum of floats must not depend on a map's order. A
// word that comes often counts by the root of how often.
func (e *Embedder) features(tokens []string) []feature {
	var list []feature
	at := make(map[string]int, 64*len(tokens))
	have := func(name string, weight float64) {
		if i, ok := at[name]; ok {
			list[i].weight = math.Sqrt(list[i].weight*list[i].weight + weight*weight)
			return
		}
		at[name] = len(list)
		list = append(list, feature{name, weight})
	}
	before, last := "", 0.0
	for _, token := range tokens {
		w := e.weight(token)
		have("w"+token, shareWord*w)
		root := spelling.Stem(token)
		have("s"+root, shareStem*w)
		if before != "" {
			have("p"+before+" "+root, sharePair*math.Sqrt(w*last))
		}
		before, last = root, w
		list := pieces(token)
		for _, piece := range list {
			have("c"+piece, sharePiece*w/math.Sqrt(float64(len(list))))
		}
	}
	return list
}

// add puts a feature into two places, with a sign for each, all four taken from one hash.
func add(sums []float64, name string, weight float64) {
	h := hash(name)
	for range 2 {
		place, sign := h%qlp.Dimensions, (h>>31)&1
		if sign == 0 {
			sums[place] += weight
		} else {
			sums[place] -= weight
		}
		h = mixed(h)
	}
}

// hash is FNV-1a of 64 bits, mixed, because its low bits alone are not even enough.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h ^= uint64(s[i])
		h *= 1099511628211
	}
	return mixed(h)
}

// mixed spreads the bits, as the end of MurmurHash3 does.
func mixed(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	h ^= h >> 33
	return h
}

// normalised makes it length 1. If everything has cancelled out, which no text is known to do, the first word alone counts.
func normalised(sums []float64, first string) []float32 {
	length := 0.0
	for _, x := range sums {
		length += x * x
	}
	if length < 1e-12 {
		clear(sums)
		sums[hash(first)%qlp.Dimensions], length = 1, 1
	}
	length = math.Sqrt(length)
	v := make([]float32, len(sums))
	for i, x := range sums {
		v[i] = float32(x / length)
	}
	return v
}
