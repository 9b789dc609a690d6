package sandboxd

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// Equipment is what the sandboxes of a stack are given on the executor's machine.
type Equipment struct {
	Mounts []sandbox.Mount
	Env    map[string]string
}

// Config is the server's. Driver and Token are needed; a zero field means what is said beside it.
type Config struct {
	// Driver makes the sandboxes. It stays the caller's, who closes it after Close.
	Driver sandbox.Driver
	// Token is what callers must send, 16 bytes or more.
	Token string
	// Resolve finds a stack's toolchain on this machine. Without it, Specs that name a stack are passed on as they are, which is
	// right for drivers that take the toolchain from an image.
	Resolve func(ctx context.Context, stack string) (Equipment, error)
	// Max is the number of sandboxes at a time: 32.
	Max int
	// Idle is how long a sandbox may be unused before it is destroyed: 5 minutes.
	Idle time.Duration
	// Ping is how often a quiet stream says that it is alive: 5 seconds.
	Ping time.Duration
	// Patience is how long a reader may take nothing of what is written to him before he counts as gone: 1 minute.
	Patience time.Duration
	Log      *slog.Logger
}

const minToken = 16

// Server lends sandboxes.
type Server struct {
	cfg   Config
	log   *slog.Logger
	token [sha256.Size]byte
	mux   *http.ServeMux

	mu       sync.Mutex
	closed   bool
	boxes    map[string]*box
	making   map[string]*making // by idempotency key: being made, or made and alive
	pending  int
	quit     chan struct{}
	janitors sync.WaitGroup
}

// New makes a Server. Whoever makes it calls Close.
func New(cfg Config) (*Server, error) {
	if len(cfg.Token) < minToken {
		return nil, qlp.Errorf(qlp.Invalid, "the token is shorter than %d bytes", minToken).
			WithRemedy("make one with `openssl rand -hex 32`, or any other way, and give it in a file")
	}
	def(&cfg.Max, 32)
	def(&cfg.Idle, 5*time.Minute)
	def(&cfg.Ping, 5*time.Second)
	def(&cfg.Patience, time.Minute)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		cfg: cfg, log: cfg.Log.With("room", "sandboxd"), token: sha256.Sum256([]byte(cfg.Token)), mux: http.NewServeMux(),
		boxes: map[string]*box{}, making: map[string]*making{}, quit: make(chan struct{}),
	}
	s.routes()
	s.janitors.Go(s.sweep)
	return s, nil
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (s *Server) routes() {
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("{\"status\":\"ok\"}\n"))
	})
	s.mux.Handle("GET /v1/capabilities", s.known(s.capabilities))
	s.mux.Handle("POST /v1/sandboxes", s.known(s.create))
	const one = "/v1/sandboxes/{id}"
	s.mux.Handle("DELETE "+one, s.known(s.remove))
	for pattern, h := range map[string]func(http.ResponseWriter, *http.Request, *box) error{
		"PUT " + one + "/files":                   s.put,
		"GET " + one + "/files":                   s.get,
		"POST " + one + "/exec":                   s.exec,
		"POST " + one + "/start":                  s.start,
		"GET " + one + "/processes/{pid}":         s.wait,
		"POST " + one + "/processes/{pid}/kill":   s.kill,
		"POST " + one + "/processes/{pid}/signal": s.signal,
		"GET " + one + "/ports/{port}":            s.dial,
		"GET " + one + "/egress":                  s.egress,
		"GET " + one + "/stats":                   s.stats,
		"POST " + one + "/touch":                  s.touch,
	} {
		s.mux.Handle(pattern, s.known(s.inside(h)))
	}
	s.mux.Handle(one+"/ports/{port}/{rest...}", s.person(s.inside(s.preview)))
	s.mux.Handle("/", s.known(func(http.ResponseWriter, *http.Request) error {
		return qlp.Errorf(qlp.NotFound, "there is nothing here")
	}))
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Serve answers on l until ctx ends, and then destroys every sandbox. It closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		Protocols: &protocols, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
	}
	// The sandboxes first: their ends are still told to whoever waits.
	err = errors.Join(err, s.Close())
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if server.Shutdown(stopping) != nil {
		_ = server.Close()
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Close destroys every sandbox and refuses new ones. It may be called twice.
func (s *Server) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	left := make([]*box, 0, len(s.boxes))
	for _, b := range s.boxes {
		left = append(left, b)
	}
	s.mu.Unlock()
	if first {
		close(s.quit)
	}
	var err error
	for _, b := range left {
		err = errors.Join(err, s.destroy(context.Background(), b))
	}
	s.janitors.Wait()
	return err
}

// sweep destroys what nobody uses.
func (s *Server) sweep() {
	tick := time.NewTicker(max(min(s.cfg.Idle/4, 30*time.Second), time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-s.quit:
			return
		case now := <-tick.C:
			for _, b := range s.unused(now) {
				s.log.Info("Idle sandbox destroyed", "sandbox", b.id, "idle", s.cfg.Idle)
				_ = s.destroy(context.Background(), b) // logged there
			}
		}
	}
}

func (s *Server) unused(now time.Time) []*box {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*box
	for _, b := range s.boxes {
		if b.idleFor(now) > s.cfg.Idle {
			list = append(list, b)
		}
	}
	return list
}
