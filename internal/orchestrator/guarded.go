package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// errHung is the cause of a context that has run out.
var errHung = errors.New("it hung")

// guarded calls a part that may panic or hang, and comes back also then. One that does not look at its context is left behind;
// its result is thrown away. who names the part in its error.
func guarded[T any](ctx context.Context, e *Engine, who string, in qlp.Intent, call func(context.Context) (T, error)) (T, error) {
	most := e.timeout(in)
	ctx, cancel := context.WithTimeoutCause(ctx, most, errHung)
	defer cancel()
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if v := recover(); v != nil {
				e.Log.Error("Part panicked", "room", "orchestrator", "part", who, "intent_id", in.ID, "err", v, "stack", string(debug.Stack()))
				r = result{err: fmt.Errorf("the %s crashed: %v", who, v)}
			}
			done <- r
		}()
		r.value, r.err = call(ctx)
	}()
	var none T
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		if errors.Is(context.Cause(ctx), errHung) {
			return none, fmt.Errorf("the %s hung for %s", who, most.Round(time.Second))
		}
		return none, context.Cause(ctx)
	}
}
