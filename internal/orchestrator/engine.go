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
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/validator"
)

// Packer makes a capsule's bytes. The same input gives the same bytes: a pack that was interrupted is done again.
type Packer interface {
	Pack(ctx context.Context, in capsule.Input) ([]byte, error)
}

// Deps are the rooms that the engine drives.
type Deps struct {
	Store       store.Store
	Blobs       blob.Store
	Interpreter interpreter.Interpreter
	// Plan turns a Spec into a plan. An invalid error is an answer for the person who asked.
	Plan func(qlp.Spec, qlp.Stack) (qlp.Plan, error)
	// Stack finds a stack by name; an invalid error names those that there are.
	Stack func(name string) (qlp.Stack, error)
	// StackFor finds the stack that builds software of a kind in what a Spec calls its stack. nil: Stack does.
	StackFor   func(kind qlp.Kind, name string) (qlp.Stack, error)
	Generators map[string]generator.Generator // by name; Settings.Generator chooses
	Validator  validator.Validator
	Packer     Packer
	Clock      store.Clock
	NewID      func() string
	Log        *slog.Logger
}

// Config of the engine. Zero fields mean the values beside them.
type Config struct {
	DefaultStack   string        // of an intent that names none: go
	Generator      string        // of an intent that names none: offline
	Caps           qlp.Caps      // of an intent that sets none: qlp.DefaultCaps
	Parallel       int           // attempts at a time: 4
	Validations    int           // validations at a time: 2
	AttemptTimeout time.Duration // after which a generator is taken to hang: a minute
}

func (c Config) withDefaults() Config {
	if c.DefaultStack == "" {
		c.DefaultStack = "go"
	}
	if c.Generator == "" {
		c.Generator = "offline"
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
	c.Caps = c.Caps.WithDefaults()
	return c
}

// Engine drives runs. Its handlers are called by workers, the rest by the surfaces; all are safe for concurrent use. It holds
// nothing that needs closing.
type Engine struct {
	Deps
	cfg        Config
	running    *registry
	generating chan struct{} // slots
	validating chan struct{} // slots
}

// New returns an engine. Call Resume once before its first worker starts.
func New(d Deps, cfg Config) *Engine {
	cfg = cfg.withDefaults()
	return &Engine{
		Deps: d, cfg: cfg, running: newRegistry(),
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
	return c.WithDefaults()
}

// generator returns the one that an intent's settings choose.
func (e *Engine) generator(s qlp.Settings) (generator.Generator, error) {
	name := s.Generator
	if name == "" {
		name = e.cfg.Generator
	}
	g, ok := e.Generators[name]
	if !ok {
		return nil, qlp.Errorf(qlp.Invalid, "there is no generator %.40q", name).WithRemedy("leave it out for the offline generator")
	}
	return g, nil
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
