package app

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/generator/acceptance"
	"github.com/quantumlayer/qlp/internal/generator/agent"
	"github.com/quantumlayer/qlp/internal/interpreter"
	readwords "github.com/quantumlayer/qlp/internal/interpreter/model"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/planner"
	divide "github.com/quantumlayer/qlp/internal/planner/model"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/redact"
	"github.com/quantumlayer/qlp/internal/reviewer"
	"github.com/quantumlayer/qlp/internal/stack"
)

// asked are the rooms that ask models: an interpreter, a planner, a generator and a reviewer for each choice of provider, made
// when the first intent chooses it. Safe for concurrent use.
type asked struct {
	models   *Models
	redactor *redact.Redactor
	stacks   []readwords.Stack // what can be built, and of which kinds

	mu    sync.Mutex
	rooms map[string]rooms
}

// rooms are those of one choice.
type rooms struct {
	interpreter *readwords.Interpreter
	planner     *divide.Planner
	agent       *agent.Agent
}

func newAsked(models *Models, redactor *redact.Redactor) (*asked, error) {
	stacks, err := buildable()
	if err != nil {
		return nil, err
	}
	return &asked{models: models, redactor: redactor, stacks: stacks, rooms: map[string]rooms{}}, nil
}

// buildable lists the stacks by the names that a Spec calls them: those of services, and those of programs.
func buildable() ([]readwords.Stack, error) {
	services, err := stack.All()
	if err != nil {
		return nil, err
	}
	programs, err := stack.Programs()
	if err != nil {
		return nil, err
	}
	var out []readwords.Stack
	for _, st := range programs {
		name := strings.TrimPrefix(st.Name, "program-")
		s := readwords.Stack{Name: name, Title: st.Title, Kinds: []qlp.Kind{qlp.KindCLI, qlp.KindPipeline, qlp.KindProject}}
		if i := slices.IndexFunc(services, func(service qlp.Stack) bool { return service.Generated && service.Name == name }); i >= 0 {
			s.Kinds = append([]qlp.Kind{qlp.KindService}, s.Kinds...)
		}
		out = append(out, s)
	}
	return out, nil
}

// newRedactor knows the secrets of this process's environment.
func newRedactor() *redact.Redactor { return redact.New(os.Environ()) }

// of returns the rooms of a choice. A choice that is not configured is an invalid error.
func (a *asked) of(choice string) (rooms, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r, ok := a.rooms[choice]; ok {
		return r, nil
	}
	client, err := a.models.Client(choice)
	if err != nil {
		return rooms{}, err
	}
	var r rooms
	if r.interpreter, err = readwords.New(client, a.redactor, readwords.Config{Stacks: a.stacks}); err != nil {
		return rooms{}, err
	}
	if r.planner, err = divide.New(client, a.redactor, divide.Config{Arrange: planner.Arrange}); err != nil {
		return rooms{}, err
	}
	deps := agent.Deps{Client: client, Redactor: a.redactor, Acceptance: acceptance.Files, Stack: stack.Find}
	if r.agent, err = agent.New(deps, agent.Config{}); err != nil {
		return rooms{}, err
	}
	a.rooms[choice] = r
	return r, nil
}

// Exists refuses settings whose provider is not configured.
func (a *asked) Exists(s qlp.Settings) error {
	_, err := a.of(s.Provider)
	return err
}

// Interpret has a model read the words.
func (a *asked) Interpret(ctx context.Context, words string, opts interpreter.Options) (interpreter.Result, error) {
	r, err := a.of(opts.Provider)
	if err != nil {
		return interpreter.Result{}, err
	}
	return r.interpreter.Interpret(ctx, words, opts)
}

// Plan has a model divide a program into tasks. A service has the layout of its stack, whoever writes it.
func (a *asked) Plan(ctx context.Context, req orchestrator.PlanRequest) (qlp.Plan, error) {
	r, err := a.of(req.Provider)
	if err != nil {
		return qlp.Plan{}, err
	}
	return r.planner.Plan(ctx, divide.Request{Spec: req.Spec, Stack: req.Stack, Intent: req.Intent, Caps: req.Caps, Progress: req.Progress})
}

// Name is how the generator is called in records; who was really asked is in the ledger of calls.
func (a *asked) Name() string { return orchestrator.Model }

// Generate has models write a task's files.
func (a *asked) Generate(ctx context.Context, req generator.Request) ([]qlp.File, error) {
	r, err := a.of(req.Provider)
	if err != nil {
		return nil, err
	}
	return r.agent.Generate(ctx, req)
}

// Review has a model read a project.
func (a *asked) Review(ctx context.Context, req reviewer.Request) (reviewer.Review, error) {
	r, err := a.of(req.Provider)
	if err != nil {
		return reviewer.Review{}, err
	}
	return r.agent.Review(ctx, req)
}
