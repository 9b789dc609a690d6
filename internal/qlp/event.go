package qlp

import (
	"encoding/json"
	"time"
)

// Event is one line of an intent's history. It is written in the transaction of the change that it tells of.
type Event struct {
	IntentID string          `json:"intent"`
	Seq      int64           `json:"seq"` // from 1 within the intent, without holes
	Type     EventType       `json:"type"`
	Time     time.Time       `json:"time"`
	RunID    string          `json:"run,omitempty"`
	TaskID   string          `json:"task,omitempty"`
	Attempt  int             `json:"attempt,omitempty"`
	Data     json.RawMessage `json:"data,omitempty"` // by type; see the payload types below
}

// EventType names what happened.
type EventType string

// The event types.
const (
	EventIntentReceived  EventType = "intent.received"
	EventIntentState     EventType = "intent.state"       // Data: StateChanged
	EventSpecReady       EventType = "spec.ready"         // Data: Spec
	EventSimilarFound    EventType = "similar.found"      // Data: SimilarFound; before spec.ready, where there are any
	EventOriginCompared  EventType = "origin.compared"    // Data: OriginCompared; before spec.ready, of an intent that starts from another
	EventNeedsInput      EventType = "intent.needs_input" // Data: NeedsInput
	EventPlanReady       EventType = "plan.ready"         // Data: Plan
	EventRunStarted      EventType = "run.started"
	EventTaskState       EventType = "task.state"       // Data: StateChanged
	EventAttemptFinished EventType = "attempt.finished" // Data: AttemptFinished
	EventCheckFinished   EventType = "check.finished"   // Data: Check
	EventRepairPlanned   EventType = "repair.planned"   // Data: StateChanged with the reason
	EventCapsuleReady    EventType = "capsule.ready"    // Data: CapsuleRef
	EventRunFinished     EventType = "run.finished"     // Data: RunFinished
	EventBudgetReached   EventType = "budget.reached"   // Data: BudgetReached
	EventRepairStuck     EventType = "repair.stuck"     // Data: RepairStuck
	EventRunExpired      EventType = "run.expired"      // Data: RunExpired; long after the run's end, by qlp gc
	EventCallSettled     EventType = "call.settled"     // Data: SettledCall

	// EventModelText is never stored and has no number: a piece of what a model is writing, for whoever watches just then.
	EventModelText EventType = "model.text" // Data: ModelText
)

// StateChanged is the data of a state event.
type StateChanged struct {
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// NeedsInput is what a person must answer, or why the intent was refused.
type NeedsInput struct {
	Outcome   string     `json:"outcome"` // question or refused
	Questions []Question `json:"questions,omitempty"`
	Reason    string     `json:"reason,omitempty"`
	Needs     string     `json:"needs,omitempty"`
}

// AttemptFinished is the data of an attempt's end.
type AttemptFinished struct {
	State  AttemptState `json:"state"`
	Reason string       `json:"reason,omitempty"`
	Files  int          `json:"files"`
}

// RunFinished is the data of a run's end. Verdict is empty when the intent ended before a run (needs_input).
type RunFinished struct {
	State   State       `json:"state"`
	Verdict Verdict     `json:"verdict,omitempty"`
	Reason  string      `json:"reason,omitempty"`
	Capsule *CapsuleRef `json:"capsule,omitempty"`
	Checks  []Check     `json:"checks,omitempty"`
	// Spending is what models have taken; nil where none was asked.
	Spending *RunSpending `json:"spending,omitempty"`
}

// RunExpired tells that a run's files, its executions with their logs, and its report were removed, because its time was over.
type RunExpired struct {
	Executions int `json:"executions"` // how many there were
}

// Pattern names a way in which repairs go in circles.
type Pattern string

// The patterns of a repair that is stuck.
const (
	SameFailure Pattern = "same_failure" // the failure came back with the same signature
	SameFiles   Pattern = "same_files"   // the repair wrote what was there before
	Alternating Pattern = "alternating"  // two failures take turns: mending one brings the other back
	NoProgress  Pattern = "no_progress"  // the number of tests that fail does not fall
)

// RepairStuck is the data of repair.stuck.
type RepairStuck struct {
	Pattern   Pattern `json:"pattern"`
	Signature string  `json:"signature,omitempty"` // of the failure
	Times     int     `json:"times,omitempty"`     // how often in a row
	Next      string  `json:"next,omitempty"`      // the strategy of the next attempt; "" where it stops
}

// SettledCall tells how a model call ended.
type SettledCall struct {
	Role     string `json:"role"`
	Provider string `json:"provider"`
	Model    string `json:"model"`
	Tokens   int64  `json:"tokens"`
	Micros   int64  `json:"micros"`
	Unpriced bool   `json:"unpriced,omitempty"` // the price is unknown, and Micros is 0
	Repair   bool   `json:"repair,omitempty"`
	Recorded bool   `json:"recorded,omitempty"` // from a recording: it cost nothing
	MS       int64  `json:"ms"`
	Failed   string `json:"failed,omitempty"` // why; "" for an answer
}

// ModelText is a piece of an answer, as it comes.
type ModelText struct {
	Text string `json:"text"`
}
