package client

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
)

// stalled is why a watch ended a call.
type stalled struct{ text string }

func (s *stalled) Error() string { return s.text }

// watch ends a call whose text does not come. A piece of text without a character counts as a sign of life.
type watch struct {
	cancel context.CancelCauseFunc
	sink   llm.Sink
	idle   time.Duration
	start  time.Time

	mu    sync.Mutex
	waits time.Duration // how long it may be quiet now
	quiet *time.Timer   // ends the call when no text comes
	total *time.Timer
	first time.Duration // until the first text
	ended bool
}

// begin returns a context that ends when the text does not come in time. The caller calls end.
func (c *Client) begin(ctx context.Context, sink llm.Sink, total time.Duration) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{cancel: cancel, sink: sink, idle: c.cfg.Idle, waits: c.cfg.FirstToken, start: time.Now()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.quiet = time.AfterFunc(w.waits, w.silent)
	w.total = time.AfterFunc(total, func() { w.stall(fmt.Sprintf("not done after %s", total)) })
	return ctx, w
}

func (w *watch) silent() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stall("no text for " + w.waits.String())
}

func (w *watch) stall(why string) { w.cancel(&stalled{why}) }

// text takes a piece, and hands it on.
func (w *watch) text(piece string) {
	w.mu.Lock()
	if w.ended {
		w.mu.Unlock()
		return
	}
	if w.first == 0 && piece != "" {
		w.first = time.Since(w.start)
	}
	w.waits = w.idle
	w.quiet.Reset(w.idle)
	w.mu.Unlock()
	if w.sink != nil && piece != "" {
		w.sink(piece)
	}
}

// end stops watching, and returns the time to the first text and in all.
func (w *watch) end() (first, total time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.quiet.Stop()
	w.total.Stop()
	w.cancel(nil)
	return w.first, time.Since(w.start)
}
