// Package pipeline composes the layers into one Validator: what is plainly wrong is refused in-process; then the project
// is built, started and tested in one sandbox while the analysers read it in a second; and the policy has the last word.
//
// It never executes the project where the analysers read it, never turns a panic or a lost sandbox into anything but an
// error, and never leaves a sandbox behind.
//
// Arrows: validator's contract, its layers, sandbox, qlp; never a driver.
package pipeline

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/validator"
	"github.com/quantumlayer/qlp/internal/validator/policy"
	"github.com/quantumlayer/qlp/internal/validator/record"
	"github.com/quantumlayer/qlp/internal/validator/security"
	"github.com/quantumlayer/qlp/internal/validator/syntax"
)

// Config of a Pipeline. The zero Config runs every layer with the default limits and the default policy.
type Config struct {
	// Wall times of one command; 0 means 60 s, 300 s, 120 s and 30 s.
	Syntax, Build, Test, Start time.Duration
	// PolicyPath is a file of Rego rules in place of the default ones.
	PolicyPath string
	// Without names layers that are left out: their checks are not_run, and so is whatever the policy requires of them.
	Without []qlp.Layer
	// Packages fetches what projects need; nil means that nothing is fetched, and a project that needs packages is not built.
	Packages validator.Packages
	// Log may be nil.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	def := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	def(&c.Syntax, time.Minute)
	def(&c.Build, 5*time.Minute)
	def(&c.Test, 2*time.Minute)
	def(&c.Start, 30*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func (c Config) runs(layer qlp.Layer) bool { return !slices.Contains(c.Without, layer) }

// Pipeline is the Validator. It is safe for concurrent use and needs no closing.
type Pipeline struct {
	bench   validator.Bench
	cfg     Config
	secrets *security.Secrets
	rules   *policy.Rules
}

var _ validator.Validator = (*Pipeline)(nil)

// New returns a Pipeline over bench. A policy that cannot be read or does not compile is an invalid error.
func New(bench validator.Bench, cfg Config) (*Pipeline, error) {
	rules, err := policy.Load(context.Background(), cfg.PolicyPath)
	if err != nil {
		return nil, err
	}
	return &Pipeline{bench: bench, cfg: cfg.withDefaults(), secrets: security.NewSecrets(), rules: rules}, nil
}

// Syntax answers the syntax layer for the files of one task. A sandbox is started only where the stack's language is not
// parsed in-process, and only for files that are plausible at all.
func (p *Pipeline) Syntax(ctx context.Context, stack qlp.Stack, files []qlp.File) ([]qlp.Check, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	checks := guard(p, qlp.LayerSyntax, notRun(qlp.LayerSyntax, syntax.Content), func() []qlp.Check { return syntax.InProcess(files) })
	if !passed(checks) || len(stack.Commands.Syntax) == 0 || !hasSource(stack, files) {
		return checks, nil
	}
	book := record.New()
	box, refused, err := p.open(ctx, stack, files, validator.Supplies{})
	if err != nil {
		return nil, err
	}
	if box == nil {
		return append(checks, skipAll(qlp.LayerSyntax, stack.Commands.Syntax, refused)...), nil
	}
	defer p.destroy(ctx, box)
	more, err := syntax.InSandbox(ctx, book, box, stack, sandbox.Limits{Wall: p.cfg.Syntax})
	if err != nil {
		return nil, err
	}
	return append(checks, more...), nil
}

// Validate answers every layer.
func (p *Pipeline) Validate(ctx context.Context, s validator.Subject, progress func(qlp.Check)) (validator.Report, error) {
	if err := ctx.Err(); err != nil {
		return validator.Report{}, context.Cause(ctx)
	}
	v := newValidation(p, s, progress)
	if err := v.layers(ctx); err != nil {
		return validator.Report{}, err
	}
	checks, err := p.rules.Apply(ctx, s.Spec, s.Stack, v.checks())
	if err != nil {
		return validator.Report{}, err
	}
	for _, c := range checks[len(v.checks()):] {
		v.tell(c)
	}
	return validator.Report{
		Checks: checks, Executions: v.book.Executions(), Logs: v.book.Logs(),
		Reports: slices.Concat(v.supplies.Reports, v.reports), Added: v.supplies.Added, Toolchain: v.toolchain, SandboxMS: v.book.WallMS(),
	}, nil
}
