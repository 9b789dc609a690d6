// Package storetest is the conformance suite of the store: a database is supported when this passes on it.
//
// It never looks behind the interface, except at the queue through Driver.Jobs, and never mocks.
//
// Arrows: store, qlp, testing.
package storetest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// Driver is what a database's test hands over.
type Driver struct {
	// Open returns an empty store, which it closes at the end of the test.
	Open func(t *testing.T, opts Options) store.Store
	// Jobs returns the queue jobs that nobody has begun.
	Jobs func(ctx context.Context, t *testing.T, st store.Store) []store.Job
	// Queries returns the text of every query there is.
	Queries func(st store.Store) []string
}

// Options of a store under test.
type Options struct {
	Clock   store.Clock
	OnQuery func(text string)
	Poll    time.Duration
}

// suite is one run of the tests on one driver. It notes which queries ran.
type suite struct {
	Driver
	mu  sync.Mutex
	ran map[string]bool
}

// Run runs the suite, and fails if a query was never run.
func Run(t *testing.T, d Driver) {
	s := &suite{Driver: d, ran: make(map[string]bool)}
	t.Run("contract", func(t *testing.T) {
		for name, test := range map[string]func(*testing.T){
			"intents are kept whole":            s.testIntent,
			"idempotency keys":                  s.testKeys,
			"pages":                             s.testPages,
			"bindings":                          s.testBind,
			"unfinished":                        s.testUnfinished,
			"a tenant sees its own":             s.testScoped,
			"intent moves":                      s.testIntentMoves,
			"task moves":                        s.testTaskMoves,
			"runs are kept whole":               s.testRun,
			"a run number is used once":         s.testRunNumber,
			"attempts begin once and end once":  s.testAttempts,
			"attempts are listed in plan order": s.testAttemptOrder,
			"checks are replaced":               s.testChecks,
			"a check without a status":          s.testCheckWithoutStatus,
			"trees":                             s.testTrees,
			"events are numbered":               s.testEvents,
			"events of many writers":            s.testEventsConcurrent,
			"a rollback takes everything":       s.testRollback,
			"a panic rolls back":                s.testPanic,
			"a done context rolls back":         s.testDoneContext,
			"a refused statement rolls back":    s.testRefusedStatement,
			"a reader sees one state":           s.testSnapshot,
			"a reader does not wait":            s.testReaderDoesNotWait,
			"a reader may not write":            s.testReaderMayNotWrite,
			"calls are settled once":            s.testCall,
			"a run pays for its Spec":           s.testRunPaysForItsSpec,
			"the end of a call is told":         s.testCallTold,
			"calls that are answered":           s.testCallAnswered,
			"caps of every scope":               s.testCaps,
			"caps hold for the first call":      s.testCapsOfFirstCall,
			"caps hold for many at once":        s.testCapsConcurrent,
			"lost calls":                        s.testLostCalls,
			"digests that rows speak of":        s.testDigests,
			"runs expire":                       s.testExpire,
			"a tenant is erased":                s.testErase,
			"house is kept by one at a time":    s.testAlone,
			"trees are dropped beside others":   s.testDropTreesAtOnce,
			"changed":                           s.testChanged,
			"changed at the latest":             s.testChangedPoll,
			"jobs are added once":               s.testJobs,
			"jobs are refused":                  s.testJobsRefused,
			"jobs are canceled":                 s.testCancelJobs,
			"unknown ids":                       s.testUnknown,
			"text and sizes":                    s.testText,
			"times":                             s.testTimes,
			"closed":                            s.testClosed,
		} {
			t.Run(name, func(t *testing.T) { t.Parallel(); test(t) })
		}
	})
	t.Run("every query ran", func(t *testing.T) {
		for _, text := range s.Queries(s.open(t)) {
			if name, _, _ := strings.Cut(strings.TrimPrefix(text, "-- name: "), " "); !s.ran[text] {
				t.Errorf("the query %s never ran on this database", name)
			}
		}
	})
}

func (s *suite) open(t *testing.T) store.Store { return s.openWith(t, Options{}) }

func (s *suite) openWith(t *testing.T, opts Options) store.Store {
	t.Helper()
	opts.OnQuery = func(text string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ran[text] = true
	}
	return s.Open(t, opts)
}

// write runs fn in a transaction that must be committed.
func write(t *testing.T, st store.Store, fn func(ctx context.Context, tx store.Tx) error) {
	t.Helper()
	if err := st.Tx(t.Context(), func(tx store.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatalf("write: %v", err)
	}
}

// refuse runs fn in a transaction that must fail with code.
func refuse(t *testing.T, st store.Store, code qlp.Code, fn func(ctx context.Context, tx store.Tx) error) {
	t.Helper()
	err := st.Tx(t.Context(), func(tx store.Tx) error { return fn(t.Context(), tx) })
	if got := qlp.CodeOf(err); got != code {
		t.Fatalf("code %q, want %q: %v", got, code, err)
	}
}

// read runs fn, which must succeed, and returns its answer.
func read[T any](t *testing.T, st store.Store, fn func(ctx context.Context, r store.Reader) (T, error)) T {
	t.Helper()
	var out T
	err := st.Read(t.Context(), func(r store.Reader) (err error) { out, err = fn(t.Context(), r); return err })
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return out
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// addIntent adds an intent in state received.
func addIntent(t *testing.T, st store.Store) qlp.Intent {
	t.Helper()
	at := time.Date(2026, 5, 4, 3, 2, 1, 123456000, time.UTC)
	in := qlp.Intent{ID: newID(), Words: "a shop", State: qlp.StateReceived, Revision: 1, Created: at, Updated: at}
	write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.InsertIntent(ctx, in, "", "") })
	return in
}

// addRun adds an intent with a run of two tasks.
func addRun(t *testing.T, st store.Store) qlp.Run {
	t.Helper()
	run := qlp.Run{
		ID: newID(), IntentID: addIntent(t, st).ID, Number: 1, StartedAt: time.Date(2026, 5, 4, 3, 2, 2, 0, time.UTC),
		Tasks: []qlp.TaskRun{{TaskID: "wiring", State: qlp.TaskPending}, {TaskID: "domain", State: qlp.TaskReady}},
	}
	write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.InsertRun(ctx, run) })
	return run
}
