package orchestrator

import (
	"context"
	"fmt"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// ResumeIntent lets a paused intent go on where it was paused. Caps that are given take the place of those that stand, and may
// not be lower. What was under way is begun again with its number: answers that are recorded cost nothing. An intent that
// is not paused is a conflict.
func (e *Engine) ResumeIntent(ctx context.Context, intentID string, caps qlp.ModelCaps) error {
	err := e.change(ctx, intentID, func(tx store.Tx, in qlp.Intent) error {
		if in.State != qlp.StatePaused || in.Pause == nil {
			return qlp.Errorf(qlp.Conflict, "the intent is %s; only a paused one is resumed", in.State)
		}
		raised, err := e.caps(in).Models.Raise(caps)
		if err != nil {
			return err
		}
		if caps != (qlp.ModelCaps{}) {
			in.Settings.Caps.Models = raised
			if err := tx.SetSettings(ctx, in.ID, in.Settings); err != nil {
				return err
			}
		}
		return e.resumed(ctx, tx, in)
	})
	if err != nil {
		return fmt.Errorf("resume intent %s: %w", intentID, err)
	}
	e.Log.Info("Intent resumed", "room", "orchestrator", "intent_id", intentID)
	return nil
}

// resumed ends the pause, moves back to where it began, and lets go what waits there: also tasks whose last predecessor was
// finished during the pause.
func (e *Engine) resumed(ctx context.Context, tx store.Tx, in qlp.Intent) error {
	now := e.Clock()
	pause := *in.Pause
	pause.Until = &now
	if err := tx.SetPause(ctx, in.ID, pause); err != nil {
		return err
	}
	if in.Run != nil {
		in.Run.PausedMS += max(now.Sub(pause.Since).Milliseconds(), 0)
		if err := tx.UpdateRun(ctx, *in.Run); err != nil {
			return err
		}
	}
	if err := e.moveIntent(ctx, tx, in, pause.From, "resumed"); err != nil {
		return err
	}
	if in.State = pause.From; in.State == qlp.StateRunning {
		if err := e.apply(ctx, tx, in, advance(in)); err != nil {
			return err
		}
	}
	in, err := tx.Intent(ctx, in.ID)
	if err != nil {
		return err
	}
	for _, j := range pendingJobs(in) {
		if err := tx.Enqueue(ctx, j); err != nil {
			return err
		}
	}
	return nil
}
