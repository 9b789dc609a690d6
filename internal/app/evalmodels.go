package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/quantumlayer/qlp/internal/blob/file"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/eval"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// evalModels is the solver that asks a model for functions, and what closes it. Its calls are in the ledger of the data folder,
// which must be free: the caps of the day and the team hold here too.
func evalModels(ctx context.Context, cfg config.Config, o Evaluation) (_ eval.Solver, _ func() error, err error) {
	log := slog.New(slog.DiscardHandler)
	st, err := openDatabase(ctx, cfg, log)
	if err != nil {
		return nil, nil, err
	}
	blobs, err := file.Open(filepath.Join(cfg.Shared(), "blobs"), file.Config{})
	if err != nil {
		return nil, nil, errors.Join(err, st.Close())
	}
	done := func() error { return errors.Join(blobs.Close(), st.Close()) }
	ledger := NewLedger(st)
	if _, err := ledger.Lose(ctx); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("close the ledger of model calls: %w", err), done())
	}
	models, err := OpenModels(cfg, ModelDeps{Ledger: ledger, Recordings: blobs, Redact: newRedactor().Redact, Env: os.Getenv, Log: log})
	if err != nil {
		return nil, nil, errors.Join(err, done())
	}
	asks, err := models.Client(o.Provider)
	if err != nil {
		return nil, nil, errors.Join(err, done())
	}
	return eval.Model(asks, cfg.ModelCaps().Or(models.Caps()), models.pricing(o.Provider)), done, nil
}

// pricing tells what an answer of a choice's coder took, in micro-dollars, by the price in the providers file or the catalogue;
// not known without one. The price is that of the model that was asked: the answer names it as the endpoint does, which is
// often a dated version that no table has. An answer from a recording costs nothing.
func (m *Models) pricing(choice string) eval.Pricing {
	return func(ctx context.Context, a llm.Answer) (micros int64, known bool) {
		if a.Recorded {
			return 0, true
		}
		m.mu.Lock()
		asked := m.asked[choice][llm.Coder]
		provider := m.providers[a.Provider]
		m.mu.Unlock()
		if a.Fallback >= len(asked) || provider == nil {
			return 0, false
		}
		model := asked[a.Fallback]
		if price, ok := m.prices()[model.String()]; ok {
			return price.Cost(a.Usage), true
		}
		described, err := provider.Describe(ctx, model.Model)
		if err != nil || described.Price == nil {
			return 0, false
		}
		return described.Price.Cost(a.Usage), true
	}
}

// spent is what an intent took of models.
func (s *pipelineSolver) spent(ctx context.Context, in qlp.Intent) (out eval.Spent, err error) {
	err = s.app.store.Read(ctx, func(r store.Reader) error {
		calls, err := r.Calls(ctx, in.ID)
		out.Priced = len(calls) > 0
		for _, c := range calls {
			out.Calls++
			out.Tokens += c.Usage.Total()
			out.Micros += c.Micros
			out.Priced = out.Priced && c.Priced
		}
		return err
	})
	return out, err
}
