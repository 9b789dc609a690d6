package orchestrator

import (
	"context"
	"errors"
	"sync"
)

// errCanceled is the cause of a context that Cancel has ended. A handler that meets it has nothing more to do: the
// transaction of the cancel has written the end already.
var errCanceled = errors.New("the run was canceled")

// registry knows the handlers that are at work, so that a cancel reaches them at once.
type registry struct {
	mu       sync.Mutex
	handlers map[string]map[*context.CancelCauseFunc]bool // by intent
}

func newRegistry() *registry {
	return &registry{handlers: map[string]map[*context.CancelCauseFunc]bool{}}
}

// enter returns a context that ends when the intent is cancelled, and the function that a handler calls when it is done.
func (r *registry) enter(ctx context.Context, intentID string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.handlers[intentID] == nil {
		r.handlers[intentID] = map[*context.CancelCauseFunc]bool{}
	}
	r.handlers[intentID][&cancel] = true
	return ctx, func() {
		cancel(nil)
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.handlers[intentID], &cancel)
		if len(r.handlers[intentID]) == 0 {
			delete(r.handlers, intentID)
		}
	}
}

// cancel ends the contexts of the intent's handlers.
func (r *registry) cancel(intentID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.handlers[intentID] {
		(*c)(errCanceled)
	}
}
