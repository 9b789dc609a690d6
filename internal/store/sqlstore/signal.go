package sqlstore

import (
	"sync"
	"time"
)

// signal wakes everyone who waits for a key, at a broadcast of it or when the longest wait is over. Between a wake-up and the
// next call of wait it costs nothing.
type signal struct {
	longest time.Duration

	mu      sync.Mutex
	waiting map[string]*waiters // those that somebody waits for
}

type waiters struct {
	woken chan struct{}
	timer *time.Timer
}

func newSignal(longest time.Duration) *signal {
	return &signal{longest: longest, waiting: map[string]*waiters{}}
}

func (s *signal) wait(key string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.waiting[key]
	if !ok {
		w = &waiters{woken: make(chan struct{})}
		w.timer = time.AfterFunc(s.longest, func() { s.expire(key, w) })
		s.waiting[key] = w
	}
	return w.woken
}

func (s *signal) broadcast(keys ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		if w, ok := s.waiting[key]; ok {
			s.wake(key, w)
		}
	}
}

// expire wakes those who wait if they still do: the timer may have fired while a broadcast was on its way.
func (s *signal) expire(key string, w *waiters) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting[key] == w {
		s.wake(key, w)
	}
}

// stop wakes everyone for the last time.
func (s *signal) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, w := range s.waiting {
		s.wake(key, w)
	}
}

func (s *signal) wake(key string, w *waiters) {
	w.timer.Stop()
	close(w.woken)
	delete(s.waiting, key)
}
