package orchestrator

import (
	"context"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// watched ends ctx with errCanceled when the intent's way ends while a handler is at work on it, whichever replica ends it: a
// cancel within this process is told to the handlers at once, one elsewhere is seen in the store. The function ends the watch.
func (e *Engine) watched(ctx context.Context, intentID string) (context.Context, func()) {
	if !e.cfg.Replicas {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			changed := e.Store.Changed(intentID)
			if e.over(ctx, intentID) {
				cancel(errCanceled)
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-changed:
			}
		}
	}()
	return ctx, func() { cancel(nil); <-done }
}

// over reports whether the intent's way has ended. A store that cannot be asked has not said so.
func (e *Engine) over(ctx context.Context, intentID string) bool {
	var state qlp.State
	err := e.Store.Read(ctx, func(r store.Reader) (err error) {
		state, err = r.State(ctx, intentID)
		return err
	})
	return err == nil && state.Over()
}
