package orchestrator

import (
	"context"
	"fmt"
	"strings"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// Task makes one attempt at a task.
func (e *Engine) Task(ctx context.Context, job store.Job) error {
	return e.step(ctx, job, "task "+job.TaskID, func(ctx context.Context, in qlp.Intent) error {
		if capped := e.wallReached(in); capped != "" {
			return e.endCapped(ctx, in, capped)
		}
		a, began, err := e.begin(ctx, in, job)
		if err != nil || !began {
			return err
		}
		release, err := slot(ctx, e.generating)
		if err != nil {
			return err
		}
		defer release()
		out, err := e.attempt(ctx, in, a)
		if err != nil {
			return err
		}
		return e.finish(ctx, in, a, out)
	})
}

// begin moves the task to running and writes the attempt, or finds both as a killed process left them. began is false when
// there is nothing to do for this job.
func (e *Engine) begin(ctx context.Context, in qlp.Intent, job store.Job) (a qlp.Attempt, began bool, err error) {
	g, err := e.generator(in.Settings)
	if err != nil {
		return qlp.Attempt{}, false, err
	}
	err = e.change(ctx, in.ID, func(tx store.Tx, in qlp.Intent) error {
		t, ok := taskRun(in, job.TaskID)
		if in.State != qlp.StateRunning || !ok {
			return nil
		}
		switch {
		case (t.State == qlp.TaskReady || t.State == qlp.TaskRepairing) && job.Attempt == t.Attempts+1:
			if err := e.moveTask(ctx, tx, in.Run, taskMove{id: t.TaskID, from: t.State, to: qlp.TaskRunning}); err != nil {
				return err
			}
		case t.State == qlp.TaskRunning && job.Attempt == max(t.Attempts, 1):
		default: // done already, or of an earlier attempt: only the jobs that follow may be missing
			for _, j := range pendingJobs(in) {
				if err := tx.Enqueue(ctx, j); err != nil {
					return err
				}
			}
			return nil
		}
		failure, err := failureOf(ctx, tx, in, t)
		if err != nil {
			return err
		}
		a, _, err = tx.BeginAttempt(ctx, qlp.Attempt{
			RunID: in.Run.ID, TaskID: t.TaskID, Number: job.Attempt, Generator: g.Name(), State: qlp.AttemptRunning, Failure: failure, StartedAt: e.Clock(),
		})
		began = err == nil && a.State == qlp.AttemptRunning
		return err
	})
	return a, began, err
}

func taskRun(in qlp.Intent, id string) (qlp.TaskRun, bool) {
	if in.Run != nil {
		for _, t := range in.Run.Tasks {
			if t.TaskID == id {
				return t, true
			}
		}
	}
	return qlp.TaskRun{}, false
}

// failureOf returns what the task's next attempt has to mend: its last attempt's checks, if that was no good, else what the
// verification found.
func failureOf(ctx context.Context, tx store.Tx, in qlp.Intent, t qlp.TaskRun) ([]qlp.Check, error) {
	if t.Attempts == 0 {
		return nil, nil
	}
	attempts, err := tx.Attempts(ctx, in.Run.ID, t.TaskID)
	if err != nil {
		return nil, err
	}
	last := attempts[len(attempts)-1]
	if last.State == qlp.AttemptFailed {
		return ownFailure(last), nil
	}
	return failuresOf(in.Run.Checks), nil
}

// product is what an attempt came to: files that are good as far as can be said of them alone, or why not.
type product struct {
	tree   qlp.Tree
	checks []qlp.Check
	reason string // "" means good
}

// attempt has the files generated, looks at them, and keeps them. An error means that the machine failed or the run was
// cancelled; whatever the generator did wrong is the product's reason.
func (e *Engine) attempt(ctx context.Context, in qlp.Intent, a qlp.Attempt) (product, error) {
	task, _ := in.Plan.Task(a.TaskID)
	req, err := e.request(ctx, in, task, a)
	if err != nil {
		return product{}, err
	}
	files, err := e.generate(ctx, in, req)
	switch {
	case ctx.Err() != nil:
		return product{}, context.Cause(ctx)
	case stops(asked(err), qlp.Exhausted), stops(asked(err), qlp.Unavailable):
		return product{}, asked(err)
	case err != nil:
		return product{reason: err.Error()}, nil //nolint:nilerr // what a generator does wrong is a result, not a failure of the engine
	}
	out := product{reason: e.refuse(in, task, files)}
	if out.tree, err = e.keep(ctx, files); err != nil {
		if qlp.CodeOf(err) == qlp.Invalid || qlp.CodeOf(err) == qlp.Conflict {
			return product{reason: err.Error()}, nil
		}
		return product{}, err
	}
	if out.reason == "" {
		out.reason = changedFrozen(in, task, out.tree)
	}
	if out.reason != "" {
		return out, nil
	}
	st, err := e.Stack(in.Plan.Stack)
	if err != nil {
		return product{}, err
	}
	if out.checks, err = e.Validator.Syntax(ctx, st, files); err != nil {
		return product{}, fmt.Errorf("check syntax: %w", err)
	}
	for _, c := range out.checks {
		if c.Status() == qlp.Failed {
			out.reason = c.Key() + " failed: " + c.Reason
			break
		}
	}
	return out, nil
}

// generate calls the generator, and comes back also when that panics or hangs.
func (e *Engine) generate(ctx context.Context, in qlp.Intent, req generator.Request) ([]qlp.File, error) {
	g, err := e.generator(in.Settings)
	if err != nil {
		return nil, err
	}
	return guarded(ctx, e, "generator", in, func(ctx context.Context) ([]qlp.File, error) { return g.Generate(ctx, req) })
}

// refuse says why files may not be an attempt's at all: paths that the task does not own, or nothing.
func (e *Engine) refuse(in qlp.Intent, task qlp.Task, files []qlp.File) string {
	if len(files) == 0 {
		return "the generator wrote no file"
	}
	for _, f := range files {
		if task.Owner(f.Path) {
			continue
		}
		owner, ok := in.Plan.OwnerOf(f.Path)
		switch {
		case ok && owner.Frozen:
			return fmt.Sprintf("it changes the frozen acceptance test %s", f.Path)
		case ok:
			return fmt.Sprintf("it writes %s, which task %s owns", f.Path, owner.ID)
		default:
			return fmt.Sprintf("it writes %.200q, which no task owns", f.Path)
		}
	}
	return ""
}

// changedFrozen says how the files of a frozen task differ from what was frozen.
func changedFrozen(in qlp.Intent, task qlp.Task, tree qlp.Tree) string {
	if !task.Frozen || in.Run.Frozen == "" || in.Run.Frozen == tree.Digest() {
		return ""
	}
	return "it changes the frozen acceptance tests in " + strings.Join(task.Owns, " ")
}

// finish writes the attempt's outcome and what follows from it.
func (e *Engine) finish(ctx context.Context, in qlp.Intent, a qlp.Attempt, out product) error {
	caps := e.caps(in)
	ended := false
	err := e.change(ctx, in.ID, func(tx store.Tx, in qlp.Intent) error {
		t, _ := taskRun(in, a.TaskID)
		if t.State != qlp.TaskRunning || t.Attempts != a.Number || !in.State.Active() {
			return nil // cancelled meanwhile
		}
		if in.State != qlp.StateRunning && (in.State != qlp.StatePaused || out.reason != "") {
			return nil // what was no good during a pause is found out again after it
		}
		a.Tree, a.Checks = out.tree, out.checks
		if out.reason != "" {
			if err := e.endAttempt(ctx, tx, in.ID, a, qlp.AttemptFailed, out.reason); err != nil {
				return err
			}
			attempts, err := tx.Attempts(ctx, in.Run.ID, "")
			if err != nil {
				return err
			}
			a.Reason = out.reason
			d := attemptFailed(in, t, a, attempts, caps)
			ended = d.verdict != ""
			return e.apply(ctx, tx, in, d)
		}
		if err := e.endAttempt(ctx, tx, in.ID, a, qlp.AttemptGood, ""); err != nil {
			return err
		}
		return e.taskDone(ctx, tx, in, a)
	})
	if ended && err == nil {
		e.running.cancel(in.ID)
	}
	return err
}

// taskDone writes a good attempt's files as the task's, freezes what is to be frozen, and lets the next tasks go, unless the
// intent was paused meanwhile.
func (e *Engine) taskDone(ctx context.Context, tx store.Tx, in qlp.Intent, a qlp.Attempt) error {
	if err := tx.SetTaskTree(ctx, in.Run.ID, a.TaskID, a.Tree); err != nil {
		return err
	}
	if err := e.moveTask(ctx, tx, in.Run, taskMove{id: a.TaskID, from: qlp.TaskRunning, to: qlp.TaskDone}); err != nil {
		return err
	}
	if task, _ := in.Plan.Task(a.TaskID); task.Frozen && in.Run.Frozen == "" {
		in.Run.Frozen = a.Tree.Digest()
		if err := tx.UpdateRun(ctx, *in.Run); err != nil {
			return err
		}
	}
	now, err := tx.Intent(ctx, in.ID)
	if err != nil || now.State == qlp.StatePaused { // a resume lets the next tasks go
		return err
	}
	return e.apply(ctx, tx, now, advance(now))
}
