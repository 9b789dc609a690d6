// Package eval measures solvers: it hands out the problems of a suite, judges every answer in the sandbox, and reports what
// share was solved, how sure that is, and what it took.
//
// It never shows a solver the check of its problem, never takes a solver's or a program's word for a pass (the check runs
// where the judged code cannot reach it), and never counts what the machine failed to judge as solved or as failed.
//
// Arrows: qlp, sandbox, validator (the bench and the records), contract/play, llm; its folder mutate breaks solutions on purpose.
package eval

import (
	"context"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator"
)

// Suite is a list of problems, as data.
type Suite struct {
	Name     string
	Digest   qlp.Digest // of the data that it was read from: a run is only ever resumed on the same one
	Problems []Problem
}

// Form is what an answer to a problem is, and so how it is judged.
type Form string

// The forms.
const (
	FunctionForm Form = "function" // one Python file with a function; judged by a test that calls it
	ServiceForm  Form = "service"  // a project that is an HTTP service; judged by requests
	ProgramForm  Form = "program"  // a project that is a program; judged by calls from a command line
)

// Problem is one question with its hidden check. A solver is given Question and nothing else.
type Problem struct {
	Question
	Function  *Function        // of FunctionForm
	Cases     []qlp.Acceptance // of the others: Steps or Calls
	Canonical string           // a known good answer, for the oracles; of FunctionForm
}

// Question is what a solver may know of a problem.
type Question struct {
	ID       string
	Language string // python, go, javascript, rust
	Form     Form
	Prompt   string // the beginning of the file that is to be completed, or an intent
	Entry    string // of FunctionForm: the function's name
}

// Function is the hidden check of a function.
type Function struct {
	Test string // Python that defines check(candidate), which raises when the candidate is wrong
}

// Solution is a solver's answer. Declined says why there is none, which is an honest answer and counts as not solved.
type Solution struct {
	Source   string     // of FunctionForm: a whole Python file
	Files    []qlp.File // of the other forms: the project
	Stack    qlp.Stack  // of the other forms: what builds and starts it
	Declined string
	Verdict  qlp.Verdict // what the solver itself said of its answer; for the record, never for the judgement
	Note     string      // for the record: which line was mutated, say
	Spent    Spent
}

// Spent is what an answer took.
type Spent struct {
	Wall   time.Duration `json:"wall_ns"`
	Micros int64         `json:"micros,omitempty"` // micro-dollars
	Priced bool          `json:"priced,omitempty"` // false: nobody knows what it cost, or nothing was asked of a model
	Tokens int64         `json:"tokens,omitempty"`
	Calls  int64         `json:"calls,omitempty"`
}

// Solver answers problems. Solve is safe for concurrent use and returns when ctx is done. sample tells answers to the same question
// apart, from 0. An error is the machine failing, never a bad answer.
type Solver interface {
	Name() string
	Solve(ctx context.Context, q Question, sample int) (Solution, error)
}

// Status is how an answer was judged.
type Status string

// The statuses. Errored is neither a pass nor a failure: the sample is judged again when the run is resumed.
const (
	Passed   Status = "passed"
	Failed   Status = "failed"
	Declined Status = "declined"
	Errored  Status = "error"
)

// Judgement is what came of an answer, with the executions that it rests on.
type Judgement struct {
	Status     Status
	Reason     string
	Executions []qlp.Execution
	Logs       []validator.Log
}

// Judge holds an answer to the hidden check of its problem. An error means that the machine failed or ctx is done.
// Judge is safe for concurrent use.
type Judge interface {
	Judge(ctx context.Context, p Problem, s Solution) (Judgement, error)
}
