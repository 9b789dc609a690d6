package orchestrator

import (
	"encoding/json"
	"sync"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// watchBuffer is how many pieces of text may wait for a watcher; one that falls behind misses some.
const watchBuffer = 256

// hub hands what models are writing to whoever watches just now. It keeps nothing.
type hub struct {
	mu       sync.Mutex
	watchers map[string]map[chan qlp.Event]bool // by intent
}

func newHub() *hub { return &hub{watchers: map[string]map[chan qlp.Event]bool{}} }

// Watch returns what models write for an intent from now on, as events of type model.text without a number, and the function
// that ends it. Somebody who reads too slowly misses pieces: nobody waits for a watcher.
func (e *Engine) Watch(intentID string) (events <-chan qlp.Event, stop func()) {
	h, ch := e.hub, make(chan qlp.Event, watchBuffer)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers[intentID] == nil {
		h.watchers[intentID] = map[chan qlp.Event]bool{}
	}
	h.watchers[intentID][ch] = true
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.watchers[intentID], ch)
		if len(h.watchers[intentID]) == 0 {
			delete(h.watchers, intentID)
		}
	}
}

// progress returns the function that a room's request takes its model's text with.
func (e *Engine) progress(in qlp.Intent, taskID string, attempt int) func(string) {
	return func(text string) {
		e.hub.mu.Lock()
		defer e.hub.mu.Unlock()
		if len(e.hub.watchers[in.ID]) == 0 {
			return
		}
		b, err := json.Marshal(qlp.ModelText{Text: text})
		if err != nil { // a text always marshals
			return
		}
		event := qlp.Event{IntentID: in.ID, Type: qlp.EventModelText, Time: e.Clock(), TaskID: taskID, Attempt: attempt, Data: b}
		if in.Run != nil {
			event.RunID = in.Run.ID
		}
		for ch := range e.hub.watchers[in.ID] {
			select {
			case ch <- event:
			default:
			}
		}
	}
}
