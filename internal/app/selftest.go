package app

import (
	"context"
	"errors"
	"os"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/process"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest"
)

// SelfTest runs the hostile programs that the driver's own tests run, on this machine, and tells what came of each. class is one
// of their classes, or "". What the driver says that it cannot hold here is skipped by name.
func SelfTest(ctx context.Context, cfg config.Config, name, class string, tell func(sandboxtest.Outcome)) (caps sandbox.Capabilities, err error) {
	if cfg, err = byName(cfg, name); err != nil {
		return caps, err
	}
	driver, err := Sandbox(ctx, cfg)
	if err != nil {
		return caps, err
	}
	defer func() { err = errors.Join(err, driver.Close()) }()
	if caps, err = driver.Capabilities(ctx); err != nil {
		return caps, err
	}
	o := sandboxtest.Options{Driver: driver, Weak: map[string]bool{}}
	for limit, how := range caps.Enforcement {
		o.Weak[limit] = how != sandbox.Enforced
	}
	if driver.Name() == driverProcess {
		o.Skip, o.SharedProcesses = process.Gaps(os.Geteuid() == 0), true
	}
	return caps, sandboxtest.SelfTest(ctx, o, class, tell)
}
