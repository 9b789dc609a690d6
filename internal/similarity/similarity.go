// Package similarity makes intents findable, and finds those that are like one: by their vectors and by their words, in one order.
//
// It never decides that a past intent is used again (a person does), never compares vectors of two embedders, never shows one
// tenant another's, and never hides that one of its ways of searching was left out.
//
// Arrows: qlp, store, vector and embedding, whose drivers it is given.
package similarity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quantumlayer/qlp/internal/embedding"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/vector"
)

const (
	// embedWithin bounds how long an intent waits for its vector; one that has none then gets it later.
	embedWithin = 2 * time.Second
	// offered is how many similar intents are shown to whoever hands one in, and near the cosine from which on one is: two
	// services that share the usual words alone (a REST API in Go for …) have 0.40 with the offline embedder.
	offered = 5
	near    = 0.45
)

// Deps are what a Finder stands on. All are required.
type Deps struct {
	Store    store.Store
	Index    vector.Index
	Upkeep   vector.Upkeep
	Embedder embedding.Embedder
	Log      *slog.Logger
}

// Finder is safe for concurrent use.
type Finder struct{ Deps }

// New returns a Finder.
func New(d Deps) *Finder {
	d.Log = d.Log.With("room", "similarity")
	return &Finder{d}
}

// Query is one search. Its zero values mean what is beside them.
type Query struct {
	Tenant string // qlp.DefaultTenant
	Words  string
	Limit  int     // 1 to 50; 10
	Except string  // an intent that is not to be found: the one that is asked about
	Near   float64 // the smallest cosine, or less where the words are the same: any
}

// Find returns the intents that are most like words, the likest first. Errors: invalid for words that cannot be searched with,
// unavailable where no way of searching works.
func (f *Finder) Find(ctx context.Context, q Query) (qlp.SimilarFound, error) {
	if q.Limit == 0 {
		q.Limit = 10
	}
	found := qlp.SimilarFound{Embedder: f.Embedder.ID(), Items: []qlp.Similar{}}
	if err := qlp.CheckWords(q.Words); err != nil {
		return found, err
	}
	if q.Limit < 1 || q.Limit > 50 {
		return found, qlp.Errorf(qlp.Invalid, "a search returns 1 to 50 intents, not %d", q.Limit)
	}
	if q.Tenant == "" {
		q.Tenant = qlp.DefaultTenant
	}
	ranks, missing, err := f.search(ctx, q)
	if err != nil {
		return found, err
	}
	found.Missing = missing
	return found, f.shown(ctx, q, fuse(ranks), &found)
}

// search asks both indexes at once. One of them may fail: then the answer is the other's, and missing says so.
func (f *Finder) search(ctx context.Context, q Query) (r ranks, missing string, err error) {
	depth := min(200, 50+2*q.Limit)
	var both errgroup.Group
	var byVector, byWords error
	both.Go(func() error {
		var vectors [][]float32
		if vectors, byVector = f.Embedder.Embed(ctx, []string{q.Words}); byVector == nil {
			r.near, byVector = f.Index.Nearest(ctx, vector.Query{Tenant: q.Tenant, Embedder: f.Embedder.ID(), Vector: vectors[0], Limit: depth})
		}
		return nil
	})
	both.Go(func() error {
		r.words, byWords = f.Index.Matching(ctx, vector.TextQuery{Tenant: q.Tenant, Words: q.Words, Limit: depth})
		return nil
	})
	_ = both.Wait() // neither returns one
	switch {
	case byVector != nil && byWords != nil:
		return r, "", fmt.Errorf("search for similar intents: %w", errors.Join(byVector, byWords))
	case byVector != nil:
		missing = "the search by vectors: " + byVector.Error()
	case byWords != nil:
		missing = "the search by words: " + byWords.Error()
	}
	if missing != "" {
		f.Log.WarnContext(ctx, "Search incomplete", "missing", missing)
	}
	return r, missing, nil
}

// shown reads the intents that are to be shown, in the order of their ranks, until there are enough.
func (f *Finder) shown(ctx context.Context, q Query, list []candidate, found *qlp.SimilarFound) error {
	words := normal(q.Words)
	scoped := store.Scoped{Of: f.Store, Tenant: q.Tenant}
	err := scoped.Read(ctx, func(r store.Reader) error {
		for _, c := range list {
			if len(found.Items) == q.Limit {
				return nil
			}
			if c.id == q.Except {
				continue
			}
			in, err := r.Intent(ctx, c.id)
			if qlp.CodeOf(err) == qlp.NotFound { // erased since
				continue
			}
			if err != nil {
				return err
			}
			s := similar(in, c)
			s.SameWords = normal(in.Words) == words
			if q.Near > 0 && !s.SameWords && (s.Similarity == nil || *s.Similarity < q.Near) {
				continue
			}
			found.Items = append(found.Items, s)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read similar intents: %w", err)
	}
	return nil
}

func similar(in qlp.Intent, c candidate) qlp.Similar {
	s := qlp.Similar{
		IntentID: in.ID, Words: in.Words, State: in.State, Reason: in.Reason, Revision: in.Revision, Created: in.Created,
		Score: c.score, Similarity: c.similarity, Terms: c.terms,
	}
	if in.Spec != nil {
		s.Title, s.Stack = in.Spec.Title, in.Spec.Stack
	}
	if in.Run != nil {
		s.RunID, s.Verdict, s.Capsule = in.Run.ID, in.Run.Verdict, in.Run.Capsule
	}
	return s
}

// normal is what words are compared by: small letters, one space.
func normal(words string) string { return strings.ToLower(strings.Join(strings.Fields(words), " ")) }

// Offer finds what whoever has handed an intent in may want to see first: past intents that are near.
func (f *Finder) Offer(ctx context.Context, in qlp.Intent) (qlp.SimilarFound, error) {
	ctx, cancel := context.WithTimeout(ctx, embedWithin)
	defer cancel()
	return f.Find(ctx, Query{Tenant: in.Tenant, Words: qlp.SearchWords(in), Limit: offered, Except: in.ID, Near: near})
}
