package orchestrator

import (
	"context"
	"errors"
	"fmt"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// step runs one handler: it reads where the intent stands, makes the handler's context end with a cancel, and takes a late
// result of something that was cancelled meanwhile for what it is, nothing. A cap that is reached pauses the intent.
func (e *Engine) step(ctx context.Context, job store.Job, what string, do func(context.Context, qlp.Intent) error) error {
	ctx, leave := e.running.enter(ctx, job.IntentID, what)
	defer leave()
	ctx, unwatch := e.watched(ctx, job.IntentID)
	defer unwatch()
	in, err := e.read(ctx, job.IntentID)
	if err == nil {
		if in.State.Over() || in.State == qlp.StatePaused || job.Pause != pauses(in) || job.RunID != "" && (in.Run == nil || in.Run.ID != job.RunID) {
			return nil // of a run that is over, or from before a pause
		}
		err = do(ctx, in)
	}
	if err == nil {
		return nil
	}
	if errors.Is(context.Cause(ctx), errCanceled) {
		return nil
	}
	if stops(err, qlp.Exhausted) {
		return e.pause(ctx, job, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

func (e *Engine) read(ctx context.Context, id string) (qlp.Intent, error) {
	var in qlp.Intent
	err := e.Store.Read(ctx, func(r store.Reader) (err error) {
		in, err = r.Intent(ctx, id)
		return err
	})
	return in, err
}

// change runs do in a transaction, with the intent as it stands in that transaction. do checks that what it is about to do
// is still to be done.
func (e *Engine) change(ctx context.Context, id string, do func(store.Tx, qlp.Intent) error) error {
	return e.Store.Tx(ctx, func(tx store.Tx) error {
		in, err := tx.Intent(ctx, id)
		if err != nil {
			return err
		}
		return do(tx, in)
	})
}

// ensureNext makes sure that the jobs exist that the intent's state asks for.
func (e *Engine) ensureNext(ctx context.Context, in qlp.Intent) error {
	if len(pendingJobs(in)) == 0 {
		return nil
	}
	return e.change(ctx, in.ID, func(tx store.Tx, in qlp.Intent) error {
		for _, j := range pendingJobs(in) {
			if err := tx.Enqueue(ctx, j); err != nil {
				return err
			}
		}
		return nil
	})
}

// Resume adds the jobs of every unfinished intent that has lost them. Call it once, before the first worker starts.
func (e *Engine) Resume(ctx context.Context) error {
	var ids []string
	err := e.Store.Read(ctx, func(r store.Reader) (err error) {
		ids, err = r.Unfinished(ctx)
		return err
	})
	for _, id := range ids {
		if err != nil {
			break
		}
		var in qlp.Intent
		if in, err = e.read(ctx, id); err == nil {
			err = e.ensureNext(ctx, in)
		}
	}
	if err != nil {
		return fmt.Errorf("resume runs: %w", err)
	}
	if len(ids) > 0 {
		e.Log.Info("Runs resumed", "room", "orchestrator", "count", len(ids))
	}
	return nil
}
