package storetest

import (
	"context"
	"errors"
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
	// A second writer of the same intent waits for the first one as long as its context allows.
	event := qlp.Event{IntentID: run.IntentID, Type: "x"}
	held, let := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = st.Tx(t.Context(), func(tx store.Tx) error {
			defer func() { <-let }()
			defer close(held)
			_, err := tx.Append(t.Context(), event)
			return errors.Join(err, errors.New("taken back"))
		})
	})
	<-held
	short, done := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer done()
	err = st.Tx(short, func(tx store.Tx) error {
		if _, err := tx.Append(short, event); err != nil {
			return err
		}
		t.Error("two writers at once")
		return nil
	})
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
