package sandboxd

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// maxRuns bounds the commands of one sandbox that are under way or may still be asked about.
const maxRuns = 256

// box is one sandbox that is lent.
type box struct {
	id     string
	sb     sandbox.Sandbox
	limits sandbox.Limits
	making *making
	out    *outlet // nil: no way out
	gone   chan struct{}

	once sync.Once
	err  error // of the destruction

	mu     sync.Mutex
	active int
	last   time.Time
	runs   map[string]*run
	held   sync.WaitGroup    // upgraded connections
	conns  map[net.Conn]bool // the same; nil once destroyed
}

// enter counts a request in. What is being destroyed is not there any more.
func (s *Server) enter(id string) (*box, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxes[id]
	if b == nil {
		return nil, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.active++
	return b, true
}

func (b *box) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.active--
	b.last = time.Now()
}

func (b *box) idleFor(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.active > 0 {
		return 0
	}
	return now.Sub(b.last)
}

// destroy takes b away and returns when none of its processes is left.
func (s *Server) destroy(ctx context.Context, b *box) error {
	b.once.Do(func() {
		close(b.gone)
		b.err = b.sb.Destroy(ctx)
		b.mu.Lock()
		for conn := range b.conns {
			_ = conn.Close()
		}
		b.conns = nil
		b.mu.Unlock()
		b.held.Wait()
		s.mu.Lock()
		delete(s.boxes, b.id)
		if b.making != nil {
			delete(s.making, b.making.key)
		}
		s.mu.Unlock()
		if b.err != nil {
			s.log.ErrorContext(ctx, "Sandbox not destroyed", "sandbox", b.id, "err", b.err)
			return
		}
		s.log.InfoContext(ctx, "Sandbox destroyed", "sandbox", b.id)
	})
	return b.err
}

// hold keeps an upgraded connection, so that it ends with the sandbox.
func (b *box) hold(conn net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conns == nil {
		return false
	}
	b.conns[conn] = true
	b.held.Add(1) // here, so that destroy, which waits, sees all there will ever be
	return true
}

func (b *box) release(conn net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.conns, conn)
	_ = conn.Close()
	b.held.Done()
}

// add enters a command under its caller's name for it. A name is good once: a request that comes twice runs once.
func (b *box) add(id string, r *run) error {
	if id == "" || len(id) > 64 {
		return qlp.Errorf(qlp.Invalid, "the command has no id, or one longer than 64 bytes")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.runs[id] != nil {
		return qlp.Errorf(qlp.Conflict, "the command %s has been here before", id)
	}
	if len(b.runs) >= maxRuns {
		return qlp.Errorf(qlp.Exhausted, "the sandbox has %d commands already", maxRuns)
	}
	b.runs[id] = r
	return nil
}

func (b *box) forget(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.runs, id)
}

func (b *box) find(id string) (*run, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.runs[id]; r != nil {
		return r, nil
	}
	return nil, qlp.Errorf(qlp.NotFound, "there is no command %.40q", id)
}

func (s *Server) stats(w http.ResponseWriter, r *http.Request, b *box) error {
	u, err := b.sb.Stats(r.Context())
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, u)
}

func (s *Server) touch(w http.ResponseWriter, _ *http.Request, _ *box) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}
