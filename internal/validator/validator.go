// Package validator answers the layered questions about a project: does it parse, build, pass its tests, start and answer,
// is it clean, is it safe, and which of these answers are required.
//
// It never turns a fault of its own into a pass (a broken check is an error, a missing tool is not_run), never runs a
// project's code outside a sandbox, and never decides a verdict: that is qlp.Decide, over what it returns.
//
// Arrows: qlp, sandbox, contract, and its own layers in the folders below; never a driver.
package validator

import (
	"context"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// Subject is the project in question.
type Subject struct {
	Spec   qlp.Spec
	Plan   qlp.Plan
	Stack  qlp.Stack  // whose commands are run; a capsule that is run again brings its own
	Files  []qlp.File // the whole project, sorted by path
	Frozen qlp.Tree   // the acceptance files as they were frozen
}

// Bench opens sandboxes that have a stack's toolchain and caches in them, and what was fetched for the project.
//
// Open returns a sandbox that is ready to execute, with the project not yet in it; the caller destroys it. An error has
// code unavailable when a tool or the sandbox itself is missing, with the remedy.
type Bench interface {
	Open(ctx context.Context, stack qlp.Stack, supplies Supplies) (sandbox.Sandbox, error)
}

// Packages gets what a project names from registries, before it is built without a network.
//
// Fetch runs the stack's package managers for which the project has files. That they refused, or that this machine cannot
// ask, is told in Supplies; an error means that the machine failed or ctx is done. Safe for concurrent use.
type Packages interface {
	Fetch(ctx context.Context, stack qlp.Stack, files []qlp.File) (Supplies, error)
}

// Supplies is what was fetched for a project.
type Supplies struct {
	Mounts []sandbox.Mount
	Env    map[string]string
	// Added are files that the package managers wrote and that belong to the project from now on: lock files.
	Added []qlp.File
	// Reports tell, for each package manager, what was run and every decision about what it may reach: packages/npm.json.
	Reports []qlp.File
	// Missing says why the packages could not be had; "" when they are all there.
	Missing string
}

// Log is what an execution wrote, or the log of a probe, kept by digest.
type Log struct {
	Digest  qlp.Digest
	Content []byte
}

// Report is everything a validation found. Every execution id that a check names is in Executions, and every digest that
// an execution names is in Logs.
type Report struct {
	Checks     []qlp.Check
	Executions []qlp.Execution
	Logs       []Log
	Reports    []qlp.File        // machine-readable reports, as evidence: junit/acceptance.xml, packages/npm.json
	Added      []qlp.File        // lock files that the project lacked: it was tested with them
	Toolchain  map[string]string // tool → version
	SandboxMS  int64             // wall time of commands in sandboxes
}

// Validator judges projects.
//
// Validate runs every layer that makes sense (tests after a broken build are not_run) and returns what it found; progress,
// if not nil, is called with each check as it is finished, never concurrently. Syntax runs the syntax layer alone, over
// the files of one task. Both return an error only when the machine failed or ctx is done: faults of the project are
// checks. They are safe for concurrent use.
type Validator interface {
	Syntax(ctx context.Context, stack qlp.Stack, files []qlp.File) ([]qlp.Check, error)
	Validate(ctx context.Context, s Subject, progress func(qlp.Check)) (Report, error)
}
