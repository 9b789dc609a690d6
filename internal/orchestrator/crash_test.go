package orchestrator_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/validator"
)

var errCrash = errors.New("the process is gone")

// mortal is a store whose process dies at its nth transaction: before the commit, or right after it. From then on nothing
// gets through, and whoever tries is stuck until the worker is stopped: a dead process writes no failure either.
type mortal struct {
	store.Store
	mu     sync.Mutex
	left   int  // transactions until the end
	after  bool // the last one is still committed
	dead   chan struct{}
	closed bool
}

func (m *mortal) Tx(ctx context.Context, fn func(store.Tx) error) error {
	m.mu.Lock()
	m.left--
	last, gone := m.left == 0, m.left < 0
	m.mu.Unlock()
	if gone {
		<-ctx.Done()
		return ctx.Err()
	}
	if !last {
		return m.Store.Tx(ctx, fn)
	}
	if m.after {
		if err := m.Store.Tx(ctx, fn); err != nil {
			return err
		}
	} else if err := m.Store.Tx(ctx, func(tx store.Tx) error { return errors.Join(fn(tx), errCrash) }); !errors.Is(err, errCrash) {
		return err
	}
	m.die()
	<-ctx.Done()
	return ctx.Err()
}

func (m *mortal) Read(ctx context.Context, fn func(store.Reader) error) error {
	m.mu.Lock()
	gone := m.left <= 0
	m.mu.Unlock()
	if gone {
		<-ctx.Done()
		return ctx.Err()
	}
	return m.Store.Read(ctx, fn)
}

func (m *mortal) die() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.closed = true
		close(m.dead)
	}
}

// TestCrashAtEveryTransaction ends the process at each transaction of a run with a repair in it, before and after its
// commit, and starts it again: the run always ends the same way, with every attempt and event written once.
func TestCrashAtEveryTransaction(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		t.Run(map[bool]string{false: "before the commit", true: "after the commit"}[after], func(t *testing.T) {
			t.Parallel()
			for n := 2; ; n++ { // the first is the submit itself, which answers with the error
				if n > 200 {
					t.Fatal("the run never gets through")
				}
				through := false
				t.Run(fmt.Sprint(n), func(t *testing.T) { through = crashAt(t, n, after) })
				if through {
					t.Logf("%d crashes", n-2)
					if n < 20 {
						t.Errorf("a run has only %d transactions", n-2)
					}
					return
				}
			}
		})
	}
}

// crashAt runs an intent and lets the process die at the nth transaction. It reports whether the run ended before that.
func crashAt(t *testing.T, n int, after bool) (through bool) {
	t.Helper()
	m := &mortal{left: n, after: after, dead: make(chan struct{})}
	r := newRig(t, func(r *rig) {
		r.judge.validate = func(_ context.Context, _ int, s validator.Subject) []qlp.Check {
			for _, f := range s.Files {
				if f.Path == "service/web/part.txt" && string(f.Content) != "attempt 2\n" {
					return failed(s, f.Path, "no such name")
				}
			}
			return passed(s)
		}
		r.generators["offline"] = numbered{}
		r.wrap = func(s store.Store) store.Store { m.Store = s; return m }
	})
	r.start()
	id := r.submit(orchestrator.Request{}).ID
	over := make(chan struct{})
	go func() {
		defer close(over)
		for r.intentQuietly(id).Run == nil || !r.intentQuietly(id).State.Over() {
			select {
			case <-m.dead:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	<-over
	select {
	case <-m.dead:
	default:
		through = true
	}
	if !through {
		r.close() // what is in memory is gone
		r.wrap = nil
		r.open()
		r.start()
	}
	in := r.end(id, qlp.StateVerified)
	if in.Run.Number != 1 || in.Run.Repairs != 1 {
		t.Errorf("crash %d: run %d with %d repairs", n, in.Run.Number, in.Run.Repairs)
	}
	if got := len(r.attempts(in)); got != len(in.Plan.Tasks)+1 {
		t.Errorf("crash %d: %d attempts for %d tasks and a repair", n, got, len(in.Plan.Tasks))
	}
	checks := map[string]int{}
	for _, e := range r.events(id) {
		checks[fmt.Sprint(e.Type, " ", e.TaskID, " ", e.Attempt)]++
	}
	for _, once := range []qlp.EventType{qlp.EventSpecReady, qlp.EventPlanReady, qlp.EventRunStarted, qlp.EventCapsuleReady} {
		if got := checks[fmt.Sprint(once, "  0")]; got != 1 {
			t.Errorf("crash %d: %s told %d times", n, once, got)
		}
	}
	return through
}

// intentQuietly reads an intent beside a test that may end at any time.
func (r *rig) intentQuietly(id string) qlp.Intent {
	var in qlp.Intent
	_ = r.sqlite.Read(context.Background(), func(tx store.Reader) (err error) {
		in, err = tx.Intent(context.Background(), id)
		return err
	})
	return in
}
