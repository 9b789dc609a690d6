package similarity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/vector"
)

// page is how many vectors are made at a time.
const page = 32

// Embedding returns what makes an intent findable, for the transaction that writes it. Where there is no vector within 2 s, it is
// found by its words alone, and later says whether Refresh should be asked to make one.
func (f *Finder) Embedding(ctx context.Context, in qlp.Intent) (e qlp.Embedding, later bool) {
	e = qlp.Embedding{IntentID: in.ID, Tenant: in.Tenant, Embedder: f.Embedder.ID(), Words: qlp.SearchWords(in)}
	bounded, cancel := context.WithTimeout(ctx, embedWithin)
	defer cancel()
	vectors, err := f.embed(bounded, []string{e.Words})
	if err != nil {
		f.Log.WarnContext(ctx, "Intent without a vector", "intent_id", in.ID, "err", err)
		return e, qlp.CodeOf(err) != qlp.Invalid
	}
	e.Vector = vectors[0]
	return e, false
}

// embed holds the embedder to its word: as many vectors as texts, each of the right length.
func (f *Finder) embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors, err := f.Embedder.Embed(ctx, texts)
	if err != nil {
		return nil, err
	}
	if len(vectors) != len(texts) {
		return nil, qlp.Errorf(qlp.Unavailable, "the embedder %s made %d vectors of %d texts", f.Embedder.ID(), len(vectors), len(texts))
	}
	for _, v := range vectors {
		if err := vector.Check(v); err != nil {
			return nil, qlp.Errorf(qlp.Unavailable, "the embedder %s: %w", f.Embedder.ID(), err)
		}
	}
	return vectors, nil
}

// Refresh makes the vectors of intents that have none, or, of everything, of those too whose vectors another embedder has made.
// What it has done stays done when it fails: called again, it goes on with the rest. An intent whose words cannot be embedded is
// left without a vector.
func (f *Finder) Refresh(ctx context.Context, everything bool) error {
	embedder, after, made := "", "", 0
	if everything {
		embedder = f.Embedder.ID()
	}
	start := time.Now()
	for {
		list, err := f.Upkeep.Missing(ctx, embedder, after, page)
		if err != nil {
			return fmt.Errorf("refresh embeddings: %w", err)
		}
		if len(list) == 0 {
			break
		}
		after = list[len(list)-1].IntentID
		if err := f.refresh(ctx, list); err != nil {
			return fmt.Errorf("refresh embeddings: %w", err)
		}
		made += len(list)
	}
	if made > 0 {
		f.Log.InfoContext(ctx, "Embeddings made", "count", made, "embedder", f.Embedder.ID(), "duration_ms", time.Since(start).Milliseconds())
	}
	return nil
}

// refresh gives vectors to a page of intents. If the page as a whole is refused, each is tried by itself.
func (f *Finder) refresh(ctx context.Context, list []qlp.Embedding) error {
	texts := make([]string, len(list))
	for i := range list {
		if err := f.words(ctx, &list[i]); err != nil {
			return err
		}
		texts[i] = list[i].Words
	}
	vectors, err := f.embed(ctx, texts)
	if qlp.CodeOf(err) == qlp.Invalid && len(list) > 1 {
		for one := range slices.Chunk(list, 1) {
			if err := f.refresh(ctx, one); err != nil {
				return err
			}
		}
		return nil
	}
	if err != nil && qlp.CodeOf(err) != qlp.Invalid {
		return err
	}
	return f.Store.Tx(ctx, func(tx store.Tx) error {
		for i, e := range list {
			if _, err := tx.State(ctx, e.IntentID); qlp.CodeOf(err) == qlp.NotFound {
				continue // erased since
			} else if err != nil {
				return err
			}
			e.Embedder = f.Embedder.ID()
			if vectors != nil {
				e.Vector = vectors[i]
			}
			if err := tx.PutEmbedding(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// words completes an intent that was handed in as a Spec.
func (f *Finder) words(ctx context.Context, e *qlp.Embedding) error {
	if strings.TrimSpace(e.Words) != "" {
		return nil
	}
	err := f.Store.Read(ctx, func(r store.Reader) error {
		in, err := r.Intent(ctx, e.IntentID)
		e.Words = qlp.SearchWords(in)
		return err
	})
	if qlp.CodeOf(err) == qlp.NotFound {
		return nil
	}
	return err
}

// Status says how many intents have a vector.
func (f *Finder) Status(ctx context.Context) (qlp.EmbeddingStatus, error) {
	counts, err := f.Upkeep.Counts(ctx)
	if err != nil {
		return qlp.EmbeddingStatus{}, fmt.Errorf("count embeddings: %w", err)
	}
	return qlp.EmbeddingStatus{
		Embedder: f.Embedder.ID(), Intents: counts.Intents, Vectors: counts.Vectors,
		Missing: max(0, counts.Intents-counts.Vectors[f.Embedder.ID()]),
	}, nil
}
