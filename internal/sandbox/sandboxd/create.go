package sandboxd

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd/wire"
)

// createTimeout bounds one creation, which outlives the request that began it.
const createTimeout = 2 * time.Minute

// making is one creation, shared by all requests with its key.
type making struct {
	key     string
	digest  [sha256.Size]byte
	waiters int
	done    chan struct{}
	box     *box
	err     error
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) error {
	key := r.Header.Get(wire.KeyHeader)
	if key == "" || len(key) > 200 {
		return qlp.Errorf(qlp.Invalid, "the header %s is missing or too long", wire.KeyHeader).
			WithRemedy("send a random text of its own for every sandbox, and the same when the request is repeated")
	}
	var spec wire.Spec
	if err := decode(w, r, &spec); err != nil {
		return err
	}
	canonical, err := json.Marshal(spec)
	if err != nil {
		return qlp.Errorf(qlp.Invalid, "read spec: %w", err)
	}
	m, err := s.join(r.Context(), key, sha256.Sum256(canonical), spec)
	if err != nil {
		return err
	}
	select {
	case <-m.done:
	case <-r.Context().Done():
	}
	if s.part(m, r.Context().Err() != nil) {
		return s.destroy(context.WithoutCancel(r.Context()), m.box)
	}
	if r.Context().Err() != nil {
		return context.Cause(r.Context())
	}
	if m.err != nil {
		return m.err
	}
	return reply(w, http.StatusCreated, wire.Created{ID: m.box.id, IdleSeconds: s.cfg.Idle.Seconds()})
}

// join returns the creation with this key, and begins it if there is none.
func (s *Server) join(ctx context.Context, key string, digest [sha256.Size]byte, spec wire.Spec) (*making, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.making[key]; m != nil {
		if m.digest != digest {
			return nil, qlp.Errorf(qlp.Conflict, "the same %s came with another spec", wire.KeyHeader)
		}
		m.waiters++
		return m, nil
	}
	if s.closed {
		return nil, qlp.Errorf(qlp.Unavailable, "this executor is stopping")
	}
	if len(s.boxes)+s.pending >= s.cfg.Max {
		err := qlp.Errorf(qlp.Unavailable, "this executor has all of its %d sandboxes in use", s.cfg.Max).
			WithRemedy("wait for one to end, or add an executor")
		return nil, &fullError{err: err, retryAfter: "1"}
	}
	m := &making{key: key, digest: digest, waiters: 1, done: make(chan struct{})}
	s.making[key] = m
	s.pending++
	go s.make(context.WithoutCancel(ctx), m, spec)
	return m, nil
}

// part ends a request's interest in m. It is true if nobody is left who could use the sandbox: the last one went away
// before he was answered.
func (s *Server) part(m *making, left bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.waiters--
	select {
	case <-m.done:
		return left && m.waiters == 0 && m.box != nil
	default:
		return false // make will see that nobody waits
	}
}

func (s *Server) make(ctx context.Context, m *making, spec wire.Spec) {
	ctx, cancel := context.WithTimeout(ctx, createTimeout)
	defer cancel()
	b, err := s.build(ctx, spec)
	s.mu.Lock()
	s.pending--
	m.err = err
	orphan := false
	if err == nil {
		b.making = m
		m.box = b
		s.boxes[b.id] = b
		orphan = m.waiters == 0 || s.closed
	} else {
		delete(s.making, m.key)
	}
	close(m.done)
	s.mu.Unlock()
	if err != nil {
		s.log.WarnContext(ctx, "Sandbox not created", "err", err)
		return
	}
	s.log.InfoContext(ctx, "Sandbox created", "sandbox", b.id, "driver_id", b.sb.ID(), "stack", spec.Stack, "labels", spec.Labels)
	if orphan {
		_ = s.destroy(ctx, b) // logged there
	}
}

func (s *Server) build(ctx context.Context, ws wire.Spec) (*box, error) {
	env, err := wire.Env(ws.Env)
	if err != nil {
		return nil, err
	}
	spec := sandbox.Spec{
		Limits: sandbox.Limits(ws.Limits), Env: env, Stack: ws.Stack, Isolation: ws.Isolation, Require: ws.Require, Labels: ws.Labels,
	}
	if ws.Stack != "" && s.cfg.Resolve != nil {
		e, err := s.cfg.Resolve(ctx, ws.Stack)
		if err != nil {
			return nil, fmt.Errorf("find the toolchain of %.40q on the executor: %w", ws.Stack, err)
		}
		spec.Mounts = e.Mounts
		maps.Copy(spec.Env, e.Env) // it says where things are here; the caller's says where they are there
	}
	b := &box{
		id: rand.Text(), limits: spec.Limits.WithDefaults(), last: time.Now(), runs: map[string]*run{},
		conns: map[net.Conn]bool{}, gone: make(chan struct{}),
	}
	if ws.Egress {
		b.out = newOutlet(b.gone)
		spec.Egress = b.out.serve
	}
	if b.sb, err = s.cfg.Driver.Create(ctx, spec); err != nil {
		return nil, err
	}
	return b, nil
}

func (s *Server) remove(w http.ResponseWriter, r *http.Request) error {
	s.mu.Lock()
	b := s.boxes[r.PathValue("id")]
	s.mu.Unlock()
	if b == nil {
		return qlp.Errorf(qlp.NotFound, "sandbox %.40q: %w", r.PathValue("id"), sandbox.ErrDestroyed)
	}
	if err := s.destroy(context.WithoutCancel(r.Context()), b); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
