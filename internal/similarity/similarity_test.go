package similarity_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/quantumlayer/qlp/internal/embedding"
	"github.com/quantumlayer/qlp/internal/embedding/offline"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/similarity"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/postgres"
	"github.com/quantumlayer/qlp/internal/store/postgres/pgtest"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
	"github.com/quantumlayer/qlp/internal/vector"
	"github.com/quantumlayer/qlp/internal/vector/pgvector"
	vectorsqlite "github.com/quantumlayer/qlp/internal/vector/sqlite"
)

// fickle is the offline embedder, under a name, which may be told to fail.
type fickle struct {
	embedding.Embedder
	id    string
	fault atomic.Pointer[error]
	calls atomic.Int64
}

func (f *fickle) ID() string { return f.id }

func (f *fickle) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	f.calls.Add(1)
	if err := f.fault.Load(); err != nil {
		return nil, *err
	}
	return f.Embedder.Embed(ctx, texts)
}

func (f *fickle) fail(err error) {
	if f.fault.Store(nil); err != nil {
		f.fault.Store(&err)
	}
}

type rig struct {
	*similarity.Finder
	store    store.Store
	index    index
	embedder *fickle
}

type index interface {
	vector.Index
	vector.Upkeep
}

// each runs a test over both databases.
func each(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		x := vectorsqlite.New(vectorsqlite.Config{})
		st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "qlp.db"), sqlite.Config{Index: x})
		test(t, newRig(t, st, x, err))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		x := pgvector.New(pgvector.Config{})
		st, err := postgres.Open(t.Context(), pgtest.Database(t, ""), postgres.Config{Conns: 4, Index: x})
		test(t, newRig(t, st, x, err))
	})
}

func newRig(t *testing.T, st store.Store, x index, err error) *rig {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	r := &rig{store: st, index: x}
	r.as(t, "test/1")
	return r
}

// as gives the rig another embedder.
func (r *rig) as(t *testing.T, id string) {
	t.Helper()
	by, err := offline.New()
	if err != nil {
		t.Fatal(err)
	}
	r.embedder = &fickle{Embedder: by, id: id}
	r.Finder = similarity.New(similarity.Deps{
		Store: r.store, Index: r.index, Upkeep: r.index, Embedder: r.embedder, Log: slog.New(slog.DiscardHandler),
	})
}

func (r *rig) put(t *testing.T, in qlp.Intent) (id string, later bool) {
	t.Helper()
	in.ID, in.State, in.Revision, in.Created = uuid.Must(uuid.NewV7()).String(), qlp.StateReceived, 1, time.Now().UTC()
	if in.Tenant == "" {
		in.Tenant = qlp.DefaultTenant
	}
	e, later := r.Embedding(t.Context(), in)
	err := r.store.Tx(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.InsertIntent(t.Context(), in, "", ""), tx.PutEmbedding(t.Context(), e))
	})
	if err != nil {
		t.Fatal(err)
	}
	return in.ID, later
}

