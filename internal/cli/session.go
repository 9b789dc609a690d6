package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/client"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/telemetry"
)

// session is a client with an engine behind it: a server that is running on the data folder, or one in this process.
type session struct {
	*client.Client
	close   func() error
	stalled <-chan error // of an engine in this process: why the work stands still
}

// connect finds the server that holds the data folder, or opens the folder and serves it within this process. The caller
// closes the session.
func (c *command) connect(ctx context.Context, cfg config.Config) (*session, error) {
	if cfg.Server != "" {
		return named(cfg)
	}
	if remote, ok := c.running(ctx, cfg); ok {
		return &session{Client: remote, close: func() error { return nil }}, nil
	}
	cfg.Roles = config.RoleAPI + "," + config.RoleWorker // a command does its own work
	log := telemetry.Logger(c.err, quieter(cfg.LogLevel), cfg.LogFormat)
	a, err := app.Open(ctx, cfg, version(), log)
	if err != nil {
		return nil, err
	}
	if err := a.Start(ctx); err != nil {
		return nil, errors.Join(err, a.Stop(ctx))
	}
	listener := newPipeListener()
	server := &http.Server{Handler: a.Handler(""), ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	transport := &http.Transport{DialContext: listener.dial}
	return &session{
		Client:  client.New("http://localhost", "", transport),
		stalled: a.Stalled(),
		close: func() error {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.StopGrace+5*time.Second)
			defer cancel()
			transport.CloseIdleConnections()
			err := a.Stop(ctx)
			_ = server.Close() // nothing is under way any more
			if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
				err = errors.Join(err, serveErr)
			}
			return err
		},
	}, nil
}

// named returns a session with the server that the settings name.
func named(cfg config.Config) (*session, error) {
	at, err := url.Parse(cfg.Server)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return nil, qlp.Errorf(qlp.Invalid, "setting server is %.200q, which is no address", cfg.Server).WithRemedy("use one such as https://qlp.example or http://127.0.0.1:8080")
	}
	token, err := app.ReadToken(cfg.ServerTokenFile, "QLP_TOKEN")
	if err != nil {
		return nil, fmt.Errorf("talk to %s: %w", cfg.Server, err)
	}
	return &session{Client: client.New(strings.TrimRight(cfg.Server, "/"), token, nil), close: func() error { return nil }}, nil
}

// untilStalled returns a context that ends, with the reason as its cause, when the work stands still.
func (s *session) untilStalled(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case err := <-s.stalled:
			cancel(err)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil); <-done }
}

// running returns a client of the server that has said in the data folder where it listens, if it answers.
func (c *command) running(ctx context.Context, cfg config.Config) (*client.Client, bool) {
	at, ok := app.FindServer(cfg)
	if !ok {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	remote := client.New(at.URL, at.Token.Reveal(), nil)
	return remote, remote.Healthy(ctx) == nil
}

// quieter keeps the log of an engine within a command to what a person must see, unless they ask for more.
func quieter(level string) string {
	if level == "info" {
		return "warn"
	}
	return level
}

// pipeListener is a listener whose connections never leave the process.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept returns the next connection.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and dial.
func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is the name of the pipe.
func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "in-process" }
