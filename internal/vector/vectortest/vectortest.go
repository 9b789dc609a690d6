// Package vectortest is the conformance suite of vector.Index: a database's index is supported when this passes on it.
//
// It never looks behind the interfaces, and never mocks: what is searched was written by the store's transactions.
//
// Arrows: vector, store, qlp, testing.
package vectortest

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/vector"
)

// Fixture is an index with the store that writes to it, both empty.
type Fixture struct {
	Store  store.Store
	Index  vector.Index
	Upkeep vector.Upkeep // nil: its tests are skipped
}

const embedder = "test/1"

// Run runs the suite. open returns a fixture that it closes at the end of the test.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	for name, test := range map[string]func(*testing.T, Fixture){
		"the nearest come first":              testNearest,
		"tenants are apart":                   testTenants,
		"embedders are apart":                 testEmbedders,
		"a put takes the place of the last":   testReplace,
		"a rollback leaves nothing":           testRollback,
		"no vector, but words":                testNoVector,
		"an index finds what is there":        testRecall,
		"words match by their stems":          testStems,
		"words match in spite of spelling":    testTrigrams,
		"words of everybody count for little": testFrequent,
		"words can be anything":               testHostile,
		"a bad question is refused":           testInvalid,
		"nothing is no error":                 testEmpty,
		"puts and searches at the same time":  testConcurrent,
		"upkeep":                              testUpkeep,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// put adds an intent with an embedding, and returns its id.
func (f Fixture) put(t *testing.T, e qlp.Embedding) string {
	t.Helper()
	if e.IntentID == "" {
		e.IntentID = uuid.Must(uuid.NewV7()).String()
	}
	if e.Tenant == "" {
		e.Tenant = qlp.DefaultTenant
	}
	if e.Words == "" {
		e.Words = "words"
	}
	err := f.Store.Tx(context.WithoutCancel(t.Context()), func(tx store.Tx) error { return insert(t.Context(), tx, e) })
	if err != nil {
		t.Fatalf("put %s: %v", e.Words, err)
	}
	return e.IntentID
}

func insert(ctx context.Context, tx store.Tx, e qlp.Embedding) error {
	if err := tx.InsertIntent(ctx, qlp.Intent{ID: e.IntentID, Tenant: e.Tenant, Words: e.Words}, "", ""); err != nil {
		return err
	}
	return tx.PutEmbedding(ctx, e)
}

func (f Fixture) again(t *testing.T, e qlp.Embedding) {
	t.Helper()
	if err := f.Store.Tx(t.Context(), func(tx store.Tx) error { return tx.PutEmbedding(t.Context(), e) }); err != nil {
		t.Fatal(err)
	}
}

// nearest searches the default tenant, both ways, which must agree, and returns the ids.
func (f Fixture) nearest(t *testing.T, q vector.Query) []string {
	t.Helper()
	if q.Tenant == "" {
		q.Tenant = qlp.DefaultTenant
	}
	if q.Embedder == "" {
		q.Embedder = embedder
	}
	var got [2][]vector.Hit
	for i, exact := range []bool{false, true} {
		q.Exact = exact
		var err error
		if got[i], err = f.Index.Nearest(t.Context(), q); err != nil {
			t.Fatalf("nearest (exact %v): %v", exact, err)
		}
		ordered(t, got[i])
	}
	if len(got[0]) != len(got[1]) {
		t.Fatalf("%d hits, and %d when every vector is looked at", len(got[0]), len(got[1]))
	}
	var ids []string
	for i, h := range got[0] {
		if math.Abs(h.Similarity-got[1][i].Similarity) > 1e-3 {
			t.Fatalf("hit %d: similarity %v, and %v when every vector is looked at", i, h.Similarity, got[1][i].Similarity)
		}
		ids = append(ids, h.IntentID)
	}
	return ids
}

func ordered(t *testing.T, hits []vector.Hit) {
	t.Helper()
	seen := map[string]bool{}
	for i, h := range hits {
		if seen[h.IntentID] {
			t.Fatalf("intent %s came twice", h.IntentID)
		}
		if seen[h.IntentID] = true; i > 0 && h.Similarity > hits[i-1].Similarity+1e-6 {
			t.Fatalf("hit %d is nearer than the one before it: %v", i, hits)
		}
	}
}

func (f Fixture) matching(t *testing.T, tenant, words string) []vector.TextHit {
	t.Helper()
	hits, err := f.Index.Matching(t.Context(), vector.TextQuery{Tenant: tenant, Words: words, Limit: 20})
	if err != nil {
		t.Fatalf("matching %q: %v", words, err)
	}
	last := map[vector.Source]int{}
	for _, h := range hits {
		if last[h.Source]++; h.Rank != last[h.Source] {
			t.Fatalf("matching %q: rank %d follows rank %d in %s", words, h.Rank, last[h.Source]-1, h.Source)
		}
	}
	return hits
}

// of returns the ids of one source, in order.
func of(hits []vector.TextHit, source vector.Source) (ids []string) {
	for _, h := range hits {
		if h.Source == source {
			ids = append(ids, h.IntentID)
		}
	}
	return ids
}

// Vector draws a vector of length 1.
func Vector(r *rand.Rand) []float32 {
	v := make([]float32, qlp.Dimensions)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return unit(v)
}

// Near draws a vector at about a cosine to another.
func Near(r *rand.Rand, v []float32, cosine float64) []float32 {
	other := Vector(r) // in this many dimensions, nearly at a right angle
	out := make([]float32, len(v))
	for i := range v {
		out[i] = float32(cosine)*v[i] + float32(math.Sqrt(1-cosine*cosine))*other[i]
	}
	return unit(out)
}

func unit(v []float32) []float32 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}

// random is the same at every run.
func random() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }
