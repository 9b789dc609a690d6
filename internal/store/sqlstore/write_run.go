package sqlstore

import (
	"context"
	"fmt"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store/sqlstore/query"
)

// InsertRun adds a run with its tasks.
func (t *transaction) InsertRun(ctx context.Context, run qlp.Run) error {
	what := "insert run " + run.ID
	if run.ID == "" {
		return qlp.Errorf(qlp.Invalid, "a run needs an id")
	}
	ref := capsuleOf(run)
	p := query.InsertRunParams{
		ID: run.ID, IntentID: run.IntentID, Number: int64(run.Number), FromTask: run.FromTask, Verdict: string(run.Verdict),
		Reason: run.Reason, Repairs: int64(run.Repairs), SandboxMs: run.SandboxMS, Frozen: string(run.Frozen), Tree: string(run.Tree), Evidence: string(run.Evidence),
		CapsuleDigest: string(ref.Digest), CapsuleSize: ref.Size, CapsuleName: ref.Name,
		StartedAt: micro(run.StartedAt), EndedAt: optionalTime(run.EndedAt), PausedMs: run.PausedMS,
	}
	if run.StartedAt.IsZero() {
		p.StartedAt = t.store.now()
	}
	if err := t.q.InsertRun(ctx, p); err != nil {
		return t.store.fault(ctx, what, err)
	}
	for i, task := range run.Tasks {
		digest, err := t.putTree(ctx, task.Tree)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		err = t.q.InsertTask(ctx, query.InsertTaskParams{
			RunID: run.ID, TaskID: task.TaskID, Position: int64(i), State: string(task.State),
			Attempts: int64(task.Attempts), Tree: optional(digest), Reason: task.Reason,
		})
		if err != nil {
			return t.store.fault(ctx, fmt.Sprintf("insert task %s of run %s", task.TaskID, run.ID), err)
		}
	}
	return nil
}

// UpdateRun writes what changes in a run's own row.
func (t *transaction) UpdateRun(ctx context.Context, run qlp.Run) error {
	ref := capsuleOf(run)
	n, err := t.q.UpdateRun(ctx, query.UpdateRunParams{
		ID: run.ID, Verdict: string(run.Verdict), Reason: run.Reason, Repairs: int64(run.Repairs), SandboxMs: run.SandboxMS,
		Frozen: string(run.Frozen), Tree: string(run.Tree), Evidence: string(run.Evidence), CapsuleDigest: string(ref.Digest), CapsuleSize: ref.Size,
		CapsuleName: ref.Name, EndedAt: optionalTime(run.EndedAt), PausedMs: run.PausedMS,
	})
	return t.one(ctx, n, err, "update run "+run.ID, "run", run.ID)
}

func capsuleOf(run qlp.Run) qlp.CapsuleRef {
	if run.Capsule == nil {
		return qlp.CapsuleRef{}
	}
	return *run.Capsule
}

// MoveTask changes a task's state.
func (t *transaction) MoveTask(ctx context.Context, runID, taskID string, from, to qlp.TaskState, reason string) error {
	what := fmt.Sprintf("move task %s of run %s", taskID, runID)
	if err := from.Move(to); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	changed, err := t.q.MoveTask(ctx, query.MoveTaskParams{
		RunID: runID, TaskID: taskID, Previous: string(from), Next: string(to), Reason: reason,
	})
	if err != nil || changed == 1 {
		return t.store.fault(ctx, what, err)
	}
	state, err := t.q.GetTaskState(ctx, runID, taskID)
	if err != nil {
		return t.missing(ctx, err, "task of run "+runID, taskID)
	}
	return fmt.Errorf("%s: %w", what, qlp.Errorf(qlp.Conflict, "the task is %s, not %s", state, from))
}

// SetTaskTree stores a task's files.
func (t *transaction) SetTaskTree(ctx context.Context, runID, taskID string, tree qlp.Tree) error {
	what := fmt.Sprintf("set tree of task %s of run %s", taskID, runID)
	digest, err := t.putTree(ctx, tree)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	n, err := t.q.SetTaskTree(ctx, optional(digest), runID, taskID)
	return t.one(ctx, n, err, what, "task of run "+runID, taskID)
}

// PutTree stores a tree by its digest.
func (t *transaction) PutTree(ctx context.Context, tree qlp.Tree) error {
	_, err := t.storeTree(ctx, tree)
	return err
}

// putTree stores a tree and returns its digest, "" for no tree at all.
func (t *transaction) putTree(ctx context.Context, tree qlp.Tree) (string, error) {
	if tree == nil {
		return "", nil
	}
	return t.storeTree(ctx, tree)
}

func (t *transaction) storeTree(ctx context.Context, tree qlp.Tree) (string, error) {
	text, err := encode(tree)
	if err != nil {
		return "", err
	}
	digest := string(qlp.DigestOf([]byte(text))) // as Tree.Digest, without writing the JSON again
	return digest, t.store.fault(ctx, "put tree", t.q.PutTree(ctx, digest, text))
}
