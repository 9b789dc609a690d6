package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// everything writes a bit of each kind in tx.
func everything(ctx context.Context, tx store.Tx, run qlp.Run) error {
	if _, err := tx.Append(ctx, qlp.Event{IntentID: run.IntentID, Type: qlp.EventRunStarted, RunID: run.ID}); err != nil {
		return err
	}
	if err := tx.Enqueue(ctx, store.Job{Kind: store.JobTask, IntentID: run.IntentID, RunID: run.ID, TaskID: "domain", Attempt: 1}); err != nil {
		return err
	}
	if _, _, err := tx.BeginAttempt(ctx, qlp.Attempt{RunID: run.ID, TaskID: "domain", Number: 1}); err != nil {
		return err
	}
	if err := tx.MoveTask(ctx, run.ID, "domain", qlp.TaskReady, qlp.TaskRunning, ""); err != nil {
		return err
	}
	return tx.MoveIntent(ctx, run.IntentID, qlp.StateReceived, qlp.StateInterpreting, "")
}

// untouched fails unless nothing of everything is there.
func (s *suite) untouched(t *testing.T, st store.Store, run qlp.Run) {
	t.Helper()
	in := read(t, st, func(ctx context.Context, r store.Reader) (qlp.Intent, error) { return r.Intent(ctx, run.IntentID) })
	if in.State != qlp.StateReceived || in.Run.Tasks[1].State != qlp.TaskReady || in.Run.Tasks[1].Attempts != 0 {
		t.Errorf("the intent is %s and its tasks %+v", in.State, in.Run.Tasks)
	}
	if evs := read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Event, error) { return r.Events(ctx, in.ID, 0, 10) }); len(evs) != 0 {
		t.Errorf("events are left: %+v", evs)
	}
	if jobs := s.Jobs(t.Context(), t, st); len(jobs) != 0 {
		t.Errorf("jobs are left: %+v", jobs)
	}
	// The next number is 1: what was taken back left no hole.
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		evs, err := tx.Append(ctx, qlp.Event{IntentID: in.ID, Type: qlp.EventIntentReceived})
		if err == nil && evs[0].Seq != 1 {
			t.Errorf("the next event has number %d", evs[0].Seq)
		}
		return err
	})
}

func (s *suite) testRollback(t *testing.T) {
	st := s.open(t)
	run := addRun(t, st)
	boom := errors.New("boom")
	err := st.Tx(t.Context(), func(tx store.Tx) error {
		if err := everything(t.Context(), tx, run); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatalf("got %v, want the function's own error", err)
	}
	s.untouched(t, st, run)
}

func (s *suite) testPanic(t *testing.T) {
	st := s.open(t)
	run := addRun(t, st)
	func() {
		defer func() {
			if r := recover(); r != "boom" {
				t.Errorf("recovered %v, want the panic to come through", r)
			}
		}()
		_ = st.Tx(t.Context(), func(tx store.Tx) error {
			if err := everything(t.Context(), tx, run); err != nil {
				t.Error(err)
			}
			panic("boom")
		})
	}()
	s.untouched(t, st, run)
}

func (s *suite) testDoneContext(t *testing.T) {
	st := s.open(t)
	run := addRun(t, st)
	ctx, cancel := context.WithCancel(t.Context())
	err := st.Tx(ctx, func(tx store.Tx) error {
		err := everything(ctx, tx, run)
		cancel()
		return err
	})
	if qlp.CodeOf(err) != qlp.Unavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v (%s), want unavailable, because canceled", err, qlp.CodeOf(err))
	}
	s.untouched(t, st, run)
	// A second writer waits for the first one as long as its context allows.
	held, let := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = st.Tx(t.Context(), func(store.Tx) error { close(held); <-let; return errors.New("nothing to write") })
	})
	<-held
	short, done := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer done()
	err = st.Tx(short, func(store.Tx) error { t.Error("two writers at once"); return nil })
	if qlp.CodeOf(err) != qlp.Unavailable || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v (%s), want unavailable, because the deadline is over", err, qlp.CodeOf(err))
	}
	close(let)
	wg.Wait()
}

func (s *suite) testRefusedStatement(t *testing.T) {
	st := s.open(t)
	run := addRun(t, st)
	err := st.Tx(t.Context(), func(tx store.Tx) error {
		if err := everything(t.Context(), tx, run); err != nil {
			return err
		}
		_ = tx.InsertRun(t.Context(), run) // a conflict that is overlooked
		return nil
	})
	if qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("got %v, want a conflict: a transaction with a refused statement is not committed", err)
	}
	s.untouched(t, st, run)
}

