// Package generator turns a task into the files it owns.
//
// It never runs what it writes, never writes a path that its task does not own, and never sees a verdict as its own to
// give: whether the files are any good is the validator's question.
//
// Arrows: it imports qlp and contract; its generators live in the folders below and import nothing of each other.
package generator

import (
	"context"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Request is all that a generator may know when it writes a task's files.
type Request struct {
	Spec    qlp.Spec
	Plan    qlp.Plan
	Task    qlp.Task
	Attempt int         // from 1; above 1 it is a repair
	Files   []qlp.File  // what the tasks before this one wrote, and this task's own last attempt, sorted by path
	Failure []qlp.Check // why the last attempt was not good enough; empty on the first

	Strategy Strategy          // how a repair differs from the one before it
	Evidence map[string]string // of a repair: execution id → the end of what it printed
	Intent   string            // ids for the records of model calls; never part of a prompt
	Run      string
	Caps     qlp.ModelCaps // as they stand now
	Provider string        // Settings.Provider
	// Progress gets a model's text as it comes, for whoever watches. May be nil.
	Progress func(text string)
}

// Strategy says how an attempt differs from the one before it. A failure that came back asks for another strategy.
type Strategy string

// The strategies, in the order in which they are tried.
const (
	AsUsual     Strategy = ""             // the task's own files and what it builds on
	MoreContext Strategy = "more_context" // every file of the project, and the whole evidence
	Elsewhere   Strategy = "fallback"     // the role's next model, from nothing but the plan: the task is written anew
)

// Generator writes the files of one task.
//
// Generate is safe for concurrent use and has no memory between calls: the same Request gives the same files, or says
// through Deterministic that it does not. It returns when ctx is done. It returns every file of the task, not a change
// to them. An error is the generator failing, never a judgement on the files: a domain error with code invalid means that
// it cannot serve this Spec, and says why.
type Generator interface {
	Name() string // offline, or the provider and model
	Generate(ctx context.Context, req Request) ([]qlp.File, error)
}
