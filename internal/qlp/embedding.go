package qlp

// Dimensions is the length of every vector that is kept.
const Dimensions = 1536

// Embedding is an intent's words as a vector, and as what a search by words reads.
type Embedding struct {
	IntentID string
	Tenant   string
	Embedder string    // id and version of what made the vector: offline/1. Vectors of two embedders are never compared
	Vector   []float32 // Dimensions numbers, of length 1; nil where none could be made yet
	Words    string    // as they were handed in
}
