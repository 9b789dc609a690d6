package native

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// spareLife is how long a sandbox that nobody has asked for is kept.
	spareLife = 5 * time.Minute
	// spareTime bounds the making of one.
	spareTime = 30 * time.Second
	// spareDelay lets whoever took the last one start its first command before the next is made.
	spareDelay = 10 * time.Millisecond
)

// spares are sandboxes that are ready and that nobody has used, for whoever asks for the same limits and views next. Each is
// handed out once, and destroyed after that like any other: nothing is ever reset. One at a time is made, in the
// background, so that at most one processor is taken from those who work.
type spares struct {
	most int
	make func(context.Context, plan) (*box, error)
	ctx  context.Context //nolint:containedctx // ends what is made in the background
	end  context.CancelFunc
	work sync.WaitGroup
	turn sync.Mutex // whose turn it is to make one

	mu      sync.Mutex
	stopped bool
	ready   []*spare // the oldest first
	wanted  map[string]bool
}

type spare struct {
	key   string
	box   *box
	timer *time.Timer
}

func newSpares(most int, create func(context.Context, plan) (*box, error)) *spares {
	s := &spares{most: most, make: create, wanted: map[string]bool{}}
	s.ctx, s.end = context.WithCancel(context.Background())
	return s
}

// kind is what two sandboxes must share to stand in for each other. A view is named by what it shows, too: another directory
// may have taken the name since.
func kind(p plan) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%+v", p.limits)
	for _, m := range p.mounts {
		fmt.Fprintf(&text, "\n%q %q", m.HostPath, m.Path)
		if st, err := os.Stat(m.HostPath); err == nil {
			if sys, ok := st.Sys().(*syscall.Stat_t); ok {
				fmt.Fprintf(&text, " %d %d", sys.Dev, sys.Ino)
			}
		}
	}
	return text.String()
}

// take returns a living one of this kind, or nil.
func (s *spares) take(p plan) *box {
	if s.most <= 0 {
		return nil
	}
	key := kind(p)
	for {
		found := s.remove(func(x *spare) bool { return x.key == key })
		if found == nil {
			return nil
		}
		select {
		case <-found.box.gone: // something on this machine has killed it
			_ = found.box.Destroy(context.Background())
		default:
			return found.box
		}
	}
}

// remove takes out the oldest one that fits.
func (s *spares) remove(fits func(*spare) bool) *spare {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, x := range s.ready {
		if fits(x) {
			s.ready = append(s.ready[:i:i], s.ready[i+1:]...)
			x.timer.Stop()
			return x
		}
	}
	return nil
}

// want makes one of this kind in the background, unless one is there or under way.
func (s *spares) want(p plan) {
	if s.most <= 0 {
		return
	}
	key := kind(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || s.wanted[key] || s.has(key) {
		return
	}
	s.wanted[key] = true
	s.work.Go(func() { s.fill(key, p) })
}

func (s *spares) has(key string) bool {
	for _, x := range s.ready {
		if x.key == key {
			return true
		}
	}
	return false
}

func (s *spares) fill(key string, p plan) {
	s.turn.Lock()
	defer s.turn.Unlock()
	ctx, cancel := context.WithTimeout(s.ctx, spareTime)
	defer cancel()
	select {
	case <-time.After(spareDelay):
	case <-ctx.Done():
	}
	b, err := s.make(ctx, p)
	s.mu.Lock()
	delete(s.wanted, key)
	keep := err == nil && !s.stopped
	if keep {
		x := &spare{key: key, box: b}
		x.timer = time.AfterFunc(spareLife, func() { s.drop(func(y *spare) bool { return y == x }) })
		s.ready = append(s.ready, x)
	}
	many := len(s.ready) > s.most
	s.mu.Unlock()
	switch {
	case keep && many:
		s.drop(func(*spare) bool { return true }) // the oldest
	case err == nil && !keep:
		_ = b.Destroy(context.Background())
	}
	// An error is no one's yet: whoever asks for such a sandbox next gets it, from Create.
}

func (s *spares) drop(fits func(*spare) bool) {
	if x := s.remove(fits); x != nil {
		_ = x.box.Destroy(context.Background())
	}
}

// count is how many are ready.
func (s *spares) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ready)
}

// stop destroys them all and makes no more. It may be called twice.
func (s *spares) stop() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.end()
	s.work.Wait()
	for s.count() > 0 {
		s.drop(func(*spare) bool { return true })
	}
}
