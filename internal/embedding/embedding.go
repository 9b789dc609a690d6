// Package embedding turns words into vectors.
//
// It never keeps one (the store does), and never hides that a vector could not be made: there is no vector in place of a
// missing one.
//
// Arrows: qlp, llm for the embedders that ask a model. offline/ needs nobody.
package embedding

import "context"

// Embedder makes vectors of qlp.Dimensions numbers, of length 1.
//
// Safe for concurrent use. Embed returns one vector for each text, in order; the same text gives the same vector as long as
// ID is the same. It returns when ctx is done. Errors: invalid for a text that cannot be one (empty), unavailable or exhausted
// when a model cannot be asked.
type Embedder interface {
	// ID names the embedder and its version: offline/1, openai/text-embedding-3-small. It changes whenever vectors do.
	ID() string
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}
