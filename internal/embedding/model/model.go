// Package model turns words into vectors by asking a model.
//
// It never cuts a longer vector: a model whose vectors have more than qlp.Dimensions numbers is refused. Shorter ones are filled
// up with zeros, which changes no cosine.
//
// Arrows: embedding, qlp. Whom to ask, and the ledger of it, it is given.
package model

import (
	"context"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/quantumlayer/qlp/internal/embedding"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// mostText is what a model is given of a text, in bytes: models of vectors read 8,192 tokens, which four bytes make in English and
// two in other languages. The beginning says what is wanted.
const mostText = 16 << 10

// Ask has a model make a vector for each text, all of one length.
type Ask func(ctx context.Context, texts []string) ([][]float32, error)

// Embedder is safe for concurrent use if Ask is.
type Embedder struct {
	id  string
	ask Ask
}

var _ embedding.Embedder = (*Embedder)(nil)

// New returns the embedder of a model: choice is provider/model, and its ID.
func New(choice string, ask Ask) *Embedder { return &Embedder{choice, ask} }

// ID is the provider and the model.
func (e *Embedder) ID() string { return e.id }

// Embed asks for all texts at once. A text without words is an invalid error, and so is a model whose vectors are too long;
// anything else that the model answers is unavailable.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	asked := make([]string, len(texts))
	for i, text := range texts {
		if asked[i] = begin(text); asked[i] == "" {
			return nil, qlp.Errorf(qlp.Invalid, "there is no word in the text").WithRemedy("say it in words")
		}
	}
	if len(asked) == 0 {
		return nil, nil
	}
	vectors, err := e.ask(ctx, asked)
	if err != nil {
		return nil, err
	}
	if len(vectors) != len(texts) {
		return nil, qlp.Errorf(qlp.Unavailable, "%s made %d vectors of %d texts", e.id, len(vectors), len(texts))
	}
	out := make([][]float32, len(vectors))
	for i, v := range vectors {
		if out[i], err = e.fitted(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// begin is as much of a text as a model is given, at the border of a character.
func begin(text string) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, " "))
	if len(text) <= mostText {
		return text
	}
	at := mostText
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	return text[:at]
}

// fitted makes a vector as long as all are, and of length 1.
func (e *Embedder) fitted(v []float32) ([]float32, error) {
	if len(v) > qlp.Dimensions {
		return nil, qlp.Errorf(qlp.Invalid, "the vectors of %s have %d numbers, and at most %d are kept", e.id, len(v), qlp.Dimensions).
			WithRemedy("choose a model with shorter vectors as the embedder, text-embedding-3-small for example")
	}
	square := 0.0
	for _, x := range v {
		square += float64(x) * float64(x)
	}
	length := math.Sqrt(square)
	if !(length > 1e-9) || math.IsInf(length, 0) { // also not a number
		return nil, qlp.Errorf(qlp.Unavailable, "%s made a vector without a direction", e.id)
	}
	out := make([]float32, qlp.Dimensions)
	for i, x := range v {
		out[i] = float32(float64(x) / length)
	}
	return out, nil
}
