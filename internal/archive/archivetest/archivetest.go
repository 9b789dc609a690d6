// Package archivetest is the suite of what archive does with a database: one is kept house for when this passes on it.
//
// It never mocks: rows are written through the store, blobs are files.
//
// Arrows: archive, store, blob, qlp, testing.
package archivetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/quantumlayer/qlp/internal/archive"
	"github.com/quantumlayer/qlp/internal/blob/file"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// Driver is what a database's test hands over.
type Driver struct {
	// Open returns an empty store, which it closes at the end of the test.
	Open func(t *testing.T) store.Keeper
	// Embed writes a vector and words of an intent.
	Embed func(t *testing.T, k store.Keeper, e qlp.Embedding)
	// Tables returns every table with its columns and its rows as text.
	Tables func(t *testing.T, k store.Keeper) map[string]Table
	// Files returns the database's own files, where nothing may be left of what was erased; none where the server has them.
	Files func(t *testing.T, k store.Keeper) []string
}

// Table is one as it is in the database.
type Table struct {
	Columns []string
	Rows    []string
}

// Run runs the suite.
func Run(t *testing.T, d Driver) {
	for name, test := range map[string]func(*testing.T, Driver){
		"a tenant is exported and erased": testTenant,
		"a tenant that is active":         testActive,
		"garbage is collected":            testCollect,
		"a dry run changes nothing":       testDry,
		"garbage beside runs":             testBeside,
		"what is missing is found":        testVerify,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, d) })
	}
}

// house is a database with its blobs.
type house struct {
	store.Keeper
	d     Driver
	blobs *file.Store
	dir   string
}

