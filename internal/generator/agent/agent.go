// Package agent is the generator that asks models: a tester writes the acceptance cases of a program from the Spec alone, a
// coder writes every other task's files, a reviewer reads the whole.
//
// It never runs what a model writes, never lets it write a path that its task does not own, never shows the tester a file,
// and takes nothing that a model says for evidence. A prompt holds nothing that would differ when the run is played again:
// no time, no id, no folder of this machine.
//
// Arrows: generator (its room), llm, contract (whose text it shows), planner (a plan as a tree), specfile (the Spec as a person
// reads it), reviewer (whose interface it implements), qlp.
package agent

import (
	"context"
	"embed"
	"fmt"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/prompt"
	"github.com/quantumlayer/qlp/internal/qlp"
)

//go:embed prompts/*.md
var prompts embed.FS

// Deps are what the agent works with.
type Deps struct {
	Client   llm.Client
	Redactor prompt.Redactor
	// Acceptance writes acceptance/ from the request's Spec: for a service the tests that follow from it, for which no model is
	// asked, for a program the cases in Spec.Acceptance, which the tester has written: acceptance.Files.
	Acceptance func(req generator.Request) ([]qlp.File, error)
	// Stack returns the facts of a stack.
	Stack func(name string) (qlp.Stack, error)
}

// Config are the agent's settings. The zero Config works.
type Config struct {
	MaxTokens int   // of an answer; 0: 16000, some 50 KiB of files. At most a third of the model's window is used
	Window    int64 // tokens of a model whose window is unknown; 0: 32000
}

const (
	defaultMaxTokens = 16_000
	defaultWindow    = 32_000
)

// Agent writes the files of tasks. It is safe for concurrent use and has no memory between calls.
type Agent struct {
	deps   Deps
	config Config
	desk   prompt.Desk
	book   prompt.Book
	cases  *llm.Schema
	review *llm.Schema

	changing changes
}

var _ generator.Generator = (*Agent)(nil)

// New returns an agent.
func New(deps Deps, config Config) (*Agent, error) {
	if config.MaxTokens == 0 {
		config.MaxTokens = defaultMaxTokens
	}
	if config.Window == 0 {
		config.Window = defaultWindow
	}
	book, err := prompt.Load(prompts)
	if err != nil {
		return nil, err
	}
	cases, err := schemaOf("acceptance", &casesAnswer{})
	if err != nil {
		return nil, err
	}
	review, err := schemaOf("review", &reviewAnswer{})
	if err != nil {
		return nil, err
	}
	return &Agent{
		deps: deps, config: config, desk: prompt.Desk{Client: deps.Client, Redactor: deps.Redactor}, book: book, cases: cases, review: review,
		changing: changing(),
	}, nil
}

// Name is the coder's provider and model.
func (a *Agent) Name() string { return a.deps.Client.Name(llm.Coder) }

// Generate implements generator.Generator.
func (a *Agent) Generate(ctx context.Context, req generator.Request) ([]qlp.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch {
	case req.Task.Role != qlp.RoleAcceptance:
		return a.code(ctx, req)
	case a.deps.Acceptance == nil:
		return nil, qlp.Errorf(qlp.Invalid, "nothing here writes the acceptance tests of a %s", req.Spec.Kind)
	case req.Spec.Kind.Program():
		return a.test(ctx, req)
	default:
		return a.deps.Acceptance(req)
	}
}

// account says who pays for a call of the request.
func account(req generator.Request) llm.Account {
	return llm.Account{
		IntentID: req.Intent, RunID: req.Run, TaskID: req.Task.ID, Attempt: req.Attempt, Repair: req.Attempt > 1, Caps: req.Caps,
	}
}

// answerTokens is what an answer of the role may take: the setting, but no more than a third of the model's window.
func (a *Agent) answerTokens(role llm.Role) int {
	return int(min(int64(a.config.MaxTokens), a.window(role)/3))
}

func (a *Agent) window(role llm.Role) int64 {
	if w := a.deps.Client.Window(role); w > 0 {
		return w
	}
	return a.config.Window
}

// room is the number of bytes that a prompt of the role may have: what the window leaves beside the answer, and a twentieth
// for what a provider puts around it.
func (a *Agent) room(role llm.Role) int {
	w := a.window(role)
	tokens := w - int64(a.answerTokens(role)) - w/20
	return int(tokens * 7 / 2)
}

// stackFacts are the request's stack in words.
func (a *Agent) stackFacts(req generator.Request) (string, error) {
	if a.deps.Stack == nil {
		return "Stack: " + prompt.Visible(req.Plan.Stack) + "\n", nil
	}
	st, err := a.deps.Stack(req.Plan.Stack)
	if err != nil {
		return "", fmt.Errorf("find stack %s: %w", req.Plan.Stack, err)
	}
	return prompt.Stack(st), nil
}
