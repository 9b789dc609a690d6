package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/remote"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd"
	"github.com/quantumlayer/qlp/internal/stack"
)

// Executor says how this machine's sandboxes are lent.
type Executor struct {
	Driver string // one of ExecutorDrivers
	Token  string
	Max    int
	Idle   time.Duration
	Spare  int // sandboxes kept ready, by the drivers that can
}

// ExecutorDrivers are the drivers whose sandboxes can be lent.
func ExecutorDrivers() []string { return []string{driverNative, driverProcess} }

// ServeSandboxes lends this machine's sandboxes to whoever has the token, until ctx ends. It closes l.
func ServeSandboxes(ctx context.Context, e Executor, l net.Listener, log *slog.Logger) (err error) {
	driver, err := executorDriver(ctx, e, log)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer func() { err = errors.Join(err, driver.Close()) }()
	b := newBench(driver, false, log)
	server, err := sandboxd.New(sandboxd.Config{
		Driver: driver, Token: e.Token, Max: e.Max, Idle: e.Idle, Log: log,
		Resolve: func(ctx context.Context, name string) (sandboxd.Equipment, error) {
			st, err := stack.Known(name)
			if err != nil {
				return sandboxd.Equipment{}, err
			}
			eq, err := b.equip(ctx, st)
			if err != nil {
				return sandboxd.Equipment{}, err
			}
			return sandboxd.Equipment{Mounts: eq.mounts, Env: eq.env}, nil
		},
	})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	return server.Serve(ctx, l)
}

func executorDriver(ctx context.Context, e Executor, log *slog.Logger) (sandbox.Driver, error) {
	if slices.Contains(ExecutorDrivers(), e.Driver) {
		return localDriver(ctx, config.Config{SandboxDriver: e.Driver, SandboxSpare: e.Spare}, log)
	}
	return nil, qlp.Errorf(qlp.Invalid, "there is no driver %.40q whose sandboxes can be lent", e.Driver).WithRemedy("choose one of: %s", ExecutorDrivers())
}

// ReadToken reads a token from a file, or from the environment if no file is named. It is never an argument: those are for
// every user of a machine to see.
func ReadToken(file, variable string) (string, error) {
	text := os.Getenv(variable)
	if file != "" {
		b, err := os.ReadFile(file) //nolint:gosec // the caller names it
		if err != nil {
			return "", qlp.Errorf(qlp.Invalid, "read token: %w", err)
		}
		text = string(b)
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", qlp.Errorf(qlp.Invalid, "there is no token").
			WithRemedy("write a random text into a file, for example `openssl rand -hex 32 > token`, and name it with --token-file, or set %s", variable)
	}
	return text, nil
}

// ExecutorToken is the variable that holds the executors' token, at both ends.
const ExecutorToken = "QLP_EXECUTOR_TOKEN" //nolint:gosec // the name, not the token

// remoteDriver is the driver for the executors that the settings name.
func remoteDriver(ctx context.Context, cfg config.Config, log *slog.Logger) (sandbox.Driver, error) {
	token, err := ReadToken(cfg.ExecutorTokenFile, ExecutorToken)
	if err != nil {
		return nil, fmt.Errorf("speak to executors: %w", err)
	}
	var list []string
	for address := range strings.SplitSeq(cfg.Executors, ",") {
		list = append(list, strings.TrimSpace(address))
	}
	return remote.New(ctx, log, remote.Config{Executors: list, Token: token, AllowPlain: cfg.ExecutorsPlain})
}
