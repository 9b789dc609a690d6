// Package store keeps what must not be lost: intents, runs, tasks, attempts, checks, executions, events, and the queue
// jobs that follow from them, each written in the transaction of the change that causes it.
//
// It never decides what happens next (the orchestrator does), never holds files (blob does), and never makes an illegal
// move of a state: such a write is refused with a conflict.
//
// Arrows: qlp. Its SQL is written once in queries/*.sql; sqlstore runs it; sqlite/ opens a database and migrates it.
package store

import (
	"context"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Store is the way to a transaction.
//
// Tx runs fn in one read-write transaction and commits it when fn returns nil; any error, panic or done context rolls
// everything back, the queue jobs and events too. Read does the same for reading: it sees one consistent state, does not
// wait for a writer, and may not write. Neither may be nested. Both are safe for concurrent use. fn may be called once
// only; a busy database is waited for, up to the context's deadline.
//
// Errors: not_found for an unknown id, conflict for an illegal or outdated move, invalid for a value the schema refuses,
// exhausted for a full disk, unavailable for a database that cannot be reached or is locked for longer than the context
// allows, internal for the rest.
type Store interface {
	Tx(ctx context.Context, fn func(tx Tx) error) error
	Read(ctx context.Context, fn func(r Reader) error) error
	// Changed returns a channel that is closed at the next commit that appended an event of the intent, whichever process made
	// it. It may be closed without one, after the store's poll interval; where several hundred intents are waited for, those take
	// turns, and it is later. Whoever waits reads the events table again.
	Changed(intentID string) <-chan struct{}
	// Ping answers whether the database can be read.
	Ping(ctx context.Context) error
	// Close waits for transactions under way. Safe twice.
	Close() error
}

// Reader reads. Values that it returns are the caller's own.
type Reader interface {
	// Intent returns the intent with its latest run, with the run's tasks and checks.
	Intent(ctx context.Context, id string) (qlp.Intent, error)
	// Owner returns the tenant that an intent or a run belongs to, by its id.
	Owner(ctx context.Context, id string) (tenant string, err error)
	// State returns where the intent stands: Intent for those who need no more.
	State(ctx context.Context, id string) (qlp.State, error)
	// Intents returns a page, newest first, without specs, plans and tasks. After is the id that the last page ended with.
	Intents(ctx context.Context, f IntentFilter) ([]qlp.Intent, error)
	// IntentByKey finds the intent that was created with an idempotency key, and the digest of the request it came with.
	IntentByKey(ctx context.Context, key string) (id string, request qlp.Digest, err error)
	Run(ctx context.Context, id string) (qlp.Run, error)
	Runs(ctx context.Context, intentID string) ([]qlp.Run, error)
	// Attempts returns a run's attempts by task in plan order, then by number. taskID "" means all.
	Attempts(ctx context.Context, runID, taskID string) ([]qlp.Attempt, error)
	// Executions returns those of the run's last verification, in the order in which they were recorded.
	Executions(ctx context.Context, runID string) ([]qlp.Execution, error)
	// Tree returns the files of a tree that was put with PutTree.
	Tree(ctx context.Context, digest qlp.Digest) (qlp.Tree, error)
	// Events returns the intent's events after seq, at most limit, in order.
	Events(ctx context.Context, intentID string, after int64, limit int) ([]qlp.Event, error)
	// Unfinished returns the ids of intents that are active and not waiting for a person.
	Unfinished(ctx context.Context) ([]string, error)

	// CallAnswered finds the first settled model call of the key.
	CallAnswered(ctx context.Context, key AnsweredKey) (call qlp.Call, found bool, err error)
	// Calls returns the model calls of a run, or of an intent: all of them, those before there was a run too. An unknown id has none.
	Calls(ctx context.Context, id string) ([]qlp.Call, error)
	// Spending returns what a scope has taken; one that nothing was asked for has taken nothing.
	Spending(ctx context.Context, scope string) (qlp.Spending, error)
	RunSpending(ctx context.Context, runID string) (RunSpending, error)
}

// IntentFilter narrows Intents.
type IntentFilter struct {
	Tenant string    // "" means qlp.DefaultTenant
	State  qlp.State // "" means any
	After  string
	Limit  int // 1 to 200
}

// Tx reads and writes.
type Tx interface {
	Reader

	// InsertIntent adds an intent in state received. key, if not empty, is its idempotency key: used again, it is a conflict.
	InsertIntent(ctx context.Context, in qlp.Intent, key string, request qlp.Digest) error
	// MoveIntent changes the state, which must be from, to one that qlp allows.
	MoveIntent(ctx context.Context, id string, from, to qlp.State, reason string) error
	SetSpec(ctx context.Context, id string, spec qlp.Spec) error
	SetPlan(ctx context.Context, id string, plan qlp.Plan) error
	SetNeeds(ctx context.Context, id, needs string) error
	// SetSettings writes what a person chose anew: caps that were raised.
	SetSettings(ctx context.Context, id string, settings qlp.Settings) error
	// SetPause writes the intent's latest pause, when it begins and when it ends.
	SetPause(ctx context.Context, id string, pause qlp.Pause) error

	// InsertRun adds a run with its tasks. A number that the intent has already is a conflict.
	InsertRun(ctx context.Context, run qlp.Run) error
	// UpdateRun writes what changes in a run's own row: repairs, sandbox and paused time, frozen, tree, capsule, verdict, reason, end.
	UpdateRun(ctx context.Context, run qlp.Run) error
	// MoveTask changes a task's state, which must be from, to one that qlp allows.
	MoveTask(ctx context.Context, runID, taskID string, from, to qlp.TaskState, reason string) error
	SetTaskTree(ctx context.Context, runID, taskID string, tree qlp.Tree) error
	PutTree(ctx context.Context, tree qlp.Tree) error

	// BeginAttempt writes an attempt in state running, or finds the one that (run, task, number) names already; began is
	// true if this call wrote it.
	BeginAttempt(ctx context.Context, a qlp.Attempt) (stored qlp.Attempt, began bool, err error)
	// EndAttempt writes the outcome of a running attempt. One that has ended already is a conflict.
	EndAttempt(ctx context.Context, a qlp.Attempt) error

	// ReplaceChecks writes the checks and executions of the run's verification, in place of an earlier one's.
	ReplaceChecks(ctx context.Context, runID string, checks []qlp.Check, executions []qlp.Execution) error

	// ReserveCall writes a model call in state reserved, and its worst case (call.Reserved) into each of its scopes. A cap that
	// would be passed is an exhausted error whose cause is a *qlp.Exceeded; the transaction must not be committed then. An id
	// that is there already is a conflict.
	ReserveCall(ctx context.Context, call qlp.Call, caps CallCaps) error
	// SettleCall writes how a reserved call ended, as settled, failed or lost, and what it took into its scopes, in place of
	// its worst case. A call that has ended already is left as it is. The event call.settled goes to the call's intent.
	SettleCall(ctx context.Context, call qlp.Call) error
	// LoseCall ends one reserved call whose owner is no worker that is alive as lost, with its worst case, but for the time: no more
	// than has passed since it began. found is false when there is none. One at a time: each locks the sums of its scopes.
	LoseCall(ctx context.Context) (found bool, err error)

	// PutEmbedding makes the intent findable by its words, and by its vector if there is one, in place of what was put before.
	PutEmbedding(ctx context.Context, e qlp.Embedding) error

	// Bind writes the id of what this database belongs together with under a name, unless one is written there; it returns the one
	// that is. Rebind takes the place of it.
	Bind(ctx context.Context, name, id string) (bound string, err error)
	Rebind(ctx context.Context, name, id string) error

	// Append writes events; it fills in seq and time, and returns them as written.
	Append(ctx context.Context, events ...qlp.Event) ([]qlp.Event, error)
	// Enqueue adds a queue job that becomes visible when the transaction commits.
	Enqueue(ctx context.Context, job Job) error
	// CancelJobs removes the intent's jobs that no worker has begun.
	CancelJobs(ctx context.Context, intentID string) error
}

// JobKind is what a queue job asks a worker to do.
type JobKind string

// The kinds of queue jobs.
const (
	JobInterpret JobKind = "interpret"
	JobPlan      JobKind = "plan"
	JobTask      JobKind = "task"
	JobVerify    JobKind = "verify"
	JobPack      JobKind = "pack"
	JobEmbed     JobKind = "embed" // of no intent: the vectors that are missing
)

// Job is what a worker claims. Its fields name its effect, so that doing it twice does it once. While a job waits or runs, an
// equal one is not added.
type Job struct {
	Kind     JobKind `json:"kind"`
	IntentID string  `json:"intent_id"`
	RunID    string  `json:"run_id,omitempty"`
	TaskID   string  `json:"task_id,omitempty"`
	Attempt  int     `json:"attempt,omitempty"` // of a task; of verify: the verification's number
	// Pause is the number of pauses before it: what was under way when the intent was paused is another job than what follows a
	// resume, which may come while that is still running.
	Pause int `json:"pause,omitempty"`
}

// QueueClient is River's client, whatever database it works with.
type QueueClient interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error          // waits for the jobs that run
	StopAndCancel(ctx context.Context) error // ends their contexts first
}

// Clock gives the time, in UTC and to the microsecond, as the databases keep it.
type Clock func() time.Time
