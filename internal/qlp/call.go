package qlp

import "time"

// Usage is what a model call took, in tokens, as the endpoint counts them.
type Usage struct {
	Input     int64 `json:"input"`               // of the prompt, those from a cache among them
	Cached    int64 `json:"cached,omitempty"`    // of the prompt, read from the endpoint's cache
	Output    int64 `json:"output"`              // of the answer, hidden reasoning among them
	Estimated bool  `json:"estimated,omitempty"` // the endpoint did not say: counted by the length of the text
}

// Total is the number of tokens in all.
func (u Usage) Total() int64 { return u.Input + u.Output }

// Budget bounds what models may take. Zero means no bound of that kind.
type Budget struct {
	Micros  int64 `json:"micros,omitempty"`  // micro-dollars: 1,000,000 are a dollar
	Tokens  int64 `json:"tokens,omitempty"`  // prompt and answer
	Calls   int64 `json:"calls,omitempty"`   //
	Seconds int64 `json:"seconds,omitempty"` // waited for models, added up
}

// ModelCaps bound the model calls of a run, and of each of its tasks.
type ModelCaps struct {
	Run  Budget `json:"run,omitzero"`
	Task Budget `json:"task,omitzero"`
}

// Spending is what model calls have taken or may still take. Reserved is the worst case of the calls under way.
type Spending struct {
	Micros   int64  `json:"micros"`
	Unpriced int64  `json:"unpriced,omitempty"` // calls whose price is unknown: they are in Tokens and not in Micros
	Tokens   int64  `json:"tokens"`
	Calls    int64  `json:"calls"`
	MS       int64  `json:"ms"`
	Reserved Budget `json:"reserved,omitzero"`
}

// CallState is where a model call stands in the ledger.
type CallState string

// The states of a call. A reserved call whose process died is lost: its worst case counts, because nobody knows.
const (
	CallReserved CallState = "reserved"
	CallSettled  CallState = "settled"
	CallFailed   CallState = "failed" // settled too: with what the endpoint said it took, else its worst case if it was sent
	CallLost     CallState = "lost"
)

// Call is one entry of the ledger.
type Call struct {
	ID       string     `json:"id"`
	Owner    string     `json:"-"` // the worker that makes it, for as long as it is under way
	IntentID string     `json:"intent_id,omitempty"`
	RunID    string     `json:"run_id,omitempty"`
	TaskID   string     `json:"task_id,omitempty"`
	Attempt  int        `json:"attempt,omitempty"`
	Role     string     `json:"role"`
	Repair   bool       `json:"repair,omitempty"`
	Provider string     `json:"provider"`
	Model    string     `json:"model"`
	Request  Digest     `json:"request"`          // of the request
	Answer   Digest     `json:"answer,omitempty"` // of the recording, a blob
	State    CallState  `json:"state"`
	Reason   string     `json:"reason,omitempty"` // why it failed
	Reserved Budget     `json:"reserved"`         // its worst case; Calls is 1
	Usage    Usage      `json:"usage"`
	Micros   int64      `json:"micros"` // what it cost
	Priced   bool       `json:"priced"` // false: the price is unknown, and Micros is 0
	Started  time.Time  `json:"started_at"`
	Ended    *time.Time `json:"ended_at,omitempty"`
}
