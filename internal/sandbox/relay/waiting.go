package relay

import (
	"errors"
	"sync"
	"time"
)

// waiting holds streams that were opened for each other's sake: who comes first waits.
type waiting struct {
	mu     sync.Mutex
	slots  map[uint32]chan accepted
	closed chan struct{}
	once   sync.Once
}

func newWaiting() *waiting {
	return &waiting{slots: map[uint32]chan accepted{}, closed: make(chan struct{})}
}

func (w *waiting) slot(id uint32) chan accepted {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.slots[id]
	if !ok && len(w.slots) < 4*maxSockets {
		c = make(chan accepted, 1)
		w.slots[id] = c
	}
	return c
}

// put leaves a stream; false if there is no place for it.
func (w *waiting) put(a accepted) bool {
	select {
	case w.slot(a.ID) <- a:
		return true
	default:
		return false
	}
}

// take waits for the stream of that id.
func (w *waiting) take(id uint32) (accepted, error) {
	c := w.slot(id)
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.slots, id)
	}()
	select {
	case a := <-c:
		return a, nil
	case <-w.closed:
		return accepted{}, errors.New("the relay is closed")
	case <-time.After(openTimeout):
		return accepted{}, errors.New("a stream was announced and never came")
	}
}

func (w *waiting) close() { w.once.Do(func() { close(w.closed) }) }
