package orchestrator

import (
	"context"
	"fmt"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// ReplayPrefix begins the provider of a replayed run: what follows it is the id of the run whose recordings answer.
const ReplayPrefix = "replay:run:"

// ReplayRun runs a run's intent again, as a new intent whose parent it is: planner, agents and checks, with the recorded answers
// in place of a model's. The offline generator needs none.
func (e *Engine) ReplayRun(ctx context.Context, runID, key string) (qlp.Intent, error) {
	var of qlp.Intent
	err := e.Store.Read(ctx, func(r store.Reader) error {
		run, err := r.Run(ctx, runID)
		if err != nil {
			return err
		}
		of, err = r.Intent(ctx, run.IntentID)
		return err
	})
	if err != nil {
		return qlp.Intent{}, fmt.Errorf("replay run %s: %w", runID, err)
	}
	req := Request{Tenant: of.Tenant, Words: of.Words, Settings: of.Settings, Key: key, Parent: of.ID, Revision: of.Revision}
	req.Settings.Approve = ""
	if e.generatorName(of.Settings) != Offline {
		req.Settings.Provider = ReplayPrefix + runID
	}
	if of.Settings.GivenSpec {
		req.Spec = of.Spec
	}
	in, err := e.Submit(ctx, req)
	if err != nil {
		return qlp.Intent{}, fmt.Errorf("replay run %s: %w", runID, err)
	}
	return in, nil
}
