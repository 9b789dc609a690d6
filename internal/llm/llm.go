// Package llm speaks with models: one small interface, the request and the answer, and what may go wrong.
//
// It never decides what is asked (interpreter, planner and generator do), never takes an answer for evidence, never tries
// another model or invents an answer behind its caller's back: a fallback is configured by name, and told in the answer.
//
// Arrows: qlp. Its drivers live in the folders below, each with one vendor's library or none; the wrappers that every call
// goes through (budget, breaker, retry, record) are in the folders call, record and replay, and only app puts them together.
package llm

import (
	"context"
	"encoding/json"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Provider is one endpoint.
//
// Life cycle: made once, used for many calls, nothing to close. Concurrency: safe for concurrent use. Every method returns
// when ctx is done, with its cause. An error of an endpoint is an *Error; its Kind says who may try again.
//
// Complete sends one request and returns the whole answer. It always streams where the endpoint can; sink, if not nil, gets
// the text as it comes, in order, never concurrently, and gets nothing after Complete has returned. An answer that was cut
// short by the model's own limit is no error: Finish says so. An answer is never longer than MaxAnswer.
//
// Embed returns one vector for each text, in order, all of one length.
//
// Describe says what is known of a model: from the endpoint where it tells, else from the catalogue; what neither knows is
// zero, and zero means unknown.
type Provider interface {
	Name() string
	Complete(ctx context.Context, req Request, sink Sink) (Answer, error)
	Embed(ctx context.Context, model string, texts []string) (Embeddings, error)
	Describe(ctx context.Context, model string) (Model, error)
}

// Sink gets a piece of an answer's text.
type Sink func(text string)

// MaxAnswer is the longest answer that is read, in bytes: more is an error of kind Malformed.
const MaxAnswer = 8 << 20

// Role is what a call is for. A configuration gives each role its models.
type Role string

// The roles.
const (
	Interpreter Role = "interpreter"
	Planner     Role = "planner"
	Coder       Role = "coder"
	Tester      Role = "tester"
	Reviewer    Role = "reviewer"
)

// Roles lists every role in the order of an intent's way.
func Roles() []Role { return []Role{Interpreter, Planner, Tester, Coder, Reviewer} }

// Request is one call. What is below Account is not sent, and not part of the digest.
type Request struct {
	Role        Role
	System      string
	Messages    []Message // the last one is the user's
	Schema      *Schema   // the answer's form; nil: free text
	MaxTokens   int       // of the answer; required, because a call's worst case is reserved before it is sent
	Temperature *float64  // nil: the endpoint's default

	Model    string  // the endpoint's name for the model; the Client fills it in by role
	Fallback int     // which of the role's models this is: 0 the first; the Client fills it in
	Account  Account // who pays
}

// Message is one turn.
type Message struct {
	From Author `json:"from"`
	Text string `json:"text"`
}

// Author of a message.
type Author string

// The authors. Instructions are the Request's System.
const (
	User      Author = "user"
	Assistant Author = "assistant"
)

// Schema is a JSON Schema that the answer must keep.
type Schema struct {
	Name string          `json:"name"` // letters, digits, dashes, underscores: spec
	JSON json.RawMessage `json:"schema"`
}

// Account says for whose sake a call is made. Zero fields mean none: a call of `qlp providers test` has no run.
type Account struct {
	IntentID string
	RunID    string        // "" before there is a run
	TaskID   string        // "" outside a task
	Attempt  int           // of the task, or of the review; the ledger and the recordings tell calls apart by it
	Repair   bool          // this call mends something: shown apart
	Caps     qlp.ModelCaps // of the run and its tasks, as they stand now
}

// Digest names what is asked: two requests with the same digest may share an answer. The model and the provider are not part
// of it (a recording answers whoever asks), the place in the role's list of models is.
func (r Request) Digest() qlp.Digest {
	return qlp.DigestJSON(struct {
		Role        Role      `json:"role"`
		Fallback    int       `json:"fallback"`
		System      string    `json:"system"`
		Messages    []Message `json:"messages"`
		Schema      *Schema   `json:"schema"`
		MaxTokens   int       `json:"max_tokens"`
		Temperature *float64  `json:"temperature"`
	}{r.Role, r.Fallback, r.System, r.Messages, r.Schema, r.MaxTokens, r.Temperature})
}

// Size is the number of characters that the request sends.
func (r Request) Size() int {
	n := len(r.System)
	for _, m := range r.Messages {
		n += len(m.Text)
	}
	if r.Schema != nil {
		n += len(r.Schema.JSON)
	}
	return n
}

// Tokens is an upper estimate of the tokens in n bytes of text: a token for every 3.5 bytes, rounded up. It serves
// reservation and the fitting of prompts; what is paid comes from the endpoint's own count.
func Tokens(n int) int64 { return (int64(n)*2 + 6) / 7 }

// Answer is what came back.
type Answer struct {
	Text     string        `json:"text"`
	Provider string        `json:"provider"`
	Model    string        `json:"model"` // as the endpoint calls what answered
	Fallback int           `json:"fallback,omitempty"`
	Why      string        `json:"why,omitempty"` // why a fallback answered
	Finish   Finish        `json:"finish"`
	Usage    qlp.Usage     `json:"usage"`
	First    time.Duration `json:"first_ns,omitempty"` // from the request to the first text
	Total    time.Duration `json:"total_ns,omitempty"`
	Recorded bool          `json:"recorded,omitempty"` // it came from a recording and cost nothing
}

// Finish says why an answer ended.
type Finish string

// The ends of an answer. A refusal or a filter is an *Error.
const (
	Stopped Finish = "stop"
	Cut     Finish = "length" // MaxTokens, or the model's own limit
)

// Embeddings are vectors, one for each text.
type Embeddings struct {
	Vectors [][]float32
	Model   string
	Usage   qlp.Usage
}

// Model is what is known of a model. Zero means unknown.
type Model struct {
	Provider   string `json:"provider"`
	Name       string `json:"name"`
	Window     int64  `json:"window,omitempty"`     // tokens of prompt and answer together
	MaxOutput  int64  `json:"max_output,omitempty"` // tokens
	Price      *Price `json:"price,omitempty"`      // nil: unknown; a cap on money cannot hold then
	Structured bool   `json:"structured,omitempty"` // keeps a strict JSON Schema
	Dimensions int    `json:"dimensions,omitempty"` // of its vectors
}

// Price in micro-dollars for a million tokens: 3 dollars are 3,000,000. Zero is free.
type Price struct {
	Input  int64 `json:"input"`
	Cached int64 `json:"cached"`
	Output int64 `json:"output"`
}

// Cost of tokens in micro-dollars, rounded up.
func (p Price) Cost(u qlp.Usage) int64 {
	fresh := max(u.Input-u.Cached, 0)
	sum := fresh*p.Input + min(u.Cached, u.Input)*p.Cached + u.Output*p.Output
	return (sum + 999_999) / 1_000_000
}

// Client is what the rooms that ask models are given: it chooses the model by the request's role, keeps to the caps, tries
// again what may be tried again, and records. An *Error of kind Exhausted has qlp code exhausted and names the cap.
type Client interface {
	// Name is the provider and model of the role, for the records: anthropic/some-model.
	Name(role Role) string
	// Ask sends the request to the role's first model, or from fallback on to the later ones.
	Ask(ctx context.Context, req Request, sink Sink) (Answer, error)
	// Window is the number of tokens that the role's model reads and writes together; 0: unknown.
	Window(role Role) int64
	// Fallbacks is the number of models after the first that the role has.
	Fallbacks(role Role) int
}
