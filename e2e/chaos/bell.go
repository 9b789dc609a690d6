package chaos

import (
	"context"
	"sync"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// The moments of a caller, which no event tells of.
const (
	aboutToSubmit qlp.EventType = "caller.submits"
	aboutToCancel qlp.EventType = "caller.cancels"
)

// bell tells whoever aims a fault that a moment has come.
type bell struct {
	mu      sync.Mutex
	waiting map[chan qlp.Event]func(qlp.Event) bool
}

// ring tells of an event, and waits for nobody.
func (b *bell) ring(e qlp.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c, wanted := range b.waiting {
		if wanted(e) {
			c <- e // it has room for one
			delete(b.waiting, c)
		}
	}
}

// wait returns the next event that is wanted, or false when ctx is done first.
func (b *bell) wait(ctx context.Context, wanted func(qlp.Event) bool) (qlp.Event, bool) {
	c := make(chan qlp.Event, 1)
	b.mu.Lock()
	if b.waiting == nil {
		b.waiting = map[chan qlp.Event]func(qlp.Event) bool{}
	}
	b.waiting[c] = wanted
	b.mu.Unlock()
	select {
	case e := <-c:
		return e, true
	case <-ctx.Done():
		b.mu.Lock()
		delete(b.waiting, c)
		b.mu.Unlock()
		return qlp.Event{}, false
	}
}
