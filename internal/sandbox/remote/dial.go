package remote

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd/wire"
)

func encode(v any) (io.Reader, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	return bytes.NewReader(b), nil
}

// Dial implements sandbox.Sandbox.
func (b *box) Dial(ctx context.Context, port int) (net.Conn, error) {
	if err := b.gone(); err != nil {
		return nil, err
	}
	conn, err := b.e.upgrade(ctx, b.path("/ports/"+strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("dial port %d in the sandbox: %w", port, err)
	}
	return conn, nil
}

// upgrade opens a connection of its own and makes it a stream of bytes. It does so without http.Client, whose streams are no
// net.Conn: they have no deadlines.
func (e *executor) upgrade(ctx context.Context, path string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	conn, err := e.connect(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		// Not as it is: a refused executor is not a refused port.
		return nil, &lostError{e.name(), errors.New(err.Error())}
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	r, err := e.handshake(ctx, conn, path)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return &upgraded{Conn: conn, r: r}, nil
}

func (e *executor) handshake(ctx context.Context, conn net.Conn, path string) (*bufio.Reader, error) {
	req, err := e.request(ctx, request{method: http.MethodGet, path: path, header: map[string]string{
		"Connection": "Upgrade", "Upgrade": wire.Upgrade,
	}})
	if err != nil {
		return nil, err
	}
	r := bufio.NewReader(conn)
	var resp *http.Response
	if err = req.Write(conn); err == nil {
		resp, err = http.ReadResponse(r, req)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &lostError{e.name(), errors.New(err.Error())}
	}
	defer resp.Body.Close()
	if err := e.refused(resp); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return nil, qlp.Errorf(qlp.Internal, "executor %s answers %s to an upgrade", e.name(), resp.Status)
	}
	return r, nil
}

func (e *executor) connect(ctx context.Context) (net.Conn, error) {
	host, port := e.base.Hostname(), e.base.Port()
	if e.base.Scheme == "http" {
		if port == "" {
			port = "80"
		}
		return e.dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	}
	if port == "" {
		port = "443"
	}
	cfg := e.cfg.TLS.Clone()
	if cfg == nil {
		cfg = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	cfg.NextProtos = []string{"http/1.1"}
	return (&tls.Dialer{NetDialer: e.dialer, Config: cfg}).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
}

// upgraded reads first what came together with the answer.
type upgraded struct {
	net.Conn

	r    *bufio.Reader
	once sync.Once
	err  error
}

// Read implements net.Conn.
func (u *upgraded) Read(p []byte) (int, error) { return u.r.Read(p) }

// CloseWrite ends one direction.
func (u *upgraded) CloseWrite() error {
	if half, ok := u.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return u.Conn.Close()
}

// Close implements net.Conn; it may be called twice.
func (u *upgraded) Close() error {
	u.once.Do(func() { u.err = u.Conn.Close() })
	return u.err
}
