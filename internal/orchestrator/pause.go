package orchestrator

import (
	"context"
	"errors"
	"fmt"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// askedError marks an error of a room that asks models, whose codes mean something else there than in a room of ours:
// exhausted is a cap and not a full disk, unavailable is the endpoint and not this machine.
type askedError struct{ err error }

// Error returns the room's own text.
func (e *askedError) Error() string { return e.err.Error() }

// Unwrap returns the room's error.
func (e *askedError) Unwrap() error { return e.err }

// asked marks err, unless it is nil or speaks of something that a pause does not help.
func asked(err error) error {
	switch qlp.CodeOf(err) {
	case qlp.Exhausted, qlp.Unavailable:
		return &askedError{err}
	default:
		return err
	}
}

// stops reports whether err is a cap that was reached (code exhausted), or a model that could not be asked (unavailable).
func stops(err error, code qlp.Code) bool {
	a, ok := errors.AsType[*askedError](err)
	return ok && qlp.CodeOf(a.err) == code
}

// pauses returns how often the intent was paused so far.
func pauses(in qlp.Intent) int {
	if in.Pause == nil {
		return 0
	}
	return in.Pause.Number
}

// pausable reports whether what job is part of still goes on: an intent that is over or paused already stays as it is, and so
// does one that was resumed after the job was made.
func pausable(in qlp.Intent, job store.Job) bool {
	switch in.State {
	case qlp.StateReceived, qlp.StateInterpreting, qlp.StatePlanned, qlp.StateRunning:
	case qlp.StateVerifying:
		if in.Run.Verdict != "" {
			return false
		}
	default:
		return false
	}
	return job.Pause == pauses(in) && (job.RunID == "" || in.Run != nil && in.Run.ID == job.RunID)
}

// pause stops an intent where it stands. Attempts that are under way go on; what they bring is kept, and one that has met the
// cap is begun again, with its number, after a resume.
func (e *Engine) pause(ctx context.Context, job store.Job, cause error) error {
	err := e.change(ctx, job.IntentID, func(tx store.Tx, in qlp.Intent) error {
		if !pausable(in, job) {
			return nil
		}
		return e.paused(ctx, tx, in, job, cause)
	})
	if err != nil {
		return fmt.Errorf("pause intent %s: %w", job.IntentID, err)
	}
	e.Log.Info("Intent paused", "room", "orchestrator", "intent_id", job.IntentID, "task_id", job.TaskID, "err", cause)
	return nil
}

func (e *Engine) paused(ctx context.Context, tx store.Tx, in qlp.Intent, job store.Job, cause error) error {
	if in.State == qlp.StateReceived {
		if err := e.moveIntent(ctx, tx, in, qlp.StateInterpreting, ""); err != nil {
			return err
		}
		in.State = qlp.StateInterpreting
	}
	reason := explained(cause)
	if err := tx.SetPause(ctx, in.ID, qlp.Pause{Number: pauses(in) + 1, From: in.State, Reason: reason, Since: e.Clock()}); err != nil {
		return err
	}
	if err := tx.CancelJobs(ctx, in.ID); err != nil {
		return err
	}
	if qlp.CodeOf(cause) == qlp.Exhausted {
		event := e.event(in, qlp.EventBudgetReached, reached(cause, reason))
		event.TaskID = job.TaskID
		if _, err := tx.Append(ctx, event); err != nil {
			return err
		}
	}
	return e.moveIntent(ctx, tx, in, qlp.StatePaused, reason)
}

// reached returns what the refusal says of the cap; a refusal that says nothing leaves the reason alone.
func reached(cause error, reason string) qlp.BudgetReached {
	var b qlp.BudgetReached
	if own, ok := errors.AsType[*qlp.BudgetReached](cause); ok {
		b = *own
	}
	b.Reason = reason
	return b
}

// explained returns an error's text with what to do about it.
func explained(err error) string {
	if remedy := qlp.RemedyOf(err); remedy != "" {
		return err.Error() + "; " + remedy
	}
	return err.Error()
}
