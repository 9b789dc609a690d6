package chaos

import (
	"encoding/json"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Facts is all that the database says, as far as the auditor cares.
type Facts struct {
	Intents  []Intent
	Runs     []Run
	Tasks    []Task
	Attempts []Attempt
	Events   []Event // by intent and number
	Calls    []Call
	Spending []Spending
	Trees    []Tree
	Jobs     map[string]int // of the queue, by state
}

// Intent is a row.
type Intent struct {
	ID, Key string
	State   qlp.State
	Reason  string
	LastSeq int64
	Created time.Time
}

// Run is a row.
type Run struct {
	ID, IntentID string
	Number       int
	Verdict      string
	Repairs      int
	Evidence     string // digest of a blob
	Tree         string // digest of a row of trees
	Capsule      string // digest of a blob
	CapsuleSize  int64
	Ended        bool
}

// Task is a row.
type Task struct {
	RunID, ID string
	State     qlp.TaskState
	Attempts  int
}

// Attempt is a row.
type Attempt struct {
	RunID, TaskID string
	Number        int
	State         qlp.AttemptState
	Ended         bool
}

// Event is a row, or what a WebSocket client was sent. Data is kept of the types that the auditor reads.
type Event struct {
	IntentID string
	Seq      int64
	Type     qlp.EventType
	At       time.Time
	RunID    string
	TaskID   string
	Attempt  int
	Digest   string
	Data     json.RawMessage
}

// Call is a row of the ledger. The sums are kept by scope beside it.
type Call struct {
	ID, IntentID, RunID, TaskID string
	Attempt                     int
	Day, Role, Request, State   string
	Priced                      bool
	Micros, Tokens, MS          int64
}

// Spending is a row.
type Spending struct {
	Scope                                         string
	Micros, Unpriced, Tokens, Calls, MS           int64
	ReservedMicros, ReservedTokens, ReservedCalls int64
	ReservedMS                                    int64
}

// Tree is a row: the digests of its files.
type Tree struct {
	Digest string
	Files  []string
}

// told is what the auditor reads of the data of check.finished: a check itself is read with its status, or not at all.
type told struct {
	Layer qlp.Layer `json:"layer"`
	Name  string    `json:"name"`
}

func checkOf(data []byte) told {
	var c told
	_ = json.Unmarshal(data, &c) // an event without such data is of no check
	return c
}