func open(t *testing.T, d Driver) *house {
	t.Helper()
	h := &house{Keeper: d.Open(t), d: d, dir: t.TempDir()}
	var err error
	if h.blobs, err = file.Open(h.dir, file.Config{}); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) put(t *testing.T, content string) qlp.Digest {
	t.Helper()
	d, err := h.blobs.Put(t.Context(), []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// age makes a blob a day old, as one that was put then and never since.
func (h *house) age(t *testing.T, digests ...qlp.Digest) {
	t.Helper()
	for _, d := range digests {
		old := time.Now().Add(-24 * time.Hour)
		if err := os.Chtimes(filepath.Join(h.dir, "sha256", d.Hex()[:2], d.Hex()[2:]), old, old); err != nil {
			t.Fatal(err)
		}
	}
}

func (h *house) there(t *testing.T, d qlp.Digest) bool {
	t.Helper()
	_, err := h.blobs.Get(t.Context(), d)
	if err != nil && qlp.CodeOf(err) != qlp.NotFound {
		t.Fatal(err)
	}
	return err == nil
}

func (h *house) write(t *testing.T, fn func(ctx context.Context, tx store.Tx) error) {
	t.Helper()
	if err := h.Tx(t.Context(), func(tx store.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// collection is the usual one, at this moment.
func collection() archive.Collection {
	return archive.Collection{Grace: archive.Grace, Clock: time.Now}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// owned is what was built for a tenant, with a row in every table that can have one.
type owned struct {
	intent, run string
	word        string                // which is in everything that a person wrote
	blobs       map[string]qlp.Digest // by what they are of
}

// build writes an intent with a run of everything. Its blobs are old and its own, but for one named common.
func (h *house) build(t *testing.T, tenant string, end qlp.State, capsule bool) owned {
	t.Helper()
	o := owned{intent: newID(), run: newID(), word: "zq" + tenant + "zq", blobs: map[string]qlp.Digest{}}
	for _, what := range []string{"main", "tried", "report", "stdout", "stderr", "answer", "capsule"} {
		o.blobs[what] = h.put(t, what+" of "+o.run)
	}
	o.blobs["common"] = h.put(t, "the same for everybody")
	for _, d := range o.blobs {
		h.age(t, d)
	}
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	tree := newTree(t, qlp.Entry{Path: o.word + ".go", Digest: o.blobs["main"], Size: 4}, qlp.Entry{Path: "LICENSE", Digest: o.blobs["common"], Size: 9})
	tried := newTree(t, qlp.Entry{Path: o.word + ".go", Digest: o.blobs["tried"], Size: 5})
	in := qlp.Intent{ID: o.intent, Tenant: tenant, Words: "a shop of " + o.word, State: qlp.StateReceived, Revision: 1, Created: at, Updated: at}
	run := qlp.Run{
		ID: o.run, IntentID: o.intent, Number: 1, StartedAt: at, Evidence: o.blobs["report"], Tree: tree.Digest(), Reason: o.word,
		Tasks: []qlp.TaskRun{{TaskID: "domain", State: qlp.TaskReady}},
	}
	if capsule {
		run.Capsule = &qlp.CapsuleRef{Digest: o.blobs["capsule"], Size: 7, Name: "../" + o.word + ".qlcapsule"}
	}
	a := qlp.Attempt{RunID: o.run, TaskID: "domain", Number: 1, Generator: "g", State: qlp.AttemptRunning, StartedAt: at}
	done := a
	done.State, done.Tree, done.EndedAt, done.Reason = qlp.AttemptGood, tried, &at, o.word
	call := qlp.Call{
		ID: newID(), IntentID: o.intent, RunID: o.run, TaskID: "domain", Attempt: 1, Role: "coder", Provider: "p", Model: "m",
		Request: qlp.DigestOf([]byte(o.word)), State: qlp.CallReserved, Reserved: qlp.Budget{Micros: 10, Tokens: 10, Calls: 1}, Priced: true, Started: at,
	}
	settled := call
	settled.State, settled.Answer, settled.Micros, settled.Usage, settled.Ended = qlp.CallSettled, o.blobs["answer"], 7, qlp.Usage{Input: 3}, &at
	h.write(t, func(ctx context.Context, tx store.Tx) error {
		err := errors.Join(tx.InsertIntent(ctx, in, tenant+"\x1f"+o.intent, ""), tx.SetSpec(ctx, o.intent, qlp.Spec{Title: o.word}),
			tx.InsertRun(ctx, run), tx.PutTree(ctx, tree), tx.SetTaskTree(ctx, o.run, "domain", tree))
		_, _, began := tx.BeginAttempt(ctx, a)
		_, told := tx.Append(ctx, qlp.Event{IntentID: o.intent, RunID: o.run, Type: qlp.EventIntentReceived, Data: []byte(`{"why":"` + o.word + `"}`)})
		return errors.Join(err, began, told, tx.EndAttempt(ctx, done),
			tx.ReplaceChecks(ctx, o.run, []qlp.Check{qlp.Fail(qlp.LayerBuild, "go-build", qlp.Evidence{}, o.word)},
				[]qlp.Execution{{ID: "x1", Argv: []string{o.word}, Stdout: o.blobs["stdout"], Stderr: o.blobs["stderr"]}}),
			tx.ReserveCall(ctx, call, store.CallCaps{}), tx.SettleCall(ctx, settled),
			tx.Enqueue(ctx, store.Job{Kind: store.JobVerify, IntentID: o.intent, RunID: o.run}))
	})
	vector := make([]float32, qlp.Dimensions)
	vector[0] = 1
	h.d.Embed(t, h.Keeper, qlp.Embedding{IntentID: o.intent, Tenant: tenant, Embedder: "test/1", Vector: vector, Words: in.Words})
	if end != "" {
		h.write(t, func(ctx context.Context, tx store.Tx) error {
			return errors.Join(tx.MoveIntent(ctx, o.intent, qlp.StateReceived, qlp.StateInterpreting, ""), tx.MoveIntent(ctx, o.intent, qlp.StateInterpreting, end, ""))
		})
	}
	return o
}

func newTree(t *testing.T, entries ...qlp.Entry) qlp.Tree {
	t.Helper()
	tree, err := qlp.NewTree(entries)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
