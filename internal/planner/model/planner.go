// Package model is the planner that asks a model: for programs, whose parts no stack can lay out beforehand.
//
// It never lets a model name a command, a path outside the project, or the tests: the acceptance task is put first and frozen
// here. Services keep the deterministic plan of their stack's layout, and no model is asked.
//
// Arrows: planner (its room), llm, specfile (the Spec as a person reads it), qlp.
package model

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"

	"github.com/invopop/jsonschema"

	"github.com/quantumlayer/qlp/internal/interpreter/specfile"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/prompt"
	"github.com/quantumlayer/qlp/internal/planner"
	"github.com/quantumlayer/qlp/internal/qlp"
)

//go:embed prompts/*.md
var prompts embed.FS

// Arrange makes a plan of tasks: acceptance first and frozen, every other task after it, in the order of their levels. Its
// errors are invalid or conflict, and say what to change.
type Arrange func(spec qlp.Spec, stack qlp.Stack, tasks []qlp.Task) (qlp.Plan, error)

// Config are the planner's settings. The zero Config works.
type Config struct {
	MaxTokens int     // of an answer; 0: 6000
	Arrange   Arrange // nil: the arrangement below
}

const defaultMaxTokens = 6000

// Planner asks the role planner. It is safe for concurrent use.
type Planner struct {
	desk   prompt.Desk
	config Config
	book   prompt.Book
	schema *llm.Schema
}

// Request is what a plan is made for.
type Request struct {
	Spec     qlp.Spec
	Stack    qlp.Stack
	Intent   string            // ids for the records of model calls; never part of a prompt
	Run      string            // "" before there is one
	Task     string            // of a task that is planned anew, its id
	Caps     qlp.ModelCaps     // as they stand now
	Progress func(text string) // may be nil
}

// New returns a planner that asks client.
func New(client llm.Client, redactor prompt.Redactor, config Config) (*Planner, error) {
	if config.MaxTokens == 0 {
		config.MaxTokens = defaultMaxTokens
	}
	if config.Arrange == nil {
		config.Arrange = arrange
	}
	book, err := prompt.Load(prompts)
	if err != nil {
		return nil, err
	}
	r := jsonschema.Reflector{Anonymous: true, ExpandedStruct: true}
	s := r.Reflect(&answer{})
	s.Version, s.ID = "", ""
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode the schema of a plan: %w", err)
	}
	return &Planner{
		desk: prompt.Desk{Client: client, Redactor: redactor}, config: config, book: book, schema: &llm.Schema{Name: "plan", JSON: b},
	}, nil
}

// Plan returns the plan that builds the request's Spec. A model's plan that is still no good after its faults were told twice
// is an invalid error.
func (p *Planner) Plan(ctx context.Context, in Request) (qlp.Plan, error) {
	if !in.Spec.Kind.Program() {
		return planner.Plan(in.Spec, in.Stack)
	}
	req, err := p.request(in)
	if err != nil {
		return qlp.Plan{}, err
	}
	var plan qlp.Plan
	_, err = p.desk.Ask(ctx, req, prompt.Feedback, in.Progress, func(text string) error {
		var err error
		plan, err = p.read(text, in)
		return err
	})
	if err != nil {
		return qlp.Plan{}, fmt.Errorf("plan %s on %s: %w", prompt.Visible(in.Spec.Title), in.Stack.Name, err)
	}
	return plan, nil
}

func (p *Planner) request(in Request) (llm.Request, error) {
	spec := in.Spec
	spec.Sources, spec.Questions, spec.Acceptance = nil, nil, nil
	yaml, err := specfile.Write(&spec)
	if err != nil {
		return llm.Request{}, err
	}
	system, err := p.book.Fill("system.md", map[string]any{"DataRule": prompt.DataRule, "MaxTasks": maxTasks})
	if err != nil {
		return llm.Request{}, err
	}
	asked, err := p.book.Fill("spec.md", map[string]any{"Stack": prompt.Stack(in.Stack), "Spec": p.desk.Data("the Spec", string(yaml))})
	if err != nil {
		return llm.Request{}, err
	}
	return llm.Request{
		Role: llm.Planner, System: system, Messages: []llm.Message{{From: llm.User, Text: asked}}, Schema: p.schema,
		MaxTokens: p.config.MaxTokens, Temperature: prompt.Zero(),
		Account: llm.Account{IntentID: in.Intent, RunID: in.Run, TaskID: in.Task, Caps: in.Caps},
	}, nil
}
