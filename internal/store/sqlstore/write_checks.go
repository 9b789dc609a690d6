package sqlstore

import (
	"context"
	"fmt"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store/sqlstore/query"
)

// ReplaceChecks writes the checks and executions of the run's verification.
func (t *transaction) ReplaceChecks(ctx context.Context, runID string, checks []qlp.Check, executions []qlp.Execution) error {
	what := "replace checks of run " + runID
	if err := t.q.DeleteChecks(ctx, runID); err != nil {
		return t.store.fault(ctx, what, err)
	}
	if err := t.q.DeleteExecutions(ctx, runID); err != nil {
		return t.store.fault(ctx, what, err)
	}
	for i, c := range checks {
		body, err := encode(c)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		err = t.q.InsertCheck(ctx, query.InsertCheckParams{
			RunID: runID, Position: int64(i), Layer: string(c.Layer), Name: c.Name, Status: string(c.Status()), Body: body,
		})
		if err != nil {
			return t.store.fault(ctx, what, err)
		}
	}
	for i, x := range executions {
		body, err := encode(x)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if err := t.q.InsertExecution(ctx, query.InsertExecutionParams{RunID: runID, Position: int64(i), ID: x.ID, Body: body}); err != nil {
			return t.store.fault(ctx, what, err)
		}
	}
	return nil
}
