package orchestrator

import (
	"context"
	"errors"
	"sync"
)

// errCanceled is the cause of a context that Cancel has ended. A handler that meets it has nothing more to do: the
// transaction of the cancel has written the end already.
var errCanceled = errors.New("the run was canceled")

// registry knows the handlers that are at work, so that a cancel reaches them at once, and so that one which follows a resume
// waits for the one that was under way when the intent was paused.
type registry struct {
	mu       sync.Mutex
	handlers map[string]map[*handler]bool // by intent
}

type handler struct {
	cancel context.CancelCauseFunc
	step   string        // what it does: no two of one intent do the same at a time
	left   chan struct{} // closed when it is done
}

func newRegistry() *registry {
	return &registry{handlers: map[string]map[*handler]bool{}}
}

// enter returns a context that ends when the intent is cancelled, and the function that a handler calls when it is done. It
// waits for handlers of the same step that entered before, unless ctx ends first.
func (r *registry) enter(ctx context.Context, intentID, step string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	own := &handler{cancel: cancel, step: step, left: make(chan struct{})}
	for _, h := range r.add(intentID, own) {
		select {
		case <-h.left:
		case <-ctx.Done():
		}
	}
	return ctx, func() {
		cancel(nil)
		r.mu.Lock()
		defer r.mu.Unlock()
		close(own.left)
		delete(r.handlers[intentID], own)
		if len(r.handlers[intentID]) == 0 {
			delete(r.handlers, intentID)
		}
	}
}

// add registers a handler and returns those of the same step that are there.
func (r *registry) add(intentID string, own *handler) (before []*handler) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for h := range r.handlers[intentID] {
		if h.step == own.step {
			before = append(before, h)
		}
	}
	if r.handlers[intentID] == nil {
		r.handlers[intentID] = map[*handler]bool{}
	}
	r.handlers[intentID][own] = true
	return before
}

// cancel ends the contexts of the intent's handlers.
func (r *registry) cancel(intentID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for h := range r.handlers[intentID] {
		h.cancel(errCanceled)
	}
}
