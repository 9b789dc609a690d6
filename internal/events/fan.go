package events

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
)

// ErrLeaving ends those who follow when this process is about to stop: the rest is to be had elsewhere.
var ErrLeaving = errors.New("the server is stopping")

// Message is an event as it is sent: its text is made once for all who follow, and nobody may change it.
type Message struct {
	Seq  int64
	Text []byte // the event as JSON
}

// Fan lets many follow at little cost: those who follow one intent share one reader of the table and the texts of its latest
// events. What it keeps goes with the last follower of an intent.
type Fan struct {
	store   Store
	leaving <-chan struct{}

	mu    sync.Mutex
	lines map[string]*line // of the intents that somebody follows
}

// NewFan returns a Fan over a store. When leaving, if not nil, is closed, all who follow end with ErrLeaving.
func NewFan(st Store, leaving <-chan struct{}) *Fan {
	return &Fan{store: st, leaving: leaving, lines: map[string]*line{}}
}

// Follow returns the intent's events after since: those that are there, then each as it is committed; in order, each once,
// none left out. It ends only with an error, as the function Follow does: when ctx is done, the intent is unknown, or the
// store fails, which ends all who follow the intent, or ErrLeaving. A caller that has had enough leaves the loop.
//
// A caller may be as slow as it likes and holds up nobody: whoever falls behind what is kept reads the table alone.
func (f *Fan) Follow(ctx context.Context, intentID string, since int64) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		l := f.enter(intentID)
		defer f.leave(l)
		for {
			page, news, err := l.after(ctx, since)
			if err != nil {
				yield(Message{}, err)
				return
			}
			for _, m := range page {
				if !yield(m, nil) {
					return
				}
				since = m.Seq
			}
			if news == nil {
				continue
			}
			select {
			case <-ctx.Done():
				yield(Message{}, fmt.Errorf("follow events of %s: %w", intentID, context.Cause(ctx)))
				return
			case <-f.leaving:
				yield(Message{}, ErrLeaving)
				return
			case <-news:
			}
		}
	}
}

// enter returns the intent's line, one more follower counted.
func (f *Fan) enter(intentID string) *line {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, ok := f.lines[intentID]
	if !ok {
		l = newLine(f.store, intentID)
		l.ended = func() { f.forget(l) }
		f.lines[intentID] = l
	}
	l.followers++
	return l
}

// leave ends the line with its last follower.
func (f *Fan) leave(l *line) {
	f.mu.Lock()
	l.followers--
	last := l.followers == 0
	if last && f.lines[l.intentID] == l {
		delete(f.lines, l.intentID)
	}
	f.mu.Unlock()
	if last {
		l.stop()
	}
}

// forget has the next follower begin anew: this line's reading has failed.
func (f *Fan) forget(l *line) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lines[l.intentID] == l {
		delete(f.lines, l.intentID)
	}
}
