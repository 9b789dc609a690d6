package orchestrator

import (
	"encoding/json"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/quantumlayer/qlp/internal/qlp"
)

const (
	// watchBuffer is how many pieces of text may wait for a watcher; one that falls behind misses some.
	watchBuffer = 256
	// whisperEvery is how often other replicas are told what models write: a person reads no faster.
	whisperEvery = 50 * time.Millisecond
	// whisperText bounds the text of one whisper, in bytes: JSON makes at most six of one, and a whisper has room for 7,000.
	whisperText = 1000
)

// Whispers reach the other replicas at once, or not at all; nothing depends on one.
type Whispers interface {
	// Whisper tells the others up to 7,000 bytes. It does not block.
	Whisper(message string)
	// OnWhisper has hear called with what the others tell, one at a time. Call it once.
	OnWhisper(hear func(message string))
}

// hub hands what models are writing to whoever watches just now, here or on another replica. It keeps nothing.
type hub struct {
	others Whispers // nil: there is one process

	mu       sync.Mutex
	watchers map[string]map[chan qlp.Event]bool // by intent
	pending  []*said                            // not whispered yet
}

// said is what one attempt's models have written since the last whisper.
type said struct {
	event qlp.Event // without the text
	text  strings.Builder
}

func newHub(others Whispers) *hub {
	h := &hub{others: others, watchers: map[string]map[chan qlp.Event]bool{}}
	if others != nil {
		others.OnWhisper(h.hear)
	}
	return h
}

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
		event := qlp.Event{IntentID: in.ID, Type: qlp.EventModelText, Time: e.Clock(), TaskID: taskID, Attempt: attempt}
		if in.Run != nil {
			event.RunID = in.Run.ID
		}
		e.hub.say(event, text)
	}
}

// say hands a text to the watchers here, and has it whispered to the others.
func (h *hub) say(event qlp.Event, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hand(event, text)
	if h.others == nil {
		return
	}
	for _, s := range h.pending {
		if s.event.IntentID == event.IntentID && s.event.RunID == event.RunID && s.event.TaskID == event.TaskID && s.event.Attempt == event.Attempt {
			s.text.WriteString(text)
			return
		}
	}
	if len(h.pending) == 0 {
		time.AfterFunc(whisperEvery, h.whisper)
	}
	s := &said{event: event}
	s.text.WriteString(text)
	h.pending = append(h.pending, s)
}

// hand gives a text to the watchers of its intent. The caller holds the lock.
func (h *hub) hand(event qlp.Event, text string) {
	if len(h.watchers[event.IntentID]) == 0 {
		return
	}
	b, err := json.Marshal(qlp.ModelText{Text: text})
	if err != nil { // a text always marshals
		return
	}
	event.Data = b
	for ch := range h.watchers[event.IntentID] {
		select {
		case ch <- event:
		default:
		}
	}
}

// whisper tells the others what was written since the last time.
func (h *hub) whisper() {
	h.mu.Lock()
	pending := h.pending
	h.pending = nil
	h.mu.Unlock()
	for _, s := range pending {
		for text := s.text.String(); text != ""; {
			end := min(len(text), whisperText)
			for end < len(text) && end > 1 && !utf8.RuneStart(text[end]) {
				end--
			}
			piece := text[:end]
			text = text[end:]
			s.event.Data, _ = json.Marshal(qlp.ModelText{Text: piece}) //nolint:errchkjson // a text always marshals
			if message, err := json.Marshal(s.event); err == nil {
				h.others.Whisper(string(message))
			}
		}
	}
}

// hear takes what another replica tells. What is no text is passed over: its version may be another.
func (h *hub) hear(message string) {
	var event qlp.Event
	var text qlp.ModelText
	if json.Unmarshal([]byte(message), &event) != nil || event.Type != qlp.EventModelText || json.Unmarshal(event.Data, &text) != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hand(event, text.Text)
}
