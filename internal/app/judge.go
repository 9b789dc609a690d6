package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/fetcher"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/validator"
	"github.com/quantumlayer/qlp/internal/validator/pipeline"
)

// Judgement is a validator with the sandbox that it works in.
type Judgement struct {
	validator.Validator
	driver sandbox.Driver
}

// Judge returns a validator by itself, for capsules that are run again. The caller closes it.
func Judge(ctx context.Context, cfg config.Config) (*Judgement, error) {
	return judge(ctx, cfg, slog.New(slog.DiscardHandler))
}

func judge(ctx context.Context, cfg config.Config, log *slog.Logger) (*Judgement, error) {
	if err := addTools(cfg.ToolsDir); err != nil {
		return nil, err
	}
	driver, err := driverFor(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	v, err := newPipeline(cfg, driver, log)
	if err != nil {
		_ = driver.Close() // it has made nothing yet
		return nil, err
	}
	return &Judgement{v, driver}, nil
}

func newPipeline(cfg config.Config, driver sandbox.Driver, log *slog.Logger) (validator.Validator, error) {
	fetch, err := fetcher.New(fetcher.Config{Driver: driver, Hosts: hostList(cfg), Require: cfg.RequireLimits, Log: log})
	if err != nil {
		return nil, err
	}
	return pipeline.New(newBench(driver, cfg.RequireLimits, log), pipeline.Config{
		PolicyPath: cfg.Policy, Log: log, Packages: packages{fetch, elsewhere(driver)},
	})
}

// Close destroys the sandboxes that are left.
func (j *Judgement) Close() error { return j.driver.Close() }

// addTools puts a folder with optional tools before the PATH of this process, where every room looks for programs: the one
// that is set, or the folder "tools" beside this program, if there is one.
func addTools(dir string) error {
	if dir == "" {
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("find this program: %w", err)
		}
		dir = filepath.Join(filepath.Dir(self), "tools")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("folder of tools: %w", err)
	}
	return os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}
