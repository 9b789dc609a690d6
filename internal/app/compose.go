package app

import (
	"context"
	"time"

	"github.com/quantumlayer/qlp/internal/capsule"
	"github.com/quantumlayer/qlp/internal/generator"

	"github.com/quantumlayer/qlp/internal/generator/acceptance"
	"github.com/quantumlayer/qlp/internal/generator/offline"
	"github.com/quantumlayer/qlp/internal/generator/offline/golang"
	"github.com/quantumlayer/qlp/internal/generator/offline/python"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/telemetry"
	"github.com/quantumlayer/qlp/internal/validator"
	"github.com/quantumlayer/qlp/internal/validator/report"
)

// offlineGenerator writes the acceptance tests by one part and the code by another.
func offlineGenerator() generator.Generator {
	return acceptance.Before(offline.New(golang.New(), python.New()))
}

// counted counts what a generator does.
type counted struct {
	generator.Generator
	metrics *telemetry.Metrics
}

// Generate writes a task's files.
func (c counted) Generate(ctx context.Context, req generator.Request) ([]qlp.File, error) {
	files, err := c.Generator.Generate(ctx, req)
	outcome := "ok"
	if err != nil {
		outcome = "error"
	}
	c.metrics.Attempted(c.Name(), outcome)
	return files, err
}

// metered measures what a validator does.
type metered struct {
	validator.Validator
	metrics *telemetry.Metrics
}

// Validate judges a project.
func (m metered) Validate(ctx context.Context, s validator.Subject, progress func(qlp.Check)) (validator.Report, error) {
	start := time.Now()
	report, err := m.Validator.Validate(ctx, s, progress)
	if err == nil {
		m.metrics.Validated(time.Since(start), time.Duration(report.SandboxMS)*time.Millisecond)
		for _, c := range report.Checks {
			m.metrics.Checked(string(c.Layer), string(c.Status()))
		}
	}
	return report, err
}

// packer signs capsules with the data folder's key.
type packer struct {
	keys    capsule.Keyring
	version string
	metrics *telemetry.Metrics
}

// Pack makes a capsule.
func (p packer) Pack(_ context.Context, in capsule.Input) ([]byte, error) {
	key, err := p.keys.Signing()
	if err != nil {
		return nil, err
	}
	in.Version = p.version
	in.SARIF = report.SARIF(in.Report.Checks)
	b, err := capsule.Pack(in, key)
	if err == nil {
		p.metrics.Packed(string(in.Verdict))
	}
	return b, err
}

// nobody stands where a process does not run projects.
type nobody struct{}

// Validate is not called: such a process claims no jobs.
func (nobody) Validate(context.Context, validator.Subject, func(qlp.Check)) (validator.Report, error) {
	return validator.Report{}, errNoWorker()
}

// Syntax is not called either.
func (nobody) Syntax(context.Context, qlp.Stack, []qlp.File) ([]qlp.Check, error) {
	return nil, errNoWorker()
}

func errNoWorker() error {
	return qlp.Errorf(qlp.Unavailable, "this process has no role worker").WithRemedy("start qlp serve with --roles api,worker")
}
