package orchestrator

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// Similarity makes intents findable, and finds those that are near.
type Similarity interface {
	// Embedding returns what makes an intent findable, within seconds; later says that Refresh has something left to do for it.
	Embedding(ctx context.Context, in qlp.Intent) (e qlp.Embedding, later bool)
	// Offer finds past intents that are near, within seconds.
	Offer(ctx context.Context, in qlp.Intent) (qlp.SimilarFound, error)
	// Refresh makes the vectors of intents that have none; of everything, those too that another embedder has made. It may take
	// hours, and goes on where it was when it is called again.
	Refresh(ctx context.Context, everything bool) error
}

// everything is the part of an embed job that makes every vector anew which another embedder has made.
const everything = "everything"

// Embed does an embed job.
func (e *Engine) Embed(ctx context.Context, job store.Job) error {
	if e.Similarity == nil {
		return nil
	}
	if err := e.Similarity.Refresh(ctx, job.TaskID == everything); err != nil {
		return fmt.Errorf("embed: %w", err)
	}
	return nil
}

// Refresh has a worker make the vectors that are missing, and with again those too that another embedder has made.
func (e *Engine) Refresh(ctx context.Context, again bool) error {
	job := store.Job{Kind: store.JobEmbed}
	if again {
		job.TaskID = everything
	}
	if err := e.Store.Tx(ctx, func(tx store.Tx) error { return tx.Enqueue(ctx, job) }); err != nil {
		return fmt.Errorf("ask for embeddings: %w", err)
	}
	return nil
}

// findable writes what makes a new intent findable.
func (e *Engine) findable(ctx context.Context, tx store.Tx, embedding qlp.Embedding, later bool) error {
	if e.Similarity == nil {
		return nil
	}
	if err := tx.PutEmbedding(ctx, embedding); err != nil || !later {
		return err
	}
	return tx.Enqueue(ctx, store.Job{Kind: store.JobEmbed})
}

// offer finds what resembles an intent. That it could not is an offer, too: it says so, and the intent goes on.
func (e *Engine) offer(ctx context.Context, in qlp.Intent) *qlp.SimilarFound {
	if e.Similarity == nil {
		return nil
	}
	found, err := e.Similarity.Offer(ctx, in)
	if err != nil {
		e.Log.Warn("Similar intents not found", "room", "orchestrator", "intent_id", in.ID, "err", err)
		found.Missing = err.Error()
	}
	if len(found.Items) == 0 && found.Missing == "" {
		return nil
	}
	return &found
}

// startFrom completes a request that starts from an intent: what it leaves out is as it was there.
func (e *Engine) startFrom(ctx context.Context, req *Request) error {
	if req.From == "" {
		return nil
	}
	var of qlp.Intent
	scoped := store.Scoped{Of: e.Store, Tenant: cmp.Or(req.Tenant, qlp.DefaultTenant)}
	err := scoped.Read(ctx, func(r store.Reader) (err error) {
		of, err = r.Intent(ctx, req.From)
		return err
	})
	if err != nil {
		return fmt.Errorf("start from intent %.80s: %w", req.From, err)
	}
	req.Parent, req.Revision = of.ID, of.Revision+1
	if strings.TrimSpace(req.Words) != "" || req.Spec != nil {
		return nil
	}
	req.Words, req.Settings.Stack = of.Words, cmp.Or(req.Settings.Stack, of.Settings.Stack)
	if of.Settings.GivenSpec {
		req.Spec = of.Spec
	}
	return nil
}

// origin compares an intent's new Spec with that of the intent it starts from; nil if it starts from none. A replay has its
// parent's revision: it is the same again.
func origin(ctx context.Context, r store.Reader, in qlp.Intent, spec qlp.Spec) (*qlp.OriginCompared, error) {
	if in.Parent == "" {
		return nil, nil //nolint:nilnil // there is nothing to compare, and nothing wrong
	}
	of, err := r.Intent(ctx, in.Parent)
	if err != nil {
		return nil, err
	}
	if of.Revision >= in.Revision {
		return nil, nil //nolint:nilnil // as above
	}
	out := &qlp.OriginCompared{Origin: of.ID, Revision: in.Revision, SameWords: of.Words == in.Words, Differences: []qlp.Difference{}}
	if of.Spec == nil {
		out.Reason = "the intent it starts from was not understood: it has no Spec"
		return out, nil
	}
	list, err := spec.Differences(*of.Spec)
	if err != nil {
		return nil, err
	}
	if n := len(list); n > qlp.MostDifferences {
		list, out.More = list[:qlp.MostDifferences], n-qlp.MostDifferences
	}
	out.Differences = append(out.Differences, list...)
	return out, nil
}
