package vectortest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/vector"
)

func testNearest(t *testing.T, f Fixture) {
	r := random()
	q := Vector(r)
	var want []string
	for _, cosine := range []float64{0.9, 0.7, 0.5, 0.3} {
		want = append(want, f.put(t, qlp.Embedding{Embedder: embedder, Vector: Near(r, q, cosine)}))
	}
	if got := f.nearest(t, vector.Query{Vector: q, Limit: 3}); !slices.Equal(got, want[:3]) {
		t.Fatalf("got %v, want %v", got, want[:3])
	}
	if got := f.nearest(t, vector.Query{Vector: q, Limit: 200}); !slices.Equal(got, want) {
		t.Fatalf("got %v, want all %v", got, want)
	}
	hits, err := f.Index.Nearest(t.Context(), vector.Query{Tenant: qlp.DefaultTenant, Embedder: embedder, Vector: q, Limit: 1})
	if err != nil || len(hits) != 1 || hits[0].Similarity < 0.87 || hits[0].Similarity > 0.93 {
		t.Fatalf("similarity of %v, want about 0.9: %v", hits, err)
	}
}

func testTenants(t *testing.T, f Fixture) {
	r := random()
	q := Vector(r)
	other := f.put(t, qlp.Embedding{Tenant: "other", Embedder: embedder, Vector: Near(r, q, 0.99), Words: "a library of books"})
	own := f.put(t, qlp.Embedding{Embedder: embedder, Vector: Near(r, q, 0.4), Words: "some books"})
	if got := f.nearest(t, vector.Query{Vector: q, Limit: 10}); !slices.Equal(got, []string{own}) {
		t.Fatalf("got %v, want %s alone, not another tenant's %s", got, own, other)
	}
	for _, h := range f.matching(t, qlp.DefaultTenant, "library books") {
		if h.IntentID != own {
			t.Fatalf("words of another tenant were found: %+v", h)
		}
		if slices.Contains(h.Terms, "library") {
			t.Fatalf("a word that only another tenant has was found: %+v", h)
		}
	}
	if got := f.nearest(t, vector.Query{Tenant: "other", Vector: q, Limit: 10}); !slices.Equal(got, []string{other}) {
		t.Fatalf("the other tenant got %v, want %s", got, other)
	}
}

func testEmbedders(t *testing.T, f Fixture) {
	r := random()
	q := Vector(r)
	ours := f.put(t, qlp.Embedding{Embedder: embedder, Vector: Near(r, q, 0.3)})
	f.put(t, qlp.Embedding{Embedder: "test/2", Vector: Near(r, q, 0.95)})
	if got := f.nearest(t, vector.Query{Vector: q, Limit: 10}); !slices.Equal(got, []string{ours}) {
		t.Fatalf("got %v, want only the one of the same embedder %s", got, ours)
	}
}

func testReplace(t *testing.T, f Fixture) {
	r := random()
	q := Vector(r)
	id := f.put(t, qlp.Embedding{Embedder: embedder, Vector: Near(r, q, 0.9), Words: "apples"})
	rest := f.put(t, qlp.Embedding{Embedder: embedder, Vector: Near(r, q, 0.5), Words: "pears"})
	if got := f.nearest(t, vector.Query{Vector: q, Limit: 10}); !slices.Equal(got, []string{id, rest}) {
		t.Fatalf("before: %v", got)
	}
	f.again(t, qlp.Embedding{IntentID: id, Tenant: qlp.DefaultTenant, Embedder: embedder, Vector: Near(r, q, 0.1), Words: "plums"})
	if got := f.nearest(t, vector.Query{Vector: q, Limit: 10}); !slices.Equal(got, []string{rest, id}) {
		t.Fatalf("after: %v, want %v", got, []string{rest, id})
	}
	if got := of(f.matching(t, qlp.DefaultTenant, "apples"), vector.Stems); len(got) != 0 {
		t.Fatalf("the words before are found still: %v", got)
	}
	if got := of(f.matching(t, qlp.DefaultTenant, "plums"), vector.Stems); !slices.Equal(got, []string{id}) {
		t.Fatalf("the words after are not found: %v", got)
	}
	f.again(t, qlp.Embedding{IntentID: id, Tenant: qlp.DefaultTenant, Embedder: "test/2", Vector: q, Words: "plums"})
	if got := f.nearest(t, vector.Query{Vector: q, Limit: 10}); !slices.Equal(got, []string{rest}) {
		t.Fatalf("after another embedder: %v, want %s alone", got, rest)
	}
	if got := f.nearest(t, vector.Query{Embedder: "test/2", Vector: q, Limit: 10}); !slices.Equal(got, []string{id}) {
		t.Fatalf("by the other embedder: %v", got)
	}
}

