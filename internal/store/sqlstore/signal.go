package sqlstore

import (
	"container/list"
	"sync"
	"time"
)

// wokenAtOnce bounds those that are woken for no other reason than that they have waited: twice in the longest wait. Whoever is
// woken reads the database, and ten thousand that did so each second would be most of its work.
const wokenAtOnce = 100

// signal wakes everyone who waits for a key, at a broadcast of it or when the longest wait is over; where very many keys are
// waited for, those take turns, and wait longer. Between a wake-up and the next call of wait it costs nothing.
type signal struct {
	longest time.Duration

	mu      sync.Mutex
	waiting map[string]*list.Element // of order: those that somebody waits for
	order   *list.List               // of *waiters, the first that came in front
	timer   *time.Timer              // nil while nobody waits
}

type waiters struct {
	key   string
	since time.Time
	woken chan struct{}
}

func newSignal(longest time.Duration) *signal {
	return &signal{longest: longest, waiting: map[string]*list.Element{}, order: list.New()}
}

func (s *signal) wait(key string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.waiting[key]; ok {
		return e.Value.(*waiters).woken
	}
	w := &waiters{key: key, since: time.Now(), woken: make(chan struct{})}
	s.waiting[key] = s.order.PushBack(w)
	if s.timer == nil {
		s.timer = time.AfterFunc(s.longest/2, s.expire)
	}
	return w.woken
}

func (s *signal) broadcast(keys ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		if e, ok := s.waiting[key]; ok {
			s.wake(e)
		}
	}
}

// expire runs each half of the longest wait and wakes those who came before the half.
func (s *signal) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := time.Now().Add(-s.longest / 2)
	for range wokenAtOnce {
		e := s.order.Front()
		if e == nil || e.Value.(*waiters).since.After(before) {
			break
		}
		s.wake(e)
	}
	if s.timer = nil; s.order.Len() > 0 {
		s.timer = time.AfterFunc(s.longest/2, s.expire)
	}
}

// stop wakes everyone for the last time.
func (s *signal) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.order.Len() > 0 {
		s.wake(s.order.Front())
	}
}

func (s *signal) wake(e *list.Element) {
	w := s.order.Remove(e).(*waiters)
	close(w.woken)
	delete(s.waiting, w.key)
}
