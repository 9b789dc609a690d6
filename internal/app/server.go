package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/telemetry"
)

// Server says where a server listens and how to be let in.
type Server struct {
	URL       string           `json:"url"`
	PID       int              `json:"pid"`
	Token     telemetry.Secret `json:"-"`
	TokenPath string           `json:"-"`
}

func announcementPath(cfg config.Config) string { return filepath.Join(cfg.DataDir, "server.json") }
func tokenPath(cfg config.Config) string        { return filepath.Join(cfg.Shared(), "token") }

// FindServer reads where the server on the data folder said that it listens. It may have died since.
func FindServer(cfg config.Config) (Server, bool) {
	var s Server
	b, err := os.ReadFile(announcementPath(cfg))
	if err != nil || json.Unmarshal(b, &s) != nil {
		return Server{}, false
	}
	token, err := os.ReadFile(tokenPath(cfg))
	if err != nil {
		return Server{}, false
	}
	s.Token, s.TokenPath = telemetry.Secret(strings.TrimSpace(string(token))), tokenPath(cfg)
	return s, true
}

// Serve listens, starts the worker, announces the server in the data folder, calls ready, and serves until ctx is done or
// the server breaks.
func (a *App) Serve(ctx context.Context, ready func(Server)) error {
	listener, err := listen(ctx, a.cfg.Listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	clearUnfinished(a.cfg.DataDir, a.cfg.Shared())
	Keyring(a.cfg).Tidy()
	token, err := localToken(tokenPath(a.cfg))
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return err
	}
	at := Server{URL: "http://" + own(listener.Addr()), PID: os.Getpid(), Token: token, TokenPath: tokenPath(a.cfg)}
	server := &http.Server{Handler: a.Handler(token), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if err := announce(announcementPath(a.cfg), at); err != nil {
		return errors.Join(err, server.Close(), closed(<-served))
	}
	defer func() { _ = os.Remove(announcementPath(a.cfg)) }()
	a.log.Info("Server started", "room", "app", "address", listener.Addr().String())
	ready(at)
	go keepSmall(ctx, processorTime, settle)
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	return errors.Join(a.drain(context.WithoutCancel(ctx), server), closed(<-served))
}

// drain stops the server so that its callers lose nothing: first it says that it is not ready, and goes on answering while load
// balancers notice and running jobs end or are handed over; then it refuses new requests and waits for those under way.
func (a *App) drain(ctx context.Context, server *http.Server) error {
	a.log.Info("Server stopping", "room", "app")
	ctx, cancel := context.WithTimeout(ctx, a.cfg.StopDelay+a.cfg.StopGrace+5*time.Second)
	defer cancel()
	noticed := time.NewTimer(a.cfg.StopDelay)
	defer noticed.Stop()
	err := a.Leave(ctx)
	select {
	case <-noticed.C:
	case <-ctx.Done():
	}
	// WebSockets are not waited for: their clients come back with the last sequence number.
	stopped := server.Shutdown(ctx)
	if errors.Is(stopped, context.DeadlineExceeded) {
		stopped = server.Close()
	}
	a.log.Info("Server stopped", "room", "app")
	return errors.Join(err, stopped)
}

// closed takes the end of a server that was closed for what it is, no error.
func closed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// own is the address at which this machine reaches a listener: one on every address is reached by the loopback's.
func own(at net.Addr) string {
	tcp, ok := at.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return at.String()
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, qlp.Errorf(qlp.Unavailable, "the address %s is in use by another program", address).
			WithRemedy("stop that program, or choose another address: qlp serve --listen 127.0.0.1:8081")
	}
	if err != nil {
		return nil, qlp.Errorf(qlp.Unavailable, "cannot listen on %s: %w", address, err).WithRemedy("choose another address with --listen")
	}
	return listener, nil
}

// localToken reads the token of the data folder, and makes it on first use: 128 random bits or more.
func localToken(path string) (telemetry.Secret, error) {
	b, err := os.ReadFile(path) //nolint:gosec // a file of the data folder
	if err == nil && len(strings.TrimSpace(string(b))) >= 26 {
		return telemetry.Secret(strings.TrimSpace(string(b))), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read token: %w", err)
	}
	if err == nil { // a torn one, which nobody can have been given
		_ = os.Remove(path)
	}
	token := rand.Text()
	switch err := putPrivate(path, []byte(token+"\n"), os.Link); {
	case errors.Is(err, fs.ErrExist): // another replica was first
		return localToken(path)
	case err != nil:
		return "", fmt.Errorf("write token: %w", err)
	}
	return telemetry.Secret(token), nil
}

func announce(path string, s Server) error {
	b, err := json.Marshal(s)
	if err == nil {
		err = writePrivate(path, b)
	}
	if err != nil {
		return fmt.Errorf("announce server: %w", err)
	}
	return nil
}

// writePrivate puts a file in place, whole or not at all, that only its owner can read.
func writePrivate(path string, b []byte) error { return putPrivate(path, b, os.Rename) }

// unfinished is the name of a file that is not in its place yet.
const unfinished = ".tmp-*"

// putPrivate writes the file beside its place and moves it there: os.Rename takes the place of what is there, os.Link refuses to.
func putPrivate(path string, b []byte, move func(from, to string) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), unfinished)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(b)
	if err := errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return move(tmp.Name(), path)
}
