// Package interpreter turns a person's words into a qlp.Spec.
//
// What it does: it holds the contract that every interpreter keeps, whether it is the offline grammar or a model, and the
// three outcomes: a Spec, questions, or a refusal that says what would be needed.
//
// What it never does: it never guesses. Words that carry a meaning and were not understood become a question or a refusal;
// what was taken as usual is listed in the Spec as an assumption. It reads no file, opens no socket, runs nothing.
//
// Arrows: qlp only. Its folders are the drivers: grammar (offline) and, beside them, specfile, which reads a Spec that
// somebody wrote by hand.
package interpreter

import (
	"context"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Outcome is how an interpretation ended.
type Outcome string

// The outcomes.
const (
	Understood Outcome = "spec"     // the words gave a whole Spec
	Asked      Outcome = "question" // something must be answered before anything can be built
	Refused    Outcome = "refused"  // this interpreter cannot do it; Needs says what could
)

// What a refused intent would need.
const (
	NeedsModel          = "model"            // software, but not of a kind the offline grammar covers
	NeedsNotSoftware    = "not_software"     // no software was asked for
	NeedsEnglishOrModel = "english_or_model" // another language than English
)

// Result is what came of the words. Spec is set when Understood, and partly filled when Asked and something was
// understood. Questions is not empty exactly when Asked; Reason and Needs are set exactly when Refused.
type Result struct {
	Outcome   Outcome        `json:"outcome"`
	Spec      *qlp.Spec      `json:"spec,omitempty"`
	Questions []qlp.Question `json:"questions,omitempty"`
	Reason    string         `json:"reason,omitempty"`
	Needs     string         `json:"needs,omitempty"`
	Unparsed  []Words        `json:"unparsed,omitempty"` // words that gave no fact, in their order
}

// Words are a part of the intent.
type Words struct {
	Text  string `json:"text"`
	Start int    `json:"start"` // byte offset into the intent, inclusive
	End   int    `json:"end"`   // byte offset, exclusive
}

// Options are settings beside the words.
type Options struct {
	Stack        string // forces the stack, whatever the words say; "" leaves it to them
	DefaultStack string // taken, as an assumption, where the words name none; "" means go

	// What an interpreter that asks models needs, and the grammar does not.
	Intent   string        // an id for the records of model calls; never part of a prompt
	Caps     qlp.ModelCaps // as they stand now
	Provider string        // Settings.Provider
	// Progress gets a model's text as it comes, for whoever watches. May be nil.
	Progress func(text string)
}

// Interpreter turns words into a Spec.
//
// Life cycle: made once, used for many intents, nothing to close. Concurrency: safe for concurrent use. Errors: words that
// cannot be an intent (empty, too long, not text) are qlp.Invalid with a remedy; words that are not understood are a
// Result, not an error; exhausted means that a cap is reached, unavailable that no model answers; any other error is the machine failing. A Spec of an Understood Result has no Problem, and every
// span lies within the words and on rune boundaries.
type Interpreter interface {
	Interpret(ctx context.Context, words string, opts Options) (Result, error)
}
