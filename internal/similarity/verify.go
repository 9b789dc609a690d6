package similarity

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/vector"
)

// hits is how many neighbours a check of the index asks for.
const hits = 10

// Verify asks the index for the neighbours of a tenant's own vectors, 1 to 1,000 of them, and looks at every vector for the same.
// A vector is no neighbour of itself.
func (f *Finder) Verify(ctx context.Context, tenant string, queries int) (qlp.VectorCheck, error) {
	check := qlp.VectorCheck{Embedder: f.Embedder.ID(), Hits: hits}
	if queries < 1 || queries > 1000 {
		return check, qlp.Errorf(qlp.Invalid, "a check asks 1 to 1000 questions, not %d", queries)
	}
	sample, err := f.Upkeep.Sample(ctx, tenant, f.Embedder.ID(), queries)
	if err != nil {
		return check, fmt.Errorf("verify the index: %w", err)
	}
	if len(sample) == 0 {
		return check, qlp.Errorf(qlp.NotFound, "no intent has a vector of %s yet", f.Embedder.ID()).
			WithRemedy("hand an intent in, or make vectors of those that are there: qlp embeddings rebuild")
	}
	counts, err := f.Upkeep.Counts(ctx)
	if err != nil {
		return check, fmt.Errorf("verify the index: %w", err)
	}
	check.Vectors, check.Queries = counts.Vectors[f.Embedder.ID()], len(sample)
	_, first, err := f.ask(ctx, tenant, sample, false)
	if err != nil {
		return check, err
	}
	got, again, err := f.ask(ctx, tenant, sample, false)
	if err != nil {
		return check, err
	}
	all, exact, err := f.ask(ctx, tenant, sample, true)
	if err != nil {
		return check, err
	}
	found, want := 0, 0
	for i := range sample {
		f, w := common(got[i], all[i])
		found, want = found+f, want+w
	}
	check.Recall = 1
	if want > 0 {
		check.Recall = float64(found) / float64(want)
	}
	check.First, check.Index, check.Exact = quantiles(first), quantiles(again), quantiles(exact)
	return check, nil
}

// ask looks for the neighbours of each of a tenant's vectors, one after the other, and says how long each search took.
func (f *Finder) ask(ctx context.Context, tenant string, sample []qlp.Embedding, exact bool) ([][]vector.Hit, []time.Duration, error) {
	lists, times := make([][]vector.Hit, len(sample)), make([]time.Duration, len(sample))
	for i, e := range sample {
		var err error
		q := vector.Query{Tenant: tenant, Embedder: f.Embedder.ID(), Vector: e.Vector, Limit: hits + 1, Exact: exact}
		if lists[i], times[i], err = f.neighbours(ctx, q, e.IntentID); err != nil {
			return nil, nil, err
		}
	}
	return lists, times, nil
}

func (f *Finder) neighbours(ctx context.Context, q vector.Query, own string) ([]vector.Hit, time.Duration, error) {
	start := time.Now()
	list, err := f.Index.Nearest(ctx, q)
	took := time.Since(start)
	if err != nil {
		return nil, 0, fmt.Errorf("verify the index: %w", err)
	}
	list = slices.DeleteFunc(list, func(h vector.Hit) bool { return h.IntentID == own })
	return list[:min(len(list), hits)], took, nil
}

// common counts what of the exact hits was found. One that is as near as the last of them is as good as it: which of two equals
// is listed says nothing about an index.
func common(got, exact []vector.Hit) (found, want int) {
	const equal = 1e-6
	if len(exact) == 0 {
		return 0, 0
	}
	last := exact[len(exact)-1].Similarity
	for _, h := range got {
		if h.Similarity >= last-equal {
			found++
		}
	}
	return min(found, len(exact)), len(exact)
}

func quantiles(list []time.Duration) qlp.Latencies {
	slices.Sort(list)
	at := func(q float64) float64 {
		return float64(list[min(len(list)-1, int(q*float64(len(list))))].Microseconds()) / 1000
	}
	return qlp.Latencies{P50MS: at(0.5), P95MS: at(0.95)}
}