func (r *rig) find(t *testing.T, q similarity.Query) qlp.SimilarFound {
	t.Helper()
	found, err := r.Find(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func ids(found qlp.SimilarFound) (out []string) {
	for _, s := range found.Items {
		out = append(out, s.IntentID)
	}
	return out
}

const library = "a REST API in Go for a library: books with title, author and unique isbn"

func TestTheLikestComesFirst(t *testing.T) { each(t, theLikestComesFirst) }

func theLikestComesFirst(t *testing.T, r *rig) {
	shop, _ := r.put(t, qlp.Intent{Words: "a REST API in Go for a shop: products with name and price"})
	same, _ := r.put(t, qlp.Intent{Words: "a REST  API in Go for a Library: books with title, author and unique isbn"})
	other, _ := r.put(t, qlp.Intent{Words: library, Tenant: "other"})
	like, _ := r.put(t, qlp.Intent{Words: "keep the books of our libraries, by author"})
	found := r.find(t, similarity.Query{Words: library})
	if got := ids(found); !slices.Equal(got[:1], []string{same}) || slices.Contains(got, other) || !slices.Contains(got, like) || !slices.Contains(got, shop) {
		t.Fatalf("found %v", got)
	}
	first := found.Items[0]
	if first.Score < 0.95 || first.Similarity == nil || *first.Similarity < 0.98 || !first.SameWords || first.State != qlp.StateReceived {
		t.Errorf("the same words are %+v", first)
	}
	if !slices.Contains(first.Terms, "isbn") || found.Embedder != "test/1" || found.Missing != "" {
		t.Errorf("found %+v", found)
	}
	if got := ids(r.find(t, similarity.Query{Words: library, Limit: 1, Except: same})); len(got) != 1 || got[0] == same {
		t.Errorf("found %v", got)
	}
	if got := ids(r.find(t, similarity.Query{Words: library, Tenant: "other"})); !slices.Equal(got, []string{other}) {
		t.Errorf("the other tenant found %v", got)
	}
	offer, err := r.Offer(t.Context(), qlp.Intent{ID: "new", Words: library, Tenant: qlp.DefaultTenant})
	if err != nil || !slices.Equal(ids(offer), []string{same}) {
		t.Errorf("offered %v (%v), want what is near alone", ids(offer), err)
	}
	for _, s := range found.Items {
		if s.IntentID == shop && (slices.Contains(s.Terms, "books") || s.SameWords) {
			t.Errorf("the shop is said to have books: %+v", s)
		}
	}
}

func TestBadQuestions(t *testing.T) { each(t, badQuestions) }

func badQuestions(t *testing.T, r *rig) {
	for name, q := range map[string]similarity.Query{
		"no words": {}, "too many": {Words: "a", Limit: 51}, "negative": {Words: "a", Limit: -1}, "a pasted book": {Words: strings.Repeat("a ", 20_000)},
	} {
		if _, err := r.Find(t.Context(), q); qlp.CodeOf(err) != qlp.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if found := r.find(t, similarity.Query{Words: "a library"}); len(found.Items) != 0 || found.Items == nil {
		t.Errorf("of nothing, %+v was found", found)
	}
}

func TestASpecIsFoundByItsNames(t *testing.T) { each(t, aSpecIsFoundByItsNames) }

func aSpecIsFoundByItsNames(t *testing.T, r *rig) {
	spec := qlp.Spec{Title: "Surgery", Entities: []qlp.Entity{{Name: "patient", Plural: "patients", Fields: []qlp.Field{{Name: "blood_type"}}}}}
	id, later := r.put(t, qlp.Intent{Spec: &spec})
	if later {
		t.Error("its vector is to come later")
	}
	found := r.find(t, similarity.Query{Words: "patients with a blood type"})
	if !slices.Equal(ids(found), []string{id}) || found.Items[0].Title != "" && found.Items[0].Title != "Surgery" {
		t.Fatalf("found %+v", found)
	}
	r.as(t, "test/2") // its words are read from its Spec once more
	if err := r.Refresh(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if found := r.find(t, similarity.Query{Words: "patients with a blood type"}); len(found.Items) != 1 || found.Items[0].Similarity == nil {
		t.Fatalf("found %+v", found)
	}
}

// TestWithoutAnEmbedder takes the embedder away: intents are taken in and found by their words, it is said, and what is missing is
// made when it is back.
func TestWithoutAnEmbedder(t *testing.T) { each(t, withoutAnEmbedder) }

func withoutAnEmbedder(t *testing.T, r *rig) {
	r.embedder.fail(qlp.Errorf(qlp.Unavailable, "the model does not answer"))
	id, later := r.put(t, qlp.Intent{Words: library})
	if !later {
		t.Error("nothing is to be done later")
	}
	found := r.find(t, similarity.Query{Words: "books of a library"})
	if !slices.Equal(ids(found), []string{id}) || !strings.Contains(found.Missing, "the model does not answer") || found.Items[0].Similarity != nil {
		t.Fatalf("found %+v", found)
	}
	if err := r.Refresh(t.Context(), false); qlp.CodeOf(err) != qlp.Unavailable {
		t.Fatalf("vectors were made by nobody: %v", err)
	}
	if s, err := r.Status(t.Context()); err != nil || s.Missing != 1 || s.Intents != 1 {
		t.Fatalf("status %+v %v", s, err)
	}
	r.embedder.fail(nil)
	if err := r.Refresh(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if s, err := r.Status(t.Context()); err != nil || s.Missing != 0 || s.Vectors["test/1"] != 1 {
		t.Fatalf("status %+v %v", s, err)
	}
	found = r.find(t, similarity.Query{Words: "books of a library"})
	if len(found.Items) != 1 || found.Items[0].Similarity == nil || found.Missing != "" {
		t.Fatalf("found %+v", found)
	}
}

// TestAnotherEmbedder changes it: what the old one made is compared with nothing, until it is made anew, in steps that last.
func TestAnotherEmbedder(t *testing.T) { each(t, anotherEmbedder) }

func anotherEmbedder(t *testing.T, r *rig) {
	for range 70 {
		r.put(t, qlp.Intent{Words: library})
	}
	wordless, later := r.put(t, qlp.Intent{Words: "... !!!"})
	if later {
		t.Error("words that cannot be embedded are to be tried again")
	}
	r.as(t, "test/2")
	for _, s := range r.find(t, similarity.Query{Words: library}).Items {
		if s.Similarity != nil {
			t.Fatalf("vectors of two embedders were compared: %+v", s)
		}
	}
	if err := r.Refresh(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if s, err := r.Status(t.Context()); err != nil || s.Missing != 71 || s.Vectors["test/1"] != 70 {
		t.Fatalf("what there was to be done without being asked: %+v %v", s, err)
	}
	if err := r.Refresh(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	s, err := r.Status(t.Context())
	if err != nil || s.Missing != 1 || s.Vectors["test/2"] != 70 || s.Vectors["test/1"] != 0 {
		t.Fatalf("status %+v %v; %s has no words", s, err, wordless)
	}
	before := r.embedder.calls.Load()
	if err := r.Refresh(t.Context(), true); err != nil || r.embedder.calls.Load()-before > 1 {
		t.Errorf("it made %d calls for nothing (%v)", r.embedder.calls.Load()-before, err)
	}
	check, err := r.Verify(t.Context(), qlp.DefaultTenant, 20)
	if err != nil || check.Recall != 1 || check.Queries != 20 || check.Vectors != 70 || check.Exact.P95MS < check.Exact.P50MS ||
		check.First.P95MS <= 0 || check.Index.P95MS <= 0 {
		t.Errorf("verified %+v %v", check, err)
	}
	if _, err := r.Verify(t.Context(), "nobody", 20); qlp.CodeOf(err) != qlp.NotFound || qlp.RemedyOf(err) == "" {
		t.Errorf("of a tenant without vectors: %v", err)
	}
}

// TestALyingEmbedder holds the embedder to what it owes.
func TestALyingEmbedder(t *testing.T) { each(t, aLyingEmbedder) }

func aLyingEmbedder(t *testing.T, r *rig) {
	r.embedder.Embedder = lying{}
	if _, later := r.put(t, qlp.Intent{Words: library}); !later {
		t.Error("a vector of the wrong length was kept")
	}
}

type lying struct{}

func (lying) ID() string { return "lying" }

func (lying) Embed(_ context.Context, texts []string) ([][]float32, error) {
	return make([][]float32, len(texts)), nil
}