func (s *suite) testSnapshot(t *testing.T) {
	st := s.open(t)
	in := addIntent(t, st)
	err := st.Read(t.Context(), func(r store.Reader) error {
		before, err := r.Intent(t.Context(), in.ID)
		if err != nil {
			return err
		}
		write(t, st, func(ctx context.Context, tx store.Tx) error {
			return tx.MoveIntent(ctx, in.ID, qlp.StateReceived, qlp.StateInterpreting, "")
		})
		after, err := r.Intent(t.Context(), in.ID)
		if before.State != after.State {
			t.Errorf("one reading saw %s and %s", before.State, after.State)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *suite) testReaderDoesNotWait(t *testing.T) {
	st := s.open(t)
	in := addIntent(t, st)
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		if err := tx.MoveIntent(ctx, in.ID, qlp.StateReceived, qlp.StateInterpreting, ""); err != nil {
			return err
		}
		got := read(t, st, func(ctx context.Context, r store.Reader) (qlp.Intent, error) { return r.Intent(ctx, in.ID) })
		if got.State != qlp.StateReceived {
			t.Errorf("a reader saw what is not committed: %s", got.State)
		}
		mine, err := tx.Intent(ctx, in.ID)
		if mine.State != qlp.StateInterpreting {
			t.Errorf("the writer does not see what it wrote: %s", mine.State)
		}
		return err
	})
}

func (s *suite) testReaderMayNotWrite(t *testing.T) {
	st := s.open(t)
	in := addIntent(t, st)
	err := st.Read(t.Context(), func(r store.Reader) error {
		if _, ok := r.(store.Tx); ok {
			t.Error("a Reader can be turned into a Tx")
		}
		_, err := r.Intent(t.Context(), in.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *suite) testEvents(t *testing.T) {
	st := s.open(t)
	a, b := addIntent(t, st), addIntent(t, st)
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		evs, err := tx.Append(ctx,
			qlp.Event{IntentID: a.ID, Type: qlp.EventIntentReceived, Seq: 99},
			qlp.Event{IntentID: b.ID, Type: qlp.EventIntentReceived},
			qlp.Event{IntentID: a.ID, Type: qlp.EventTaskState, RunID: "r", TaskID: "t", Attempt: 3, Data: []byte(`{"b":1, "a":2}`)})
		if err != nil {
			return err
		}
		if evs[0].Seq != 1 || evs[1].Seq != 1 || evs[2].Seq != 2 || evs[0].Time.IsZero() {
			t.Errorf("numbers %d, %d, %d at %s", evs[0].Seq, evs[1].Seq, evs[2].Seq, evs[0].Time)
		}
		stored, err := tx.Events(ctx, a.ID, 0, 10)
		same(t, "the stored events", stored, []qlp.Event{evs[0], evs[2]})
		if string(stored[1].Data) != `{"b":1, "a":2}` {
			t.Errorf("the data came back as %s", stored[1].Data)
		}
		return err
	})
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		for range 3 {
			if _, err := tx.Append(ctx, qlp.Event{IntentID: a.ID, Type: qlp.EventTaskState}); err != nil {
				return err
			}
		}
		none, err := tx.Append(ctx)
		if len(none) != 0 {
			t.Error("no events came back as some")
		}
		return err
	})
	page := read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Event, error) { return r.Events(ctx, a.ID, 2, 2) })
	if len(page) != 2 || page[0].Seq != 3 || page[1].Seq != 4 {
		t.Errorf("two events after the second: %+v", page)
	}
	if rest := read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Event, error) { return r.Events(ctx, a.ID, 5, 2) }); len(rest) != 0 {
		t.Errorf("events after the last: %+v", rest)
	}
}

func (s *suite) testEventsConcurrent(t *testing.T) {
	st := s.open(t)
	a, b := addIntent(t, st), addIntent(t, st)
	const writers, rounds = 8, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range rounds {
				err := st.Tx(t.Context(), func(tx store.Tx) error {
					_, err := tx.Append(t.Context(), qlp.Event{IntentID: a.ID, Type: qlp.EventTaskState}, qlp.Event{IntentID: b.ID, Type: qlp.EventTaskState})
					if err == nil && (w+i)%5 == 0 {
						return errors.New("every fifth is taken back")
					}
					return err
				})
				if err != nil && (w+i)%5 != 0 {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, id := range []string{a.ID, b.ID} {
		evs := read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Event, error) { return r.Events(ctx, id, 0, 1000) })
		if want := writers * rounds * 4 / 5; len(evs) != want {
			t.Errorf("%d events, want %d", len(evs), want)
		}
		for i, ev := range evs {
			if ev.Seq != int64(i+1) {
				t.Fatalf("event %d has number %d", i+1, ev.Seq)
			}
		}
	}
}

