package orchestrator

import (
	"context"
	"log/slog"
	"time"

	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/capsule"
	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/reviewer"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/validator"
)

// Packer makes a capsule's bytes. The same input gives the same bytes: a pack that was interrupted is done again.
type Packer interface {
	Pack(ctx context.Context, in capsule.Input) ([]byte, error)
}

// Deps are the rooms that the engine drives.
type Deps struct {
	Store store.Store
	Blobs blob.Store
	// Interpreters, Planners and Generators stand by the name that Settings.Generator chooses: Offline, Model. A name that one of
	// them lacks is refused when an intent is handed in; nothing takes the place of what is missing.
	Interpreters map[string]interpreter.Interpreter
	Planners     map[string]Planner
	Generators   map[string]generator.Generator
	// Providers refuses settings whose provider does not exist, with an invalid error. It is asked for every generator but the
	// offline one; nil means that there is no provider.
	Providers func(qlp.Settings) error
	// Reviewer reads what the model generator wrote and every check has passed; nil: nobody does.
	Reviewer reviewer.Reviewer
	// Spending returns what models have taken for the intent's latest run; nil: none is kept. It reads with the reader it is given.
	Spending func(ctx context.Context, r store.Reader, in qlp.Intent) (*qlp.RunSpending, error)
	// Whispers carry what models write to the other replicas; nil: there are none.
	Whispers Whispers
	// Similarity makes intents findable; nil: none is.
	Similarity Similarity
	// Stack finds a stack by name; an invalid error names those that there are.
	Stack func(name string) (qlp.Stack, error)
	// StackFor finds the stack that builds software of a kind in what a Spec calls its stack. nil: Stack does.
	StackFor  func(kind qlp.Kind, name string) (qlp.Stack, error)
	Validator validator.Validator
	Packer    Packer
	Clock     store.Clock
	NewID     func() string
	Log       *slog.Logger
}

// The names of generators that mean something here.
const (
	Offline = "offline" // asks nobody
	Model   = "model"   // asks models, whose project a reviewer may read
)

// PlanRequest is all that a planner may know.
type PlanRequest struct {
	Spec     qlp.Spec
	Stack    qlp.Stack
	Intent   string        // an id for the records of model calls; never part of a prompt
	Caps     qlp.ModelCaps // as they stand now
	Provider string        // Settings.Provider
	Progress func(text string)
}

// Planner turns a Spec into a plan. An invalid error is an answer for the person who asked; exhausted, that a cap is reached;
// unavailable, that no model answers.
type Planner func(ctx context.Context, req PlanRequest) (qlp.Plan, error)

// PlanOffline makes a planner of a function that asks nobody.
func PlanOffline(plan func(qlp.Spec, qlp.Stack) (qlp.Plan, error)) Planner {
	return func(_ context.Context, req PlanRequest) (qlp.Plan, error) { return plan(req.Spec, req.Stack) }
}

// Config of the engine. Zero fields mean the values beside them.
type Config struct {
	DefaultStack   string        // of an intent that names none: go
	Generator      string        // of an intent that names none: offline
	Caps           qlp.Caps      // of an intent that sets none: qlp.DefaultCaps
	Parallel       int           // attempts at a time: 4
	Validations    int           // validations at a time: 2
	AttemptTimeout time.Duration // after which a generator is taken to hang: a minute
	Replicas       bool          // other processes work on the same store: an intent may end there while a handler is at work here
	ModelTimeout   time.Duration // the same where models are asked, whose calls have bounds of their own: 30 minutes
}

func (c Config) withDefaults() Config {
	if c.DefaultStack == "" {
		c.DefaultStack = "go"
	}
	if c.Generator == "" {
		c.Generator = Offline
	}
	if c.Parallel == 0 {
		c.Parallel = 4
	}
	if c.Validations == 0 {
		c.Validations = 2
	}
	if c.AttemptTimeout == 0 {
		c.AttemptTimeout = time.Minute
	}
	if c.ModelTimeout == 0 {
		c.ModelTimeout = 30 * time.Minute
	}
	c.Caps = c.Caps.WithDefaults()
	return c
}

// Engine drives runs. Its handlers are called by workers, the rest by the surfaces; all are safe for concurrent use. It holds
// nothing that needs closing.
type Engine struct {
	Deps
	cfg        Config
	running    *registry
	hub        *hub
	generating chan struct{} // slots
	validating chan struct{} // slots
}

// New returns an engine. Call Resume once before its first worker starts.
func New(d Deps, cfg Config) *Engine {
	cfg = cfg.withDefaults()
	return &Engine{
		Deps: d, cfg: cfg, running: newRegistry(), hub: newHub(d.Whispers),
		generating: make(chan struct{}, cfg.Parallel), validating: make(chan struct{}, cfg.Validations),
	}
}

// caps returns the caps of an intent.
func (e *Engine) caps(in qlp.Intent) qlp.Caps {
	c, d := in.Settings.Caps, e.cfg.Caps
	if c.WallSeconds == 0 {
		c.WallSeconds = d.WallSeconds
	}
	if c.SandboxSeconds == 0 {
		c.SandboxSeconds = d.SandboxSeconds
	}
	if c.Repairs == 0 {
		c.Repairs = d.Repairs
	}
	c.Models = c.Models.Or(d.Models)
	return c.WithDefaults()
}

// generatorName returns the name that an intent's settings choose.
func (e *Engine) generatorName(s qlp.Settings) string {
	if s.Generator == "" {
		return e.cfg.Generator
	}
	return s.Generator
}

// generator returns the one that an intent's settings choose.
func (e *Engine) generator(s qlp.Settings) (generator.Generator, error) {
	return chosen(e.Generators, "generator", e.generatorName(s))
}

// chosen finds the part of one kind that goes by a generator's name.
func chosen[T any](parts map[string]T, kind, name string) (T, error) {
	part, ok := parts[name]
	if !ok {
		return part, qlp.Errorf(qlp.Invalid, "there is no %s %.40q", kind, name).WithRemedy("leave it out for the offline generator")
	}
	return part, nil
}

// timeout is how long one attempt may take.
func (e *Engine) timeout(in qlp.Intent) time.Duration {
	if e.generatorName(in.Settings) == Offline {
		return e.cfg.AttemptTimeout
	}
	return e.cfg.ModelTimeout
}

// slot waits for a free place and returns the function that gives it back.
func slot(ctx context.Context, slots chan struct{}) (func(), error) {
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
