package llm

import (
	"errors"
	"fmt"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Kind classifies what an endpoint answered, or did not.
type Kind string

// The kinds.
const (
	RateLimited  Kind = "rate_limited"  // 429: later
	Outage       Kind = "outage"        // 5xx, a reset, a connection refused: later, or elsewhere
	Stalled      Kind = "stalled"       // no text for too long, or too long in all
	Truncated    Kind = "truncated"     // the stream ended before the answer did
	Malformed    Kind = "malformed"     // an answer that is not of the protocol, or longer than MaxAnswer
	Overflow     Kind = "overflow"      // the prompt is longer than the model's window
	Refused      Kind = "refused"       // the model will not
	Filtered     Kind = "filtered"      // the endpoint's content filter
	Unauthorized Kind = "unauthorized"  // no key, or a wrong one
	Unknown      Kind = "unknown_model" // no such model or deployment
	Rejected     Kind = "rejected"      // any other 4xx: the request itself is wrong
	Spent        Kind = "exhausted"     // a cap; nothing was sent
	Missing      Kind = "not_recorded"  // a replay that has no recording; nothing was sent
)

// Error is what went wrong with a call. Message is safe to show: drivers take keys out of what endpoints say.
type Error struct {
	Kind     Kind
	Provider string
	Model    string
	Status   int           // of HTTP; 0: there was none
	After    time.Duration // the endpoint's own word when to come back; 0: none
	Message  string
	Remedy   string
	Usage    *qlp.Usage // what the failed call cost all the same; nil: unknown, its worst case counts if Sent
	Sent     bool       // the endpoint may have worked on it
	Err      error
}

// Error returns the provider, the kind and the message.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %s", e.Provider, e.Kind)
	if e.Status != 0 {
		text += fmt.Sprintf(" (status %d)", e.Status)
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Unwrap returns a domain error with the code that the surfaces act on, which in turn unwraps to the cause.
func (e *Error) Unwrap() error {
	code := qlp.Unavailable
	switch e.Kind {
	case Spent:
		code = qlp.Exhausted
	case Rejected, Overflow, Refused, Filtered:
		code = qlp.Invalid
	case Missing:
		code = qlp.NotFound
	case RateLimited, Outage, Stalled, Truncated, Malformed:
	case Unauthorized, Unknown: // a person mends the key or the name, and the run goes on
	}
	return &qlp.Error{Code: code, Message: e.Error(), Remedy: e.Remedy, Err: e.Err}
}

// KindOf returns the kind of the *Error in err's chain, or "".
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// Again reports whether the same request to the same model may succeed a little later.
func (k Kind) Again() bool {
	switch k {
	case RateLimited, Outage, Stalled, Truncated, Malformed:
		return true
	default:
		return false
	}
}

// Elsewhere reports whether another model of the role may do what this one could not.
func (k Kind) Elsewhere() bool { return k.Again() || k == Overflow }