func (s *suite) testChanged(t *testing.T) {
	st := s.openWith(t, Options{Poll: time.Hour})
	in := addIntent(t, st)
	one, two := st.Changed(), st.Changed()
	addIntent(t, st) // writes, but appends nothing
	_ = st.Tx(t.Context(), func(tx store.Tx) error {
		_, _ = tx.Append(t.Context(), qlp.Event{IntentID: in.ID, Type: "x"})
		return errors.New("taken back")
	})
	select {
	case <-one:
		t.Error("woken without a committed event")
	default:
	}
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Append(ctx, qlp.Event{IntentID: in.ID, Type: "x"})
		return err
	})
	for i, ch := range []<-chan struct{}{one, two} {
		select {
		case <-ch:
		case <-time.After(10 * time.Second):
			t.Fatalf("waiter %d was not woken", i)
		}
	}
	select {
	case <-st.Changed():
		t.Error("a new waiter was woken by an old commit")
	default:
	}
}

func (s *suite) testChangedPoll(t *testing.T) {
	st := s.openWith(t, Options{Poll: 5 * time.Millisecond})
	for range 3 {
		select {
		case <-st.Changed():
		case <-time.After(10 * time.Second):
			t.Fatal("not woken after the poll interval")
		}
	}
}

func (s *suite) testJobs(t *testing.T) {
	st := s.open(t)
	run := addRun(t, st)
	var want []store.Job
	for i, kind := range []store.JobKind{store.JobInterpret, store.JobPlan, store.JobTask, store.JobVerify, store.JobPack} {
		want = append(want, store.Job{Kind: kind, IntentID: run.IntentID, RunID: run.ID, TaskID: "domain", Attempt: i})
	}
	for range 2 {
		write(t, st, func(ctx context.Context, tx store.Tx) error {
			for _, job := range want {
				for range 2 {
					if err := tx.Enqueue(ctx, job); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	same(t, "the jobs", s.Jobs(t.Context(), t, st), want)
	other := want[2]
	other.Attempt++
	write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.Enqueue(ctx, other) })
	same(t, "the jobs", s.Jobs(t.Context(), t, st), append(want, other))
}

func (s *suite) testJobsRefused(t *testing.T) {
	st := s.open(t)
	for _, job := range []store.Job{{Kind: "dance", IntentID: "i"}, {IntentID: "i"}, {Kind: store.JobPlan}} {
		refuse(t, st, qlp.Invalid, func(ctx context.Context, tx store.Tx) error { return tx.Enqueue(ctx, job) })
	}
}

func (s *suite) testCancelJobs(t *testing.T) {
	st := s.open(t)
	a, b := addIntent(t, st), addIntent(t, st)
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		for i, id := range []string{a.ID, a.ID, b.ID} {
			if err := tx.Enqueue(ctx, store.Job{Kind: store.JobTask, IntentID: id, RunID: "r", TaskID: fmt.Sprint(i)}); err != nil {
				return err
			}
		}
		return nil
	})
	write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.CancelJobs(ctx, a.ID) })
	left := store.Job{Kind: store.JobTask, IntentID: b.ID, RunID: "r", TaskID: "2"}
	same(t, "the jobs", s.Jobs(t.Context(), t, st), []store.Job{left})
	// What was canceled may be asked for again.
	again := store.Job{Kind: store.JobTask, IntentID: a.ID, RunID: "r", TaskID: "0"}
	write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.Enqueue(ctx, again) })
	same(t, "the jobs", s.Jobs(t.Context(), t, st), []store.Job{left, again})
}

func (s *suite) testClosed(t *testing.T) {
	st := s.open(t)
	in := addIntent(t, st)
	if err := st.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	held, let := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := st.Tx(t.Context(), func(tx store.Tx) error {
			close(held)
			<-let
			return tx.MoveIntent(t.Context(), in.ID, qlp.StateReceived, qlp.StateCanceled, "")
		})
		if err != nil {
			t.Errorf("a transaction under way was cut off: %v", err)
		}
	})
	<-held
	closed := make(chan error)
	wg.Go(func() { closed <- st.Close() })
	// The close is waiting when new transactions are refused.
	for st.Ping(t.Context()) == nil {
		select {
		case err := <-closed:
			t.Errorf("closed under a transaction: %v", err)
		default:
		}
	}
	close(let)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := st.Close(); err != nil {
		t.Errorf("a second close: %v", err)
	}
	for name, err := range map[string]error{
		"Tx":   st.Tx(t.Context(), func(store.Tx) error { return nil }),
		"Read": st.Read(t.Context(), func(store.Reader) error { return nil }),
		"Ping": st.Ping(t.Context()),
	} {
		if qlp.CodeOf(err) != qlp.Unavailable {
			t.Errorf("%s after the close: %v, want unavailable", name, err)
		}
	}
}