func testRollback(t *testing.T, f Fixture) {
	r := random()
	q := Vector(r)
	kept := f.put(t, qlp.Embedding{Embedder: embedder, Vector: Near(r, q, 0.2), Words: "kept words"})
	f.nearest(t, vector.Query{Vector: q, Limit: 10}) // whatever is kept in memory is there now
	stop := errors.New("stop")
	for _, e := range []qlp.Embedding{
		{IntentID: uuid.Must(uuid.NewV7()).String(), Tenant: qlp.DefaultTenant, Embedder: embedder, Vector: q, Words: "gone"},
	} {
		err := f.Store.Tx(t.Context(), func(tx store.Tx) error {
			if err := insert(t.Context(), tx, e); err != nil {
				return err
			}
			// A replacement is taken back too.
			if err := tx.PutEmbedding(t.Context(), qlp.Embedding{IntentID: kept, Tenant: qlp.DefaultTenant, Embedder: embedder, Vector: q, Words: "gone"}); err != nil {
				return err
			}
			return stop
		})
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
	}
	hits, err := f.Index.Nearest(t.Context(), vector.Query{Tenant: qlp.DefaultTenant, Embedder: embedder, Vector: q, Limit: 10})
	if err != nil || len(hits) != 1 || hits[0].IntentID != kept || hits[0].Similarity > 0.4 {
		t.Fatalf("after a rollback: %v, %v", hits, err)
	}
	if hits := f.matching(t, qlp.DefaultTenant, "gone"); len(hits) != 0 {
		t.Fatalf("words of a rolled back put are found: %v", hits)
	}
	if got := of(f.matching(t, qlp.DefaultTenant, "kept"), vector.Stems); !slices.Equal(got, []string{kept}) {
		t.Fatalf("words that a rolled back put wanted to replace are gone: %v", got)
	}
}

func testRecall(t *testing.T, f Fixture) {
	r := random()
	const rows, centres = 2500, 50 // more than are looked at one by one
	around := make([][]float32, centres)
	for i := range around {
		around[i] = Vector(r)
	}
	for at := 0; at < rows; at += 250 {
		err := f.Store.Tx(t.Context(), func(tx store.Tx) error {
			for i := at; i < at+250; i++ {
				e := qlp.Embedding{
					IntentID: uuid.Must(uuid.NewV7()).String(), Tenant: qlp.DefaultTenant, Embedder: embedder,
					Vector: Near(r, around[i%centres], 0.7), Words: fmt.Sprint("number ", i),
				}
				if err := insert(t.Context(), tx, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	found, all := 0, 0
	for i := range 20 {
		q := vector.Query{Tenant: qlp.DefaultTenant, Embedder: embedder, Vector: Near(r, around[i], 0.7), Limit: 10}
		got, err := f.Index.Nearest(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		q.Exact = true
		want, err := f.Index.Nearest(t.Context(), q)
		if err != nil || len(want) != 10 {
			t.Fatalf("exact: %d hits, %v", len(want), err)
		}
		ordered(t, got)
		for _, w := range want {
			if all++; slices.ContainsFunc(got, func(h vector.Hit) bool { return h.IntentID == w.IntentID }) {
				found++
			}
		}
	}
	if recall := float64(found) / float64(all); recall < 0.95 {
		t.Errorf("recall is %.3f", recall)
	}
}

func testInvalid(t *testing.T, f Fixture) {
	r := random()
	v := Vector(r)
	long := append(slices.Clone(v), 0)
	double := slices.Clone(v)
	for i := range double {
		double[i] *= 2
	}
	for name, q := range map[string]vector.Query{
		"short": {Vector: v[:3], Limit: 1}, "long": {Vector: long, Limit: 1}, "of another length": {Vector: double, Limit: 1},
		"no limit": {Vector: v}, "too many": {Vector: v, Limit: 201},
	} {
		q.Tenant, q.Embedder = qlp.DefaultTenant, embedder
		if _, err := f.Index.Nearest(t.Context(), q); qlp.CodeOf(err) != qlp.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, limit := range []int{0, 201} {
		if _, err := f.Index.Matching(t.Context(), vector.TextQuery{Tenant: qlp.DefaultTenant, Words: "a", Limit: limit}); qlp.CodeOf(err) != qlp.Invalid {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
	err := f.Store.Tx(t.Context(), func(tx store.Tx) error {
		return insert(t.Context(), tx, qlp.Embedding{IntentID: "x", Tenant: qlp.DefaultTenant, Embedder: embedder, Vector: double, Words: "x"})
	})
	if qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("a vector of another length was put: %v", err)
	}
}

func testEmpty(t *testing.T, f Fixture) {
	if got := f.nearest(t, vector.Query{Tenant: "nobody", Vector: Vector(random()), Limit: 10}); len(got) != 0 {
		t.Fatalf("a tenant that has nothing got %v", got)
	}
	if got := f.matching(t, "nobody", "anything at all"); len(got) != 0 {
		t.Fatalf("a tenant that has nothing got %v", got)
	}
}

func testConcurrent(t *testing.T, f Fixture) {
	r := random()
	q := Vector(r)
	const writers, each = 2, 40
	vectors := make([][]float32, writers*each)
	for i := range vectors {
		vectors[i] = Near(r, q, 0.5)
	}
	var wait sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		wait.Go(func() {
			last := 0
			for {
				hits, err := f.Index.Nearest(t.Context(), vector.Query{Tenant: qlp.DefaultTenant, Embedder: embedder, Vector: q, Limit: 200})
				if err != nil || len(hits) < last {
					t.Errorf("%d hits after %d: %v", len(hits), last, err)
					return
				}
				last = len(hits)
				if _, err := f.Index.Matching(t.Context(), vector.TextQuery{Tenant: qlp.DefaultTenant, Words: "some words", Limit: 10}); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				f.put(t, qlp.Embedding{Embedder: embedder, Vector: vectors[w*each+i], Words: fmt.Sprint("some words ", i)})
			}
		})
	}
	writing.Wait()
	close(stop)
	wait.Wait()
	if got := f.nearest(t, vector.Query{Vector: q, Limit: 200}); len(got) != writers*each {
		t.Fatalf("%d of %d puts are found", len(got), writers*each)
	}
}
