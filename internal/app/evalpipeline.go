package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/eval"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/stack"
	"github.com/quantumlayer/qlp/internal/store"
)

// pipelineSolver answers with what QLP's own pipeline builds: the whole way from words to a verdict, in a data folder of its own.
type pipelineSolver struct {
	app      *App
	settings qlp.Settings
	name     string
}

// openPipelineSolver opens QLP over a fresh data folder, which goes when the solver is closed.
func openPipelineSolver(ctx context.Context, cfg config.Config, version string, o Evaluation) (_ eval.Solver, _ func() error, err error) {
	dir, err := os.MkdirTemp("", "qlp-eval-*")
	if err != nil {
		return nil, nil, fmt.Errorf("make a data folder: %w", err)
	}
	if named := filepath.Join(cfg.Shared(), config.ProvidersName); cfg.Providers == "" && exists(named) {
		cfg.Providers = named
	}
	cfg.DataDir, cfg.SharedDir = dir, dir
	remove := func() error { return os.RemoveAll(dir) }
	a, err := Open(context.WithoutCancel(ctx), cfg, version, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	stop := func() error { return errors.Join(a.Stop(context.WithoutCancel(ctx)), remove()) }
	if err := a.Start(context.WithoutCancel(ctx)); err != nil { // Stop ends it, not an interrupt: runs are canceled first
		return nil, nil, errors.Join(err, stop())
	}
	s := &pipelineSolver{app: a, name: o.Solver, settings: qlp.Settings{}}
	if o.Solver == solverModel {
		s.settings.Generator, s.settings.Provider = solverModel, o.Provider
	}
	return s, stop, nil
}

// Name is offline or model.
func (s *pipelineSolver) Name() string { return s.name }

// Solve runs the intent to its end. A question, a refusal and a run that ended without a project are declined; a project that QLP itself
// did not verify is handed over all the same, and judged.
func (s *pipelineSolver) Solve(ctx context.Context, q eval.Question, sample int) (eval.Solution, error) {
	in, err := s.app.engine.Submit(ctx, orchestrator.Request{Words: q.Prompt, Settings: s.settings, Key: fmt.Sprintf("%s#%d", q.ID, sample)})
	if err != nil {
		return eval.Solution{}, err
	}
	if in, err = s.app.untilOver(ctx, in.ID); err != nil {
		return eval.Solution{}, errors.Join(err, s.app.engine.Cancel(context.WithoutCancel(ctx), in.ID))
	}
	spent, err := s.spent(ctx, in)
	if err != nil {
		return eval.Solution{}, err
	}
	if in.State == qlp.StateNeedsInput || in.Run == nil || in.Run.Tree == "" || in.Spec == nil {
		return eval.Solution{Declined: whyNot(in), Spent: spent}, nil
	}
	out := eval.Solution{Verdict: in.Run.Verdict, Note: string(in.State), Spent: spent}
	if out.Stack, err = stack.For(in.Spec.Kind, in.Spec.Stack); err != nil {
		return eval.Solution{}, err
	}
	var tree qlp.Tree
	err = s.app.store.Read(ctx, func(r store.Reader) (err error) {
		tree, err = r.Tree(ctx, in.Run.Tree)
		return err
	})
	if err == nil {
		out.Files, err = blob.GetTree(ctx, s.app.blobs, tree)
	}
	return out, err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func whyNot(in qlp.Intent) string {
	why := []string{string(in.State)}
	if in.Needs != "" {
		why = append(why, "needs "+in.Needs)
	}
	if in.Reason != "" {
		why = append(why, in.Reason)
	}
	if in.Spec != nil {
		for _, q := range in.Spec.Questions {
			why = append(why, q.Text)
		}
	}
	return strings.Join(why, ": ")
}

// untilOver returns the intent once it will not move any more. The intent is returned with an error too.
func (a *App) untilOver(ctx context.Context, id string) (in qlp.Intent, err error) {
	for {
		changed := a.store.Changed(id)
		err := a.store.Read(ctx, func(r store.Reader) (err error) {
			in, err = r.Intent(ctx, id)
			return err
		})
		if err != nil {
			return qlp.Intent{ID: id}, err
		}
		if in.State.Over() || in.State == qlp.StateNeedsInput {
			return in, nil
		}
		if in.State == qlp.StatePaused { // a cap on models was reached: every other intent would meet it too
			return in, qlp.Errorf(qlp.Exhausted, "the run of %.60q is paused: %s", in.Words, in.Reason)
		}
		select {
		case <-changed:
		case err := <-a.stalled:
			return in, fmt.Errorf("the work stands still: %w", err)
		case <-ctx.Done():
			return in, context.Cause(ctx)
		}
	}
}
