package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// maxEvent bounds one event, in bytes.
const maxEvent = 8 << 20

// seen is what one WebSocket client has been sent, in the order in which it came, duplicates included.
type seen struct {
	mu          sync.Mutex
	events      []Event
	connections int
}

func (s *seen) add(e qlp.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, eventOf(e))
}

func (s *seen) last() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.events) == 0 {
		return 0
	}
	return s.events[len(s.events)-1].Seq
}

// follow reads an intent's events over WebSockets until each is told that run.finished came. A connection that breaks, or is
// silent for a while, as a frozen server's is, is given up; the next one goes to any replica, with the last number.
func (f *fleet) follow(ctx context.Context, id string, s *seen, tell func(qlp.Event) (end bool)) error {
	for ctx.Err() == nil {
		if end, err := f.stream(ctx, id, s, tell); end || qlp.CodeOf(err) == qlp.NotFound {
			return err
		}
		pause(ctx, 10*time.Millisecond)
	}
	return context.Cause(ctx)
}

// stream reads one connection. It counts what comes, and filters nothing: that each event comes once is the server's promise.
func (f *fleet) stream(ctx context.Context, id string, s *seen, tell func(qlp.Event) bool) (end bool, err error) {
	query := url.Values{"intent": {id}, "since": {strconv.FormatInt(s.last(), 10)}}
	dialing, stop := context.WithTimeout(ctx, answerTimeout)
	defer stop()
	conn, resp, err := websocket.Dial(dialing, "http://any.invalid/api/v1/events?"+query.Encode(), &websocket.DialOptions{HTTPClient: &http.Client{Transport: f}}) //nolint:bodyclose // the library closes it
	if err != nil {
		if resp != nil && resp.StatusCode == http.StatusNotFound {
			return false, qlp.Errorf(qlp.NotFound, "the intent %s, which was taken in, is not found", id)
		}
		return false, err
	}
	defer func() { _ = conn.CloseNow() }()
	s.mu.Lock()
	s.connections++
	s.mu.Unlock()
	conn.SetReadLimit(maxEvent)
	for {
		patience := time.Duration(2+rand.IntN(4)) * time.Second //nolint:gosec // no secret
		reading, cancel := context.WithTimeout(ctx, patience)
		_, b, err := conn.Read(reading)
		cancel()
		if err != nil {
			return false, err
		}
		var e qlp.Event
		if err := json.Unmarshal(b, &e); err != nil {
			return false, fmt.Errorf("decode event of %s: %w", id, err)
		}
		s.add(e)
		if tell(e) {
			return true, nil
		}
	}
}

// eventOf keeps what the auditor compares: of the data, its digest.
func eventOf(e qlp.Event) Event {
	return Event{
		IntentID: e.IntentID, Seq: e.Seq, Type: e.Type, At: e.Time.UTC(), RunID: e.RunID, TaskID: e.TaskID, Attempt: e.Attempt,
		Digest: digestOf(e.Data), Data: small(e.Type, e.Data),
	}
}

// small keeps the data that the auditor reads, of the types that say how things moved.
func small(t qlp.EventType, data []byte) json.RawMessage {
	switch t {
	case qlp.EventIntentState, qlp.EventTaskState, qlp.EventAttemptFinished, qlp.EventCapsuleReady:
		return append(json.RawMessage(nil), data...)
	case qlp.EventRunFinished, qlp.EventCheckFinished:
		var some struct {
			State qlp.State `json:"state,omitempty"`
			Layer qlp.Layer `json:"layer,omitempty"`
			Name  string    `json:"name,omitempty"`
		}
		if json.Unmarshal(data, &some) == nil {
			b, _ := json.Marshal(some) // strings always marshal
			return b
		}
	}
	return nil
}

func digestOf(data []byte) string {
	if len(data) == 0 {
		return ""
	}
	return string(qlp.DigestOf(data))
}
