package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
	"github.com/quantumlayer/qlp/internal/worker"
)

// engine notes its calls and does what the test says.
type engine struct {
	do      func(ctx context.Context, job store.Job) error
	abandon func(ctx context.Context, job store.Job, cause error) error

	mu    sync.Mutex
	calls []call
}

type call struct {
	method string
	job    store.Job
	cause  string
	at     time.Time
}

func (e *engine) note(method string, job store.Job, cause string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, call{method, job, cause, time.Now()})
}

func (e *engine) seen() []call {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.calls)
}

func (e *engine) run(ctx context.Context, method string, job store.Job) error {
	e.note(method, job, "")
	if e.do == nil {
		return nil
	}
	return e.do(ctx, job)
}

func (e *engine) Interpret(ctx context.Context, j store.Job) error { return e.run(ctx, "interpret", j) }
func (e *engine) Plan(ctx context.Context, j store.Job) error      { return e.run(ctx, "plan", j) }
func (e *engine) Task(ctx context.Context, j store.Job) error      { return e.run(ctx, "task", j) }
func (e *engine) Verify(ctx context.Context, j store.Job) error    { return e.run(ctx, "verify", j) }
func (e *engine) Pack(ctx context.Context, j store.Job) error      { return e.run(ctx, "pack", j) }
func (e *engine) Embed(ctx context.Context, j store.Job) error     { return e.run(ctx, "embed", j) }

func (e *engine) Abandon(ctx context.Context, j store.Job, cause error) error {
	e.note("abandon", j, cause.Error())
	if e.abandon == nil {
		return nil
	}
	return e.abandon(ctx, j, cause)
}

