package sqlstore

import (
	"context"
	"fmt"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store/sqlstore/query"
)

// Run returns a run with its tasks and checks.
func (r *reader) Run(ctx context.Context, id string) (qlp.Run, error) {
	row, err := r.q.GetRun(ctx, id)
	if err != nil {
		return qlp.Run{}, r.missing(ctx, err, "run", id)
	}
	return r.whole(ctx, row)
}

// Runs returns the intent's runs in the order of their numbers.
func (r *reader) Runs(ctx context.Context, intentID string) ([]qlp.Run, error) {
	rows, err := r.q.ListRuns(ctx, intentID)
	if err != nil {
		return nil, r.store.fault(ctx, "list runs of "+intentID, err)
	}
	if len(rows) == 0 {
		_, err := r.q.GetIntentState(ctx, intentID)
		return nil, r.missing(ctx, err, "intent", intentID)
	}
	out := make([]qlp.Run, len(rows))
	for i, row := range rows {
		if out[i], err = r.whole(ctx, row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *reader) whole(ctx context.Context, row query.Run) (qlp.Run, error) {
	run := runOf(row)
	tasks, err := r.q.ListTasks(ctx, run.ID)
	if err != nil {
		return run, r.store.fault(ctx, "read tasks of run "+run.ID, err)
	}
	run.Tasks = make([]qlp.TaskRun, len(tasks))
	for i, t := range tasks {
		run.Tasks[i] = qlp.TaskRun{TaskID: t.TaskID, State: qlp.TaskState(t.State), Attempts: int(t.Attempts), Reason: t.Reason}
		if err := decode("tree", t.Entries.String, &run.Tasks[i].Tree); err != nil {
			return run, fmt.Errorf("read task %s of run %s: %w", t.TaskID, run.ID, err)
		}
	}
	bodies, err := r.q.ListChecks(ctx, run.ID)
	if err != nil {
		return run, r.store.fault(ctx, "read checks of run "+run.ID, err)
	}
	if run.Checks, err = decodeAll[qlp.Check]("check", bodies); err != nil {
		return run, fmt.Errorf("read checks of run %s: %w", run.ID, err)
	}
	return run, nil
}

// Attempts returns a run's attempts by task in plan order, then by number.
func (r *reader) Attempts(ctx context.Context, runID, taskID string) ([]qlp.Attempt, error) {
	rows, err := r.q.ListAttempts(ctx, runID, taskID)
	if err != nil {
		return nil, r.store.fault(ctx, "read attempts of run "+runID, err)
	}
	if len(rows) == 0 {
		_, err := r.q.GetRun(ctx, runID)
		return nil, r.missing(ctx, err, "run", runID)
	}
	out := make([]qlp.Attempt, len(rows))
	for i, row := range rows {
		if out[i], err = attemptOf(row); err != nil {
			return nil, fmt.Errorf("read attempt %d of task %s: %w", row.Number, row.TaskID, err)
		}
	}
	return out, nil
}

// Executions returns those of the run's last verification.
func (r *reader) Executions(ctx context.Context, runID string) ([]qlp.Execution, error) {
	bodies, err := r.q.ListExecutions(ctx, runID)
	if err != nil {
		return nil, r.store.fault(ctx, "read executions of run "+runID, err)
	}
	if len(bodies) == 0 {
		_, err := r.q.GetRun(ctx, runID)
		return nil, r.missing(ctx, err, "run", runID)
	}
	out, err := decodeAll[qlp.Execution]("execution", bodies)
	if err != nil {
		return nil, fmt.Errorf("read executions of run %s: %w", runID, err)
	}
	return out, nil
}
