package sqlstore

import (
	"sync"
	"time"
)

// signal wakes everyone who waits, at a broadcast or when the longest wait is over. Between a wake-up and the next call of
// wait it costs nothing.
type signal struct {
	longest time.Duration

	mu    sync.Mutex
	ch    chan struct{} // nil: nobody waits
	timer *time.Timer   // runs while somebody waits
}

func newSignal(longest time.Duration) *signal { return &signal{longest: longest} }

func (s *signal) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		ch := make(chan struct{})
		s.ch = ch
		s.timer = time.AfterFunc(s.longest, func() { s.expire(ch) })
	}
	return s.ch
}

func (s *signal) broadcast() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		s.timer.Stop()
		close(s.ch)
		s.ch = nil
	}
}

// expire closes ch if it is still the one that is waited for: its timer may have fired while a broadcast was on its way.
func (s *signal) expire(ch chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == ch {
		close(ch)
		s.ch = nil
	}
}

// stop wakes everyone for the last time.
func (s *signal) stop() { s.broadcast() }
