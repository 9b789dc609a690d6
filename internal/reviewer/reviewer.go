// Package reviewer reads a project that every required check has passed, and says what it finds wrong with it.
//
// It never runs anything, never writes a file, and never raises a verdict: what it finds are findings, and whoever asked it
// decides whether one is worth a repair.
//
// Arrows: qlp.
package reviewer

import (
	"context"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Request is all that a reviewer may know.
type Request struct {
	Spec   qlp.Spec
	Plan   qlp.Plan
	Files  []qlp.File  // the whole project, sorted by path
	Checks []qlp.Check // what was found out about it

	Attempt  int    // from 1 within the run: a project is reviewed again after a repair
	Intent   string // ids for the records of model calls; never part of a prompt
	Run      string
	Caps     qlp.ModelCaps // as they stand now
	Provider string        // Settings.Provider
	// Progress gets a model's text as it comes, for whoever watches. May be nil.
	Progress func(text string)
}

// Review is what a reviewer says. Its findings are opinions, and nothing in it is a verdict.
type Review struct {
	Findings []qlp.Finding
	Answer   qlp.Digest // of the whole answer that the findings were read from
}

// Reviewer reads projects.
//
// Review is safe for concurrent use and returns when ctx is done. An error with code exhausted means that a cap is reached,
// invalid that it will not review this, any other one that it could not.
type Reviewer interface {
	Review(ctx context.Context, req Request) (Review, error)
}
