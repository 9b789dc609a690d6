package sandboxd

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd/wire"
)

// stream writes events. A reader who takes nothing for too long, or who has gone, ends what the stream is about.
type stream struct {
	w        http.ResponseWriter
	ctl      *http.ResponseController
	patience time.Duration
	lost     context.CancelCauseFunc

	mu   sync.Mutex
	open bool
	over bool // nothing may be written any more
}

func newStream(w http.ResponseWriter, patience time.Duration, lost context.CancelCauseFunc) *stream {
	return &stream{w: w, ctl: http.NewResponseController(w), patience: patience, lost: lost}
}

func (s *stream) send(e wire.Event) {
	line, err := wire.Line(e)
	if err != nil {
		s.lost(err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	if !s.open {
		s.open = true
		s.w.Header().Set("Content-Type", "application/x-ndjson")
		s.w.Header().Set("Cache-Control", "no-store")
		s.w.Header().Set("X-Accel-Buffering", "no")
		s.w.WriteHeader(http.StatusOK)
	}
	_ = s.ctl.SetWriteDeadline(time.Now().Add(s.patience))
	if _, err = s.w.Write(line); err == nil {
		err = s.ctl.Flush()
	}
	if err != nil {
		s.over = true
		s.lost(err)
	}
}

// end forbids further writing: the request's handler is about to return.
func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	_ = s.ctl.SetWriteDeadline(time.Time{}) // the connection may serve another request
}

// exit ends the stream as the rules want.
func (s *stream) exit(res sandbox.Result, err error) {
	e := wire.Event{Event: wire.Exit}
	if err != nil {
		p := wire.ProblemOf(err)
		e.Problem = &p
	}
	if res.Verdict != "" {
		r := wire.Result(res)
		e.Result = &r
		if res.Truncated {
			s.send(wire.Event{Event: wire.Truncated})
		}
	}
	s.send(e)
	s.end()
}

// ping shows that the line holds until the returned function is called.
func (s *stream) ping(every time.Duration) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				s.send(wire.Event{Event: wire.Ping})
			}
		}
	}()
	return func() { close(quit); <-done }
}

// sink is one output of a program, live. It waits for the start, which comes first.
type sink struct {
	s    *stream
	kind string
	gate <-chan struct{}
}

// Write never fails: a reader who went away does not stop a service, and ends a command through its context.
func (k sink) Write(b []byte) (int, error) {
	<-k.gate
	k.s.send(wire.Event{Event: k.kind, Data: b})
	return len(b), nil
}

// input is a program's input out of a request's body. If the body breaks off, the caller has gone.
type input struct {
	r    io.Reader
	lost context.CancelCauseFunc
}

// Read implements io.Reader.
func (i input) Read(b []byte) (int, error) {
	n, err := i.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		i.lost(qlp.Errorf(qlp.Unavailable, "the input broke off: %w", err))
	}
	return n, err
}