func open(t *testing.T) *sqlite.Store {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "qlp.db"), sqlite.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func start(t *testing.T, st *sqlite.Store, e *engine, cfg worker.Config) *worker.Worker {
	t.Helper()
	w, err := worker.New(st.Queue, e, slog.New(slog.DiscardHandler), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return w
}

func enqueue(t *testing.T, st store.Store, jobs ...store.Job) {
	t.Helper()
	err := st.Tx(t.Context(), func(tx store.Tx) error {
		for _, job := range jobs {
			if err := tx.Enqueue(t.Context(), job); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// eventually polls: the queue is another party, which says nothing when it is done.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

func task(n int) store.Job {
	return store.Job{Kind: store.JobTask, IntentID: "i", RunID: "r", TaskID: "domain", Attempt: n}
}

func TestEachKindCallsItsMethod(t *testing.T) {
	t.Parallel()
	st, e := open(t), &engine{}
	start(t, st, e, worker.Config{})
	var want []call
	for _, kind := range []store.JobKind{store.JobInterpret, store.JobPlan, store.JobTask, store.JobVerify, store.JobPack} {
		job := store.Job{Kind: kind, IntentID: "i", RunID: "r", TaskID: "t", Attempt: 7}
		enqueue(t, st, job)
		want = append(want, call{method: string(kind), job: job})
	}
	eventually(t, "five calls", func() bool { return len(e.seen()) == len(want) })
	for _, w := range want {
		if !slices.ContainsFunc(e.seen(), func(c call) bool { return c.method == w.method && c.job == w.job }) {
			t.Errorf("no call of %s with %+v", w.method, w.job)
		}
	}
}

func TestRolledBackJobDoesNotRun(t *testing.T) {
	t.Parallel()
	st, e := open(t), &engine{}
	start(t, st, e, worker.Config{})
	boom := errors.New("boom")
	err := st.Tx(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.Enqueue(t.Context(), task(1)), boom)
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	enqueue(t, st, task(2))
	eventually(t, "the job that was committed", func() bool { return len(e.seen()) > 0 })
	if got := e.seen(); len(got) != 1 || got[0].job != task(2) {
		t.Errorf("calls: %+v", got)
	}
}

func TestFailedJobIsTriedAgainThenAbandoned(t *testing.T) {
	t.Parallel()
	st := open(t)
	e := &engine{do: func(context.Context, store.Job) error { return errors.New("the disk is on fire") }}
	start(t, st, e, worker.Config{Delays: []time.Duration{20 * time.Millisecond, 40 * time.Millisecond, 60 * time.Millisecond}})
	enqueue(t, st, task(1))
	eventually(t, "the abandon", func() bool { c := e.seen(); return len(c) > 0 && c[len(c)-1].method == "abandon" })
	got := e.seen()
	if len(got) != 5 {
		t.Fatalf("%d calls, want four tries and one abandon: %+v", len(got), got)
	}
	if got[4].cause != "the disk is on fire" || got[4].job != task(1) {
		t.Errorf("abandoned %+v because of %q", got[4].job, got[4].cause)
	}
	if pause := got[3].at.Sub(got[2].at); pause < 60*time.Millisecond {
		t.Errorf("the fourth try came after %s", pause)
	}
	eventually(t, "the queue to be empty", func() bool {
		jobs, err := st.Queue.Waiting(t.Context())
		return err == nil && len(jobs) == 0
	})
	enqueue(t, st, task(2)) // the worker goes on
	eventually(t, "the next job", func() bool { return len(e.seen()) > 5 })
}

func TestDefaultDelaysAreKept(t *testing.T) {
	t.Parallel()
	st := open(t)
	e := &engine{do: func(context.Context, store.Job) error { return errors.New("no") }}
	start(t, st, e, worker.Config{})
	enqueue(t, st, task(1))
	eventually(t, "the abandon", func() bool { c := e.seen(); return len(c) == 5 && c[4].method == "abandon" })
	got := e.seen()
	for i, want := range worker.DefaultDelays() {
		if pause := got[i+1].at.Sub(got[i].at); pause < want || pause > want+2*time.Second {
			t.Errorf("try %d came after %s, want about %s", i+2, pause, want)
		}
	}
}

func TestAbandonIsTriedUntilItSucceeds(t *testing.T) {
	t.Parallel()
	st := open(t)
	left := 2
	e := &engine{
		do: func(context.Context, store.Job) error { return errors.New("no") },
		abandon: func(context.Context, store.Job, error) error {
			if left--; left >= 0 {
				return errors.New("not now")
			}
			return nil
		},
	}
	start(t, st, e, worker.Config{Delays: []time.Duration{time.Millisecond}})
	enqueue(t, st, task(1))
	eventually(t, "three abandons", func() bool { return len(e.seen()) == 5 })
	for i, c := range e.seen() {
		if want := map[bool]string{true: "task", false: "abandon"}[i < 2]; c.method != want {
			t.Errorf("call %d is %s, want %s", i, c.method, want)
		}
		if c.method == "abandon" && c.cause != "no" {
			t.Errorf("call %d: the cause is %q", i, c.cause)
		}
	}
}

func TestPanicIsAnError(t *testing.T) {
	t.Parallel()
	st := open(t)
	e := &engine{do: func(context.Context, store.Job) error { panic("nil map") }}
	start(t, st, e, worker.Config{Delays: []time.Duration{time.Millisecond}})
	enqueue(t, st, task(1))
	eventually(t, "the abandon", func() bool { c := e.seen(); return len(c) == 3 })
	if got := e.seen()[2]; got.method != "abandon" || got.cause != "panic: nil map" {
		t.Errorf("got %+v", got)
	}
}

func TestStopWaitsForRunningJobs(t *testing.T) {
	t.Parallel()
	st := open(t)
	begun, let := make(chan struct{}), make(chan struct{})
	e := &engine{do: func(ctx context.Context, _ store.Job) error {
		close(begun)
		<-let
		return ctx.Err()
	}}
	w := start(t, st, e, worker.Config{Grace: time.Hour})
	enqueue(t, st, task(1))
	<-begun
	stopped := make(chan error)
	go func() { stopped <- w.Stop(context.WithoutCancel(t.Context())) }()
	enqueue(t, st, task(2)) // is not claimed any more, or only if it came before the stop did
	select {
	case err := <-stopped:
		t.Fatalf("stopped under a running job: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(let)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if err := w.Stop(t.Context()); err != nil {
		t.Errorf("a second stop: %v", err)
	}
}

func TestStopEndsContextsAfterTheGrace(t *testing.T) {
	t.Parallel()
	st := open(t)
	begun := make(chan struct{})
	first := &engine{do: func(ctx context.Context, _ store.Job) error {
		close(begun)
		<-ctx.Done()
		return qlp.Errorf(qlp.Internal, "half-way: %w", ctx.Err())
	}}
	w := start(t, st, first, worker.Config{Grace: 10 * time.Millisecond})
	enqueue(t, st, task(1))
	<-begun
	began := time.Now()
	if err := w.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the stop took %s", took)
	}
	// The job was cut off, which is no failure: the next worker runs it at once.
	second := &engine{}
	start(t, st, second, worker.Config{})
	eventually(t, "the job to run again", func() bool { return len(second.seen()) == 1 })
	if len(first.seen()) != 1 || second.seen()[0].job != task(1) {
		t.Errorf("calls: %+v, then %+v", first.seen(), second.seen())
	}
}

func TestEqualJobIsAddedOnce(t *testing.T) {
	t.Parallel()
	st := open(t)
	begun, let := make(chan struct{}), make(chan struct{})
	var once sync.Once
	e := &engine{do: func(context.Context, store.Job) error {
		once.Do(func() { close(begun) })
		<-let
		return nil
	}}
	start(t, st, e, worker.Config{})
	enqueue(t, st, task(1), task(1))
	<-begun
	enqueue(t, st, task(1), task(2)) // while it runs
	eventually(t, "two jobs", func() bool { return len(e.seen()) == 2 })
	close(let)
	enqueue(t, st, task(3))
	eventually(t, "three jobs", func() bool { return len(e.seen()) == 3 })
}
