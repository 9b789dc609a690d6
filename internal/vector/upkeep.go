package vector

import (
	"context"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Upkeep is what re-embedding asks an index, for every tenant at once. Safe for concurrent use; errors as those of Index.
type Upkeep interface {
	// Missing returns intents without a vector, with their tenant and words, by id, after an id: those that have none of this
	// embedder, or, with "", those that have none at all. Limit is 1 to 1,000.
	Missing(ctx context.Context, embedder, after string, limit int) ([]qlp.Embedding, error)
	// Counts says how many intents there are, and how many have a vector, by embedder.
	Counts(ctx context.Context) (Counts, error)
	// Sample returns up to n vectors of a tenant and an embedder, taken from all over.
	Sample(ctx context.Context, tenant, embedder string, n int) ([]qlp.Embedding, error)
}

// Counts of intents.
type Counts struct {
	Intents int
	Vectors map[string]int // by embedder
}
