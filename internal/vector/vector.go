// Package vector finds what is near: intents by the vector of their words, and by the words themselves.
//
// It never makes a vector (embedding does), never compares vectors of two embedders, never shows one tenant another's, and
// never puts its two answers into one order (similarity does).
//
// Arrows: qlp. A driver is a folder below, beside the database whose transaction it writes in: sqlite/ keeps 1-bit codes in
// memory and rescores exactly, pgvector/ asks an index of PostgreSQL. codes/ is the arithmetic of the former.
package vector

import (
	"context"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Index answers from what was committed: it is written in the transaction of the intent, through the store.
//
// Safe for concurrent use. A tenant that has nothing has no hits and no error. Errors: invalid for a vector of another length
// or that is no number, unavailable for a database that cannot be asked.
type Index interface {
	// Nearest returns the intents nearest to a vector, the nearest first, each once.
	Nearest(ctx context.Context, q Query) ([]Hit, error)
	// Matching returns the intents whose words match best, the best first. Words that nearly every intent has count for nothing.
	Matching(ctx context.Context, q TextQuery) ([]TextHit, error)
}

// Query is one search by vector.
type Query struct {
	Tenant   string
	Embedder string
	Vector   []float32 // qlp.Dimensions numbers, of length 1
	Limit    int       // 1 to 200
	// Exact looks at every vector of the tenant; else an index may miss some. `qlp vector verify` compares the two.
	Exact bool
}

// Hit is an intent and its cosine similarity, -1 to 1.
type Hit struct {
	IntentID   string
	Similarity float64
}

// TextQuery is one search by words.
type TextQuery struct {
	Tenant string
	Words  string
	Limit  int // 1 to 200
}

// TextHit is an intent whose words match.
type TextHit struct {
	IntentID string
	Source   Source
	Rank     int      // from 1 within its source
	Terms    []string // the words of the query that were found, as they stand in it
}

// Source says by what words were matched.
type Source string

// The sources of text hits: whole words by their stems, and groups of three letters, which forgive spelling.
const (
	Stems    Source = "stems"
	Trigrams Source = "trigrams"
)

// Check refuses a vector that cannot be kept or searched with.
func Check(v []float32) error {
	if len(v) != qlp.Dimensions {
		return qlp.Errorf(qlp.Invalid, "a vector has %d numbers, not %d", len(v), qlp.Dimensions)
	}
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if !(sum > 0.98 && sum < 1.02) { // also not a number
		return qlp.Errorf(qlp.Invalid, "a vector must have length 1; its square is %v", sum)
	}
	return nil
}
