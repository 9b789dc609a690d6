package qlp

import (
	"strings"
	"time"
)

// Similar is a past intent whose words are near, with what was built of it. It is offered, never used silently.
type Similar struct {
	IntentID string `json:"intent"`
	Words    string `json:"words"`
	// State and Reason are the intent's own, so that nobody starts from what had failed without knowing.
	State   State   `json:"state"`
	Reason  string  `json:"reason,omitempty"`
	Title   string  `json:"title,omitempty"`   // of its Spec
	Stack   string  `json:"stack,omitempty"`   // of its Spec
	RunID   string  `json:"run,omitempty"`     // the latest
	Verdict Verdict `json:"verdict,omitempty"` // of that run
	// Capsule is what that run ended with; nil for none.
	Capsule  *CapsuleRef `json:"capsule,omitempty"`
	Revision int         `json:"revision"`
	// Score is the fused rank: 1 for what comes first by each way of searching, towards 0 for what comes late in one.
	Score float64 `json:"score"`
	// Similarity is the cosine of the two vectors, -1 to 1; nil where the search by vectors did not find it.
	Similarity *float64  `json:"similarity,omitempty"`
	Terms      []string  `json:"terms,omitempty"` // words of the question that stand in it, as the question has them
	SameWords  bool      `json:"same_words,omitempty"`
	Created    time.Time `json:"created_at"`
}

// SimilarFound is what a search for similar intents has found, the nearest first.
type SimilarFound struct {
	Embedder string    `json:"embedder"` // whose vectors were compared
	Items    []Similar `json:"items"`
	// Missing says why a way of searching was left out; "" where none was.
	Missing string `json:"missing,omitempty"`
}

// SearchWords are what an intent is found by: its words, or, where a Spec was handed in without any, the names in that.
func SearchWords(in Intent) string {
	if strings.TrimSpace(in.Words) != "" || in.Spec == nil {
		return in.Words
	}
	var b strings.Builder
	add := func(words ...string) {
		for _, w := range words {
			if w != "" {
				b.WriteString(strings.ReplaceAll(w, "_", " ") + "\n")
			}
		}
	}
	add(in.Spec.Title, in.Spec.Summary)
	for _, e := range in.Spec.Entities {
		add(e.Plural)
		for _, f := range e.Fields {
			add(e.Name + " " + f.Name)
		}
	}
	for _, c := range in.Spec.Commands {
		add(c.Name)
	}
	add(in.Spec.Rules...)
	words := b.String()
	return strings.ToValidUTF8(words[:min(len(words), MaxIntent)], "")
}

// EmbeddingStatus says how many intents can be found by their vectors.
type EmbeddingStatus struct {
	Embedder string         `json:"embedder"` // that makes vectors now
	Intents  int            `json:"intents"`
	Vectors  map[string]int `json:"vectors"` // by the embedder that made them
	Missing  int            `json:"missing"` // intents without a vector of the embedder that makes them now
}

// VectorCheck compares what an index finds with what looking at every vector finds, on a tenant's own vectors.
type VectorCheck struct {
	Embedder string    `json:"embedder"`
	Vectors  int       `json:"vectors"` // of the embedder
	Queries  int       `json:"queries"` // vectors of the tenant's, taken from all over
	Hits     int       `json:"hits"`    // that each asked for
	Recall   float64   `json:"recall"`  // share of the hits of looking at every vector that the index finds, 0 to 1
	First    Latencies `json:"first"`   // of the index when it is asked a question for the first time, and has vectors still to read
	Index    Latencies `json:"index"`   // of the index when it is asked again
	Exact    Latencies `json:"exact"`   // of looking at every vector
}

// Latencies are quantiles of a measured time, in milliseconds.
type Latencies struct {
	P50MS float64 `json:"p50_ms"`
	P95MS float64 `json:"p95_ms"`
}
