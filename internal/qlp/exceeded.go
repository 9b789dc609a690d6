package qlp

import "fmt"

// What a cap bounds.
const (
	CapMicros = "micros"
	CapTokens = "tokens"
	CapCalls  = "calls"
	CapMS     = "ms"    // time waited for models
	CapPrice  = "price" // a cap on money that cannot hold, because the model's price is unknown and no cap on tokens stands beside it
)

// Exceeded is the cause of an exhausted error of the ledger: which cap a model call would have passed. All numbers are in
// What's unit.
type Exceeded struct {
	Scope    string // task:RUN/TASK, run:RUN, day:2026-05-04, team:2026-05
	What     string // CapMicros and so on
	Limit    int64
	Spent    int64
	Reserved int64 // the worst case of calls under way
	Asked    int64 // the worst case of the refused call
}

// Error names the cap and the numbers.
func (e *Exceeded) Error() string {
	if e.What == CapPrice {
		return fmt.Sprintf("%s has a cap on money and none on tokens, and the model's price is unknown", e.Scope)
	}
	text := fmt.Sprintf("the cap of %s for %s would be passed: %s spent", show(e.What, e.Limit), e.Scope, show(e.What, e.Spent))
	if e.Reserved > 0 {
		text += fmt.Sprintf(", %s reserved by calls under way", show(e.What, e.Reserved))
	}
	return text + fmt.Sprintf(", %s asked as this call's worst case", show(e.What, e.Asked))
}

// Fits reports whether the call would fit if the calls under way took nothing: then it is worth waiting for them.
func (e *Exceeded) Fits() bool {
	return e.What != CapPrice && e.Reserved > 0 && e.Spent+e.Asked <= e.Limit
}

// Left is what is not spent yet. It may be negative, after a cap was lowered.
func (e *Exceeded) Left() int64 { return e.Limit - e.Spent }

func show(what string, n int64) string {
	switch what {
	case CapMicros:
		return fmt.Sprintf("$%.4f", float64(n)/1e6)
	case CapMS:
		return fmt.Sprintf("%d s of waiting", (n+999)/1000)
	default:
		return fmt.Sprintf("%d %s", n, what)
	}
}
