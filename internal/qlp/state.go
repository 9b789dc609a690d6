package qlp

import "slices"

// State is where an intent stands.
type State string

// The states of an intent, in the order of its way.
const (
	StateReceived         State = "received"
	StateInterpreting     State = "interpreting"
	StateNeedsInput       State = "needs_input" // questions are open, or it was refused; the words must change
	StatePlanned          State = "planned"
	StateAwaitingApproval State = "awaiting_approval"
	StateRunning          State = "running"
	StateVerifying        State = "verifying"
	StateAwaitingRelease  State = "awaiting_release"
	StatePaused           State = "paused" // a cap of model calls is reached, or no model answers; a person raises it, and resumes
	StateVerified         State = "verified"
	StateUnverified       State = "unverified"
	StateFailed           State = "failed"
	StateCanceled         State = "canceled"
)

// TaskState is where a task stands within its run.
type TaskState string

// The states of a task.
const (
	TaskPending   TaskState = "pending"
	TaskReady     TaskState = "ready"
	TaskRunning   TaskState = "running"
	TaskRepairing TaskState = "repairing"
	TaskDone      TaskState = "done"
	TaskFailed    TaskState = "failed"
	TaskCanceled  TaskState = "canceled"
)

func intentMoves(from State) []State {
	switch from {
	case StateReceived:
		return []State{StateInterpreting, StateFailed, StateCanceled}
	case StateInterpreting:
		return []State{StatePlanned, StateNeedsInput, StatePaused, StateFailed, StateCanceled}
	case StatePlanned:
		return []State{StateAwaitingApproval, StateRunning, StatePaused, StateFailed, StateCanceled}
	case StateAwaitingApproval:
		return []State{StateRunning, StateCanceled}
	case StateRunning: // unverified: a cap was reached, or the machine failed, before there was a project
		return []State{StateVerifying, StatePaused, StateUnverified, StateFailed, StateCanceled}
	case StateVerifying: // back to running: a repair
		return []State{StateRunning, StateAwaitingRelease, StatePaused, StateVerified, StateUnverified, StateFailed, StateCanceled}
	case StateAwaitingRelease:
		return []State{StateVerified, StateCanceled}
	case StatePaused: // back to where it was paused
		return []State{StateInterpreting, StatePlanned, StateRunning, StateVerifying, StateCanceled}
	case StateUnverified, StateFailed, StateCanceled: // a retry starts a new run from a task
		return []State{StateRunning}
	default: // needs_input and verified are the end of this revision
		return nil
	}
}

func taskMoves(from TaskState) []TaskState {
	switch from {
	case TaskPending:
		return []TaskState{TaskReady, TaskCanceled}
	case TaskReady:
		return []TaskState{TaskRunning, TaskCanceled}
	case TaskRunning:
		return []TaskState{TaskDone, TaskRepairing, TaskFailed, TaskCanceled}
	case TaskRepairing:
		return []TaskState{TaskRunning, TaskFailed, TaskCanceled}
	case TaskDone: // the verification found a fault in its files
		return []TaskState{TaskRepairing}
	default: // failed and canceled tasks are replaced by those of the next run
		return nil
	}
}

// Move checks that an intent may go from one state to another.
func (s State) Move(to State) error {
	if slices.Contains(intentMoves(s), to) {
		return nil
	}
	return Errorf(Conflict, "an intent that is %s cannot become %s", s, to)
}

// Move checks that a task may go from one state to another.
func (s TaskState) Move(to TaskState) error {
	if slices.Contains(taskMoves(s), to) {
		return nil
	}
	return Errorf(Conflict, "a task that is %s cannot become %s", s, to)
}

// Over reports whether nothing more happens to the intent unless a person acts.
func (s State) Over() bool {
	switch s {
	case StateNeedsInput, StateVerified, StateUnverified, StateFailed, StateCanceled:
		return true
	default:
		return false
	}
}

// Active reports whether the intent can still be cancelled.
func (s State) Active() bool { return !s.Over() }

// StateOf returns the state of an intent whose run ended with v.
func StateOf(v Verdict) State { return State(v) }
