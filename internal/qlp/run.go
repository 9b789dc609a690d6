package qlp

import "time"

// Run is one execution of a plan.
type Run struct {
	ID        string      `json:"id"`
	IntentID  string      `json:"intent_id"`
	Number    int         `json:"number"`              // from 1 within the intent
	FromTask  string      `json:"from_task,omitempty"` // of a retry: tasks before it are taken over from the run before
	Verdict   Verdict     `json:"verdict,omitempty"`   // once over
	Reason    string      `json:"reason,omitempty"`
	Repairs   int         `json:"repairs"`             // repair attempts made
	SandboxMS int64       `json:"sandbox_ms"`          // wall time of commands in sandboxes
	PausedMS  int64       `json:"paused_ms,omitempty"` // time that it was paused: it does not count into the cap on wall seconds
	Frozen    Digest      `json:"frozen,omitempty"`    // digest of the frozen acceptance files, once written
	Tree      Digest      `json:"tree,omitempty"`      // of the merged project, once verified
	Evidence  Digest      `json:"evidence,omitempty"`  // of the last verification's whole report, as JSON
	Capsule   *CapsuleRef `json:"capsule,omitempty"`   // once packed
	Tasks     []TaskRun   `json:"tasks"`
	Checks    []Check     `json:"checks,omitempty"` // of the last verification
	StartedAt time.Time   `json:"started_at"`
	EndedAt   *time.Time  `json:"ended_at,omitempty"`
}

// CapsuleRef says where a run's capsule is kept.
type CapsuleRef struct {
	Digest Digest `json:"digest"` // of the file
	Size   int64  `json:"size"`
	Name   string `json:"name"` // a file name for people: library-go.qlcapsule
}

// TaskRun is a task's standing within a run.
type TaskRun struct {
	TaskID   string    `json:"task_id"`
	State    TaskState `json:"state"`
	Attempts int       `json:"attempts"`       // attempts begun
	Tree     Tree      `json:"tree,omitempty"` // its files, once done
	Reason   string    `json:"reason,omitempty"`
}

// Attempt is one try at a task. (Run, Task, Number) names it: doing it twice writes it once.
type Attempt struct {
	RunID     string       `json:"run_id"`
	TaskID    string       `json:"task_id"`
	Number    int          `json:"number"` // from 1
	Generator string       `json:"generator"`
	State     AttemptState `json:"state"`
	Reason    string       `json:"reason,omitempty"`  // why it failed
	Failure   []Check      `json:"failure,omitempty"` // of a repair: what it was to mend
	Checks    []Check      `json:"checks,omitempty"`  // the syntax layer of its files
	Tree      Tree         `json:"tree,omitempty"`
	StartedAt time.Time    `json:"started_at"`
	EndedAt   *time.Time   `json:"ended_at,omitempty"`
}

// AttemptState is where an attempt stands.
type AttemptState string

// The states of an attempt.
const (
	AttemptRunning  AttemptState = "running"
	AttemptGood     AttemptState = "good"
	AttemptFailed   AttemptState = "failed"
	AttemptCanceled AttemptState = "canceled"
)
