package orchestrator

import (
	"context"
	"fmt"
	"slices"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// Cancel ends an intent's run at once: the end is written, jobs that wait are removed, and the contexts of handlers that are
// at work end, with their sandboxes. An intent that is over is a conflict.
func (e *Engine) Cancel(ctx context.Context, intentID string) error {
	err := e.change(ctx, intentID, func(tx store.Tx, in qlp.Intent) error {
		if in.State.Over() {
			return qlp.Errorf(qlp.Conflict, "the intent is %s; there is nothing to cancel", in.State)
		}
		if err := tx.CancelJobs(ctx, in.ID); err != nil {
			return err
		}
		if in.State == qlp.StatePaused {
			if err := e.endPause(ctx, tx, in); err != nil {
				return err
			}
		}
		return e.apply(ctx, tx, in, endRun(in, qlp.Canceled, "canceled"))
	})
	if err != nil {
		return fmt.Errorf("cancel intent %s: %w", intentID, err)
	}
	e.running.cancel(intentID)
	e.Log.Info("Intent canceled", "room", "orchestrator", "intent_id", intentID)
	return nil
}

// Approve lets an intent's first run start that waits for it.
func (e *Engine) Approve(ctx context.Context, intentID string) error {
	err := e.change(ctx, intentID, func(tx store.Tx, in qlp.Intent) error {
		if in.State != qlp.StateAwaitingApproval {
			return qlp.Errorf(qlp.Conflict, "the intent is %s; it does not wait for approval", in.State)
		}
		return e.startRun(ctx, tx, in, newRun(in, 1))
	})
	if err != nil {
		return fmt.Errorf("approve intent %s: %w", intentID, err)
	}
	return nil
}

// Retry runs an intent again whose last run did not end well. With a task, that one and all that build on it are done again,
// and the others are taken over with their files; the acceptance tests then stay frozen. With "", everything is.
func (e *Engine) Retry(ctx context.Context, intentID, fromTask string) error {
	err := e.change(ctx, intentID, func(tx store.Tx, in qlp.Intent) error {
		switch in.State {
		case qlp.StateUnverified, qlp.StateFailed, qlp.StateCanceled:
		default:
			return qlp.Errorf(qlp.Conflict, "the intent is %s; only one that failed, was canceled or is unverified is run again", in.State)
		}
		if in.Plan == nil {
			return qlp.Errorf(qlp.Conflict, "the intent ended before it had a plan").WithRemedy("hand it in again")
		}
		run, err := retryRun(in, fromTask)
		if err != nil {
			return err
		}
		return e.startRun(ctx, tx, in, run)
	})
	if err != nil {
		return fmt.Errorf("retry intent %s: %w", intentID, err)
	}
	return nil
}

// retryRun returns the run that follows on the intent's last one.
func retryRun(in qlp.Intent, fromTask string) (qlp.Run, error) {
	number := 1
	if in.Run != nil {
		number = in.Run.Number + 1
	}
	run := newRun(in, number)
	if fromTask == "" || in.Run == nil || slices.ContainsFunc(in.Run.Tasks, expired) {
		return run, nil
	}
	if _, ok := in.Plan.Task(fromTask); !ok {
		return qlp.Run{}, qlp.Errorf(qlp.Invalid, "the plan has no task %.60q", fromTask).WithRemedy("qlp intents show %s lists its tasks", in.ID)
	}
	run.FromTask = fromTask
	again := buildsOn(*in.Plan, fromTask)
	for i := range run.Tasks {
		before, _ := taskRun(in, run.Tasks[i].TaskID)
		task, _ := in.Plan.Task(before.TaskID)
		if again[before.TaskID] || before.State != qlp.TaskDone {
			continue
		}
		run.Tasks[i].State, run.Tasks[i].Tree = qlp.TaskDone, before.Tree
		if task.Frozen {
			run.Frozen = before.Tree.Digest()
		}
	}
	return run, nil
}

// expired reports whether a task's files were there and have been removed since: its whole run is done again then.
func expired(t qlp.TaskRun) bool { return t.State == qlp.TaskDone && t.Tree == nil }

// buildsOn returns task and every task that depends on it, directly or not.
func buildsOn(plan qlp.Plan, task string) map[string]bool {
	found := map[string]bool{task: true}
	for _, t := range plan.Tasks { // in an order that respects After
		for _, d := range t.After {
			if found[d] {
				found[t.ID] = true
			}
		}
	}
	return found
}

// Abandon ends what a job was part of, after the machine has failed it several times. The run is unverified: nothing was
// found wrong with the project, and nothing was proved. Where it was a model that could not be asked, the intent is paused.
func (e *Engine) Abandon(ctx context.Context, job store.Job, cause error) error {
	if job.Kind == store.JobEmbed { // asked for again at the next start, and whenever an intent gets no vector
		e.Log.Warn("Embeddings given up for now", "room", "orchestrator", "err", cause)
		return nil
	}
	err := e.change(ctx, job.IntentID, func(tx store.Tx, in qlp.Intent) error {
		if in.State.Over() || in.State == qlp.StatePaused || job.Pause != pauses(in) || job.RunID != "" && (in.Run == nil || in.Run.ID != job.RunID) {
			return nil
		}
		if stops(cause, qlp.Unavailable) && pausable(in, job) {
			return e.paused(ctx, tx, in, job, cause)
		}
		verdict := qlp.Unverified
		if in.State != qlp.StateRunning && in.State != qlp.StateVerifying {
			verdict = qlp.VerdictFailed
		}
		return e.apply(ctx, tx, in, endRun(in, verdict, "the machine failed: "+explained(cause)))
	})
	if err != nil {
		return fmt.Errorf("abandon intent %s: %w", job.IntentID, err)
	}
	e.Log.Error("Job abandoned", "room", "orchestrator", "intent_id", job.IntentID, "task_id", job.TaskID, "err", cause)
	if !stops(cause, qlp.Unavailable) {
		e.running.cancel(job.IntentID)
	}
	return nil
}
