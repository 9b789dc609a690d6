package storetest

import (
	"context"
	"slices"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// legalMoves is every move of an intent that the store must allow; all others it must refuse. It is written out here, apart
// from the rules in qlp, so that neither changes without the other.
func legalMoves() map[qlp.State][]qlp.State {
	return map[qlp.State][]qlp.State{
		qlp.StateReceived:         {qlp.StateInterpreting, qlp.StateFailed, qlp.StateCanceled},
		qlp.StateInterpreting:     {qlp.StatePlanned, qlp.StateNeedsInput, qlp.StatePaused, qlp.StateFailed, qlp.StateCanceled},
		qlp.StateNeedsInput:       {},
		qlp.StatePlanned:          {qlp.StateAwaitingApproval, qlp.StateRunning, qlp.StatePaused, qlp.StateFailed, qlp.StateCanceled},
		qlp.StateAwaitingApproval: {qlp.StateRunning, qlp.StateCanceled},
		qlp.StateRunning:          {qlp.StateVerifying, qlp.StatePaused, qlp.StateUnverified, qlp.StateFailed, qlp.StateCanceled},
		qlp.StateVerifying:        {qlp.StateRunning, qlp.StateAwaitingRelease, qlp.StatePaused, qlp.StateVerified, qlp.StateUnverified, qlp.StateFailed, qlp.StateCanceled},
		qlp.StateAwaitingRelease:  {qlp.StateVerified, qlp.StateCanceled},
		qlp.StatePaused:           {qlp.StateInterpreting, qlp.StatePlanned, qlp.StateRunning, qlp.StateVerifying, qlp.StateCanceled},
		qlp.StateVerified:         {},
		qlp.StateUnverified:       {qlp.StateRunning},
		qlp.StateFailed:           {qlp.StateRunning},
		qlp.StateCanceled:         {qlp.StateRunning},
	}
}

// wayTo says how a new intent comes into each state.
func wayTo() map[qlp.State][]qlp.State {
	running := []qlp.State{qlp.StateInterpreting, qlp.StatePlanned, qlp.StateRunning}
	verifying := []qlp.State{qlp.StateInterpreting, qlp.StatePlanned, qlp.StateRunning, qlp.StateVerifying}
	return map[qlp.State][]qlp.State{
		qlp.StateReceived:         {},
		qlp.StateInterpreting:     {qlp.StateInterpreting},
		qlp.StateNeedsInput:       {qlp.StateInterpreting, qlp.StateNeedsInput},
		qlp.StatePlanned:          {qlp.StateInterpreting, qlp.StatePlanned},
		qlp.StateAwaitingApproval: {qlp.StateInterpreting, qlp.StatePlanned, qlp.StateAwaitingApproval},
		qlp.StateRunning:          running,
		qlp.StateVerifying:        verifying,
		qlp.StateAwaitingRelease:  append(verifying[:4:4], qlp.StateAwaitingRelease),
		qlp.StatePaused:           append(running[:3:3], qlp.StatePaused),
		qlp.StateVerified:         append(verifying[:4:4], qlp.StateVerified),
		qlp.StateUnverified:       append(verifying[:4:4], qlp.StateUnverified),
		qlp.StateFailed:           {qlp.StateInterpreting, qlp.StateFailed},
		qlp.StateCanceled:         {qlp.StateCanceled},
	}
}

func follow(t *testing.T, st store.Store, id string, way []qlp.State) {
	t.Helper()
	from := qlp.StateReceived
	for _, to := range way {
		write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.MoveIntent(ctx, id, from, to, "") })
		from = to
	}
}

func (s *suite) testIntentMoves(t *testing.T) {
	st := s.open(t)
	legal, ways := legalMoves(), wayTo()
	for from := range legal {
		for to := range legal {
			in := addIntent(t, st)
			follow(t, st, in.ID, ways[from])
			err := st.Tx(t.Context(), func(tx store.Tx) error { return tx.MoveIntent(t.Context(), in.ID, from, to, "because") })
			want := from
			switch {
			case slices.Contains(legal[from], to):
				want = to
				if err != nil {
					t.Errorf("from %s to %s: %v", from, to, err)
				}
			case qlp.CodeOf(err) != qlp.Conflict:
				t.Errorf("from %s to %s: %v, want a conflict", from, to, err)
			}
			got := read(t, st, func(ctx context.Context, r store.Reader) (qlp.Intent, error) { return r.Intent(ctx, in.ID) })
			if got.State != want {
				t.Errorf("from %s to %s: the intent is %s", from, to, got.State)
			}
			if err == nil && got.Reason != "because" {
				t.Errorf("from %s to %s: the reason is %q", from, to, got.Reason)
			}
		}
	}
	in := addIntent(t, st)
	refuse(t, st, qlp.Conflict, func(ctx context.Context, tx store.Tx) error { // a legal move, from where it is not
		return tx.MoveIntent(ctx, in.ID, qlp.StateRunning, qlp.StateVerifying, "")
	})
	refuse(t, st, qlp.Conflict, func(ctx context.Context, tx store.Tx) error { return tx.MoveIntent(ctx, in.ID, "", "", "") })
}

func legalTaskMoves() map[qlp.TaskState][]qlp.TaskState {
	return map[qlp.TaskState][]qlp.TaskState{
		qlp.TaskPending:   {qlp.TaskReady, qlp.TaskCanceled},
		qlp.TaskReady:     {qlp.TaskRunning, qlp.TaskCanceled},
		qlp.TaskRunning:   {qlp.TaskDone, qlp.TaskRepairing, qlp.TaskFailed, qlp.TaskCanceled},
		qlp.TaskRepairing: {qlp.TaskRunning, qlp.TaskFailed, qlp.TaskCanceled},
		qlp.TaskDone:      {qlp.TaskRepairing},
		qlp.TaskFailed:    {},
		qlp.TaskCanceled:  {},
	}
}

func (s *suite) testTaskMoves(t *testing.T) {
	st := s.open(t)
	legal := legalTaskMoves()
	in := addIntent(t, st)
	number := 0
	for from := range legal {
		for to := range legal {
			number++
			run := qlp.Run{ID: newID(), IntentID: in.ID, Number: number, Tasks: []qlp.TaskRun{{TaskID: "a", State: from}, {TaskID: "b", State: from}}}
			write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.InsertRun(ctx, run) })
			err := st.Tx(t.Context(), func(tx store.Tx) error { return tx.MoveTask(t.Context(), run.ID, "a", from, to, "because") })
			want := from
			switch {
			case slices.Contains(legal[from], to):
				want = to
				if err != nil {
					t.Errorf("from %s to %s: %v", from, to, err)
				}
			case qlp.CodeOf(err) != qlp.Conflict:
				t.Errorf("from %s to %s: %v, want a conflict", from, to, err)
			}
			got := read(t, st, func(ctx context.Context, r store.Reader) (qlp.Run, error) { return r.Run(ctx, run.ID) })
			if got.Tasks[0].State != want || got.Tasks[1].State != from {
				t.Errorf("from %s to %s: the task is %s, the other one %s", from, to, got.Tasks[0].State, got.Tasks[1].State)
			}
		}
	}
}
