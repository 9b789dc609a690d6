package qlp

import (
	"slices"
	"testing"
)

// The tables are written by hand, from the life of an intent as product.md tells it: they must not be made from the code.
func TestMovesOfAnIntent(t *testing.T) {
	t.Parallel()
	legal := map[State][]State{
		StateReceived:         {StateInterpreting, StateFailed, StateCanceled},
		StateInterpreting:     {StatePlanned, StateNeedsInput, StatePaused, StateFailed, StateCanceled},
		StateNeedsInput:       {},
		StatePlanned:          {StateAwaitingApproval, StateRunning, StatePaused, StateFailed, StateCanceled},
		StateAwaitingApproval: {StateRunning, StateCanceled},
		StateRunning:          {StateVerifying, StatePaused, StateUnverified, StateFailed, StateCanceled},
		StateVerifying:        {StateRunning, StateAwaitingRelease, StatePaused, StateVerified, StateUnverified, StateFailed, StateCanceled},
		StateAwaitingRelease:  {StateVerified, StateCanceled},
		StatePaused:           {StateInterpreting, StatePlanned, StateRunning, StateVerifying, StateCanceled},
		StateVerified:         {},
		StateUnverified:       {StateRunning},
		StateFailed:           {StateRunning},
		StateCanceled:         {StateRunning},
	}
	for from := range legal {
		for to := range legal {
			moves(t, from.Move(to), slices.Contains(legal[from], to), string(from), string(to))
		}
		moves(t, from.Move("nowhere"), false, string(from), "nowhere")
		moves(t, State("nowhere").Move(from), false, "nowhere", string(from))
	}
}

func TestMovesOfATask(t *testing.T) {
	t.Parallel()
	legal := map[TaskState][]TaskState{
		TaskPending:   {TaskReady, TaskCanceled},
		TaskReady:     {TaskRunning, TaskCanceled},
		TaskRunning:   {TaskDone, TaskRepairing, TaskFailed, TaskCanceled},
		TaskRepairing: {TaskRunning, TaskFailed, TaskCanceled},
		TaskDone:      {TaskRepairing},
		TaskFailed:    {},
		TaskCanceled:  {},
	}
	for from := range legal {
		for to := range legal {
			moves(t, from.Move(to), slices.Contains(legal[from], to), string(from), string(to))
		}
		moves(t, from.Move("nowhere"), false, string(from), "nowhere")
		moves(t, TaskState("nowhere").Move(from), false, "nowhere", string(from))
	}
}

func moves(t *testing.T, err error, legal bool, from, to string) {
	t.Helper()
	if legal && err != nil || !legal && CodeOf(err) != Conflict {
		t.Errorf("from %s to %s: %v", from, to, err)
	}
}

func TestAStateIsOverOrActive(t *testing.T) {
	t.Parallel()
	over := []State{StateNeedsInput, StateVerified, StateUnverified, StateFailed, StateCanceled}
	active := []State{StateReceived, StateInterpreting, StatePlanned, StateAwaitingApproval, StateRunning, StateVerifying, StateAwaitingRelease, StatePaused}
	for _, s := range over {
		if !s.Over() || s.Active() {
			t.Errorf("%s is not over", s)
		}
	}
	for _, s := range active {
		if s.Over() || !s.Active() {
			t.Errorf("%s is over", s)
		}
	}
	for _, v := range []Verdict{Verified, Unverified, VerdictFailed, Canceled} {
		if !slices.Contains(over, StateOf(v)) {
			t.Errorf("a run that ended %s leaves its intent %s, which is no end", v, StateOf(v))
		}
	}
}
