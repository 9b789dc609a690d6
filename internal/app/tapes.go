package app

import (
	"context"
	"fmt"

	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/llm/record"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// tapes finds what models answered in a run.
type tapes struct {
	store store.Store
	blobs blob.Store
}

// of returns the recordings of a run's calls, and of those that made its Spec and plan. A run that asked nobody has none, which
// is not_found.
func (t tapes) of(ctx context.Context, runID string) ([]record.Cassette, error) {
	var calls []qlp.Call
	err := t.store.Read(ctx, func(r store.Reader) error {
		run, err := r.Run(ctx, runID)
		if err == nil {
			calls, err = r.Calls(ctx, run.IntentID)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find the recordings of run %s: %w", runID, err)
	}
	var out []record.Cassette
	for _, c := range calls {
		if c.Answer == "" || c.RunID != "" && c.RunID != runID {
			continue
		}
		b, err := t.blobs.Get(ctx, c.Answer)
		if err != nil {
			return nil, fmt.Errorf("read the recording of call %s: %w", c.ID, err)
		}
		cassette, err := record.Decode(b)
		if err != nil {
			return nil, fmt.Errorf("call %s: %w", c.ID, err)
		}
		out = append(out, cassette)
	}
	if len(out) == 0 {
		return nil, qlp.Errorf(qlp.NotFound, "run %s has no recorded call of a model", runID)
	}
	return out, nil
}
