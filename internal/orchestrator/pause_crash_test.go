package orchestrator_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// TestCrashInPauseAndResume ends the process at each transaction of a run that is paused at a cap and resumed with a higher
// one, before and after its commit: it is always paused once, resumed once, and pays for nothing twice.
func TestCrashInPauseAndResume(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		t.Run(map[bool]string{false: "before the commit", true: "after the commit"}[after], func(t *testing.T) {
			t.Parallel()
			for n := 2; ; n++ { // the first is the submit itself
				if n > 200 {
					t.Fatal("the run never gets through")
				}
				through := false
				t.Run(fmt.Sprint(n), func(t *testing.T) { through = pausedCrashAt(t, n, after) })
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

// pausedCrashAt reports whether the run ended before the nth transaction.
func pausedCrashAt(t *testing.T, n int, after bool) (through bool) {
	t.Helper()
	m := &mortal{left: n, after: after, dead: make(chan struct{})}
	p := &purse{}
	r := newRig(t, func(r *rig) {
		modelled(r, p, tiny{})
		r.wrap = func(s store.Store) store.Store { m.Store = s; return m }
	})
	r.start()
	id := r.submit(capped(4)).ID
	if through = r.pausedOrDead(id, m) && r.resumeUnlessDead(id, m) && r.overOrDead(id, m); !through {
		r.close() // what is in memory is gone
		r.wrap = nil
		r.open()
		r.start()
		if in := r.untilPaused(id); in.State == qlp.StatePaused {
			if err := r.ResumeIntent(t.Context(), id, calls(100)); err != nil {
				t.Fatal(err)
			}
		}
	}
	in := r.end(id, qlp.StateVerified)
	if in.Pause == nil || in.Pause.Number != 1 || in.Pause.Until == nil || in.Run.Repairs != 0 {
		t.Errorf("crash %d: pause %+v, %d repairs", n, in.Pause, in.Run.Repairs)
	}
	if tasks := len(in.Plan.Tasks); p.spent() != tasks+2 || len(r.attempts(in)) != tasks {
		t.Errorf("crash %d: %d calls and %d attempts for %d tasks", n, p.spent(), len(r.attempts(in)), tasks)
	}
	told := map[qlp.EventType]int{}
	for _, e := range r.events(id) {
		told[e.Type]++
	}
	if told[qlp.EventBudgetReached] != 1 || told[qlp.EventRunStarted] != 1 || told[qlp.EventCapsuleReady] != 1 {
		t.Errorf("crash %d: told %v", n, told)
	}
	return through
}

// reached waits until the intent is as ok wants it, and reports whether it came to that before the process died.
func (r *rig) reached(id string, m *mortal, ok func(qlp.Intent) bool) bool {
	for !ok(r.intentQuietly(id)) {
		select {
		case <-m.dead:
			return false
		case <-time.After(2 * time.Millisecond):
		}
	}
	select {
	case <-m.dead:
		return false
	default:
		return true
	}
}

func (r *rig) pausedOrDead(id string, m *mortal) bool {
	return r.reached(id, m, func(in qlp.Intent) bool { return in.State == qlp.StatePaused })
}

func (r *rig) overOrDead(id string, m *mortal) bool {
	return r.reached(id, m, func(in qlp.Intent) bool { return in.State.Over() })
}

func (r *rig) resumeUnlessDead(id string, m *mortal) bool {
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-m.dead:
			cancel()
		case <-done:
		}
	}()
	return r.ResumeIntent(ctx, id, calls(100)) == nil
}
