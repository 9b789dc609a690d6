package sqlstore

import (
	"context"
	"fmt"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store/sqlstore/query"
)

// BeginAttempt writes an attempt, or finds it.
func (t *transaction) BeginAttempt(ctx context.Context, a qlp.Attempt) (qlp.Attempt, bool, error) {
	what := fmt.Sprintf("begin attempt %d of task %s", a.Number, a.TaskID)
	failure, err := encodeList(a.Failure)
	if err != nil {
		return qlp.Attempt{}, false, fmt.Errorf("%s: %w", what, err)
	}
	p := query.InsertAttemptParams{
		RunID: a.RunID, TaskID: a.TaskID, Number: int64(a.Number), Generator: a.Generator, Failure: failure, StartedAt: micro(a.StartedAt),
	}
	if a.StartedAt.IsZero() {
		p.StartedAt = t.store.now()
	}
	known, err := t.q.CountAttempt(ctx, p.Number, a.RunID, a.TaskID)
	if err := t.one(ctx, known, err, what, "task of run "+a.RunID, a.TaskID); err != nil {
		return qlp.Attempt{}, false, err
	}
	written, err := t.q.InsertAttempt(ctx, p)
	if err != nil {
		return qlp.Attempt{}, false, t.store.fault(ctx, what, err)
	}
	row, err := t.q.GetAttempt(ctx, a.RunID, a.TaskID, p.Number)
	if err != nil {
		return qlp.Attempt{}, false, t.store.fault(ctx, what, err)
	}
	stored, err := attemptOf(query.ListAttemptsRow(row))
	if err != nil {
		return qlp.Attempt{}, false, fmt.Errorf("%s: %w", what, err)
	}
	return stored, written == 1, nil
}

// EndAttempt writes the outcome of a running attempt.
func (t *transaction) EndAttempt(ctx context.Context, a qlp.Attempt) error {
	what := fmt.Sprintf("end attempt %d of task %s", a.Number, a.TaskID)
	switch a.State {
	case qlp.AttemptGood, qlp.AttemptFailed, qlp.AttemptCanceled:
	default:
		return fmt.Errorf("%s: %w", what, qlp.Errorf(qlp.Invalid, "an attempt cannot end as %q", a.State))
	}
	checks, err := encodeList(a.Checks)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	digest, err := t.putTree(ctx, a.Tree)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	p := query.EndAttemptParams{
		RunID: a.RunID, TaskID: a.TaskID, Number: int64(a.Number), State: string(a.State), Reason: a.Reason,
		Checks: checks, Tree: optional(digest), EndedAt: optionalTime(a.EndedAt),
	}
	if !p.EndedAt.Valid {
		p.EndedAt.Time, p.EndedAt.Valid = t.store.now(), true
	}
	ended, err := t.q.EndAttempt(ctx, p)
	if err != nil || ended == 1 {
		return t.store.fault(ctx, what, err)
	}
	row, err := t.q.GetAttempt(ctx, a.RunID, a.TaskID, p.Number)
	if err != nil {
		return t.missing(ctx, err, "attempt of task "+a.TaskID, fmt.Sprint(a.Number))
	}
	return fmt.Errorf("%s: %w", what, qlp.Errorf(qlp.Conflict, "the attempt has ended already, as %s", row.State))
}
