package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/quantumlayer/qlp/internal/api"
	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/blob/file"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/interpreter/specfile"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/planner"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/similarity"
	"github.com/quantumlayer/qlp/internal/stack"
	"github.com/quantumlayer/qlp/internal/telemetry"
	"github.com/quantumlayer/qlp/internal/validator"
	"github.com/quantumlayer/qlp/internal/worker"
)

// App is an open data folder with an engine over it.
type App struct {
	cfg     config.Config
	version string
	log     *slog.Logger

	store       *database
	blobs       blob.Store
	interpreter interpreter.Interpreter
	judge       *Judgement
	metrics     *telemetry.Metrics
	similarity  *similarity.Finder
	engine      *orchestrator.Engine
	worker      *worker.Worker
	stalled     chan error // the first time only; nobody has to read it
	leaving     chan struct{}
	leave       sync.Once
}

// Open opens the data folder and builds the rooms over it. The caller stops the app, also one that was never started.
func Open(ctx context.Context, cfg config.Config, version string, log *slog.Logger) (*App, error) {
	return open(ctx, cfg, version, log, offlineGenerator())
}

func open(ctx context.Context, cfg config.Config, version string, log *slog.Logger, writer generator.Generator) (_ *App, err error) {
	a := &App{cfg: cfg, version: version, log: log, interpreter: Interpreter(cfg), metrics: telemetry.NewMetrics(version), stalled: make(chan error, 1), leaving: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Stop(ctx))
		}
	}()
	if a.store, err = openDatabase(ctx, cfg, log); err != nil {
		return nil, err
	}
	if a.blobs, err = file.Open(filepath.Join(cfg.Shared(), "blobs"), file.Config{}); err != nil {
		return nil, fmt.Errorf("open blobs: %w", err)
	}
	if a.store.shared || cfg.SharedDir != "" {
		if err := bindShared(ctx, a.store, cfg); err != nil {
			return nil, err
		}
	}
	var validate validator.Validator = nobody{}
	if cfg.Has(config.RoleWorker) {
		if a.judge, err = judge(ctx, cfg, log); err != nil {
			return nil, err
		}
		validate = a.judge
	}
	redactor := newRedactor()
	models, err := OpenModels(cfg, ModelDeps{
		Ledger: a.ledger(), Recordings: a.blobs, Tape: tapes{a.store, a.blobs}.of, Redact: redactor.Redact, Env: os.Getenv, Log: log,
	})
	if err != nil {
		return nil, err
	}
	byModel, err := newAsked(models, redactor)
	if err != nil {
		return nil, err
	}
	if err := a.findable(models); err != nil {
		return nil, err
	}
	a.engine = orchestrator.New(orchestrator.Deps{
		Store: a.store, Blobs: a.blobs, Stack: stack.Find, StackFor: stack.For,
		Interpreters: map[string]interpreter.Interpreter{orchestrator.Offline: a.interpreter, orchestrator.Model: byModel},
		Planners: map[string]orchestrator.Planner{
			orchestrator.Offline: orchestrator.PlanOffline(planner.Plan), orchestrator.Model: byModel.Plan,
		},
		Generators: map[string]generator.Generator{
			orchestrator.Offline: counted{writer, a.metrics}, orchestrator.Model: counted{byModel, a.metrics},
		},
		Providers: byModel.Exists, Reviewer: byModel, Spending: spending, Similarity: a.similar(), Whispers: a.whispers(),
		Validator: metered{validate, a.metrics}, Packer: packer{Keyring(cfg), version, a.metrics},
		Clock: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		NewID: newID, Log: log,
	}, orchestrator.Config{
		DefaultStack: cfg.DefaultStack, Replicas: a.store.shared, Parallel: cfg.Parallel, Validations: cfg.Validations,
		Caps: qlp.Caps{WallSeconds: cfg.WallSeconds, SandboxSeconds: cfg.SandboxSeconds, Repairs: cfg.Repairs, Models: cfg.ModelCaps().Or(models.Caps())},
	})
	a.store.queue.OnFault(a.stall)
	a.worker, err = worker.New(a.store.queue, a.engine, log, worker.Config{
		Jobs: cfg.Parallel + cfg.Validations, Grace: cfg.StopGrace, Stalled: a.stall, TookOver: a.tookOver,
	})
	return a, err
}

// stall remembers why the work stands still.
func (a *App) stall(err error) {
	select {
	case a.stalled <- err:
	default:
	}
}

// Stalled gives the reason when the work stands still until the machine is mended: a full disk, say. What was begun goes on
// then, or at the next start.
func (a *App) Stalled() <-chan error { return a.stalled }

// newID returns a UUID of version 7: ids sort by the time of their making.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// Start takes up what an earlier process left unfinished, and begins to work, if that is this process's role.
func (a *App) Start(ctx context.Context) error {
	if !a.cfg.Has(config.RoleWorker) {
		return nil
	}
	if err := a.worker.Start(ctx); err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	return nil
}

// ledger is the account of model calls, each of which belongs to this process's worker while it is under way.
func (a *App) ledger() llm.Ledger {
	return ledger{a.store, func() string {
		if a.worker == nil {
			return ""
		}
		return a.worker.ID()
	}}
}

// tookOver tidies up what dead workers left: what they had asked and nobody settled counts with its worst case, and runs that have
// lost their jobs get them again.
func (a *App) tookOver(ctx context.Context) error {
	lost, err := a.ledger().Lose(ctx)
	if err != nil {
		return fmt.Errorf("close the ledger of model calls: %w", err)
	}
	if lost > 0 {
		a.log.Warn("Model calls lost", "room", "app", "count", lost)
	}
	if a.similarity != nil {
		if err := a.engine.Refresh(ctx, false); err != nil {
			return err
		}
	}
	return a.engine.Resume(ctx)
}

// Handler returns the API, or what is left of it where that is not this process's role. With an empty token everybody is let in:
// that is for callers within this process.
func (a *App) Handler(token telemetry.Secret) http.Handler {
	deps := api.Deps{
		Engine: a.engine, Store: a.store, Blobs: a.blobs, Interpreter: a.interpreter, ReadSpec: specfile.Read, Spending: spending,
		Similar: a.search(), Metrics: a.metrics.Handler(), Log: a.log,
	}
	cfg := api.Config{
		Token: token, Version: a.version, Stack: a.cfg.DefaultStack, Tenant: a.cfg.Tenant, Hosts: a.cfg.HostNames(), Leaving: a.leaving,
	}
	if !a.cfg.Has(config.RoleAPI) {
		return api.Health(deps, cfg)
	}
	return api.New(deps, cfg)
}

// Leave says that this process is about to stop: it is no longer ready, streams end, and no job is claimed any more. Those that
// run get the grace, and are then handed over. It returns when none runs.
func (a *App) Leave(ctx context.Context) error {
	a.leave.Do(func() { close(a.leaving) })
	if a.worker == nil {
		return nil
	}
	return a.worker.Stop(ctx)
}

// Stop stops and closes everything, in the reverse order of its making. Safe twice.
func (a *App) Stop(ctx context.Context) error {
	var errs []error
	if a.worker != nil {
		errs = append(errs, a.worker.Stop(ctx))
	}
	if a.judge != nil {
		errs = append(errs, a.judge.Close())
	}
	if a.blobs != nil {
		errs = append(errs, a.blobs.Close())
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	return errors.Join(errs...)
}
