package egress

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// tunnel serves CONNECT: TLS to an allowed name, and nothing else.
func (p *Proxy) tunnel(ctx context.Context, conn net.Conn, in *bufio.Reader, req *http.Request, d *Decision) (int, error) {
	name, port, err := target(req.RequestURI, d)
	if err != nil {
		return http.StatusBadRequest, err
	}
	if !p.rules.allowsTLS(name, port) {
		return http.StatusForbidden, fmt.Errorf("%s port %d is not on the list", name, port)
	}
	out, err := p.reach(ctx, name, port, d)
	if err != nil {
		return http.StatusBadGateway, err
	}
	defer out.Close()
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return 0, errors.New("the client went away")
	}
	_ = conn.SetDeadline(time.Now().Add(p.patient))
	// What the client sent on top of its request is in the reader still.
	early, _ := in.Peek(in.Buffered())
	said, sni, err := greeting(ctx, io.MultiReader(bytes.NewReader(early), conn))
	if err != nil {
		return 0, err
	}
	if sni != name {
		return 0, fmt.Errorf("CONNECT names %s, the TLS greeting %q", name, cut(sni))
	}
	d.Allowed, d.Reason = true, "on the list"
	p.relay(ctx, conn, out, said, d)
	return 0, nil
}

// relay copies both ways until either side, the job's bytes or its time come to an end.
func (p *Proxy) relay(ctx context.Context, inside, outside net.Conn, first []byte, d *Decision) {
	stop := context.AfterFunc(ctx, func() { _ = inside.Close(); _ = outside.Close() })
	defer stop()
	var both sync.WaitGroup
	var sent, received int64
	both.Go(func() { sent = p.pipe(outside, io.MultiReader(bytes.NewReader(first), inside), inside) })
	both.Go(func() { received = p.pipe(inside, outside, outside) })
	both.Wait()
	d.Sent, d.Received = sent, received
	switch {
	case p.bytes.Load() > p.rules.Bytes:
		d.Reason = fmt.Sprintf("on the list; cut off: the job has had its %d bytes", p.rules.Bytes)
	case ctx.Err() != nil:
		d.Reason = "on the list; cut off: the job's time for fetching is over"
	}
}

// pipe copies from r, which reads from source, and says how much.
func (p *Proxy) pipe(to net.Conn, r io.Reader, source net.Conn) int64 {
	buf := make([]byte, 32<<10)
	var total int64
	for {
		_ = source.SetReadDeadline(time.Now().Add(idleTime))
		n, err := r.Read(buf)
		if n > 0 {
			if p.bytes.Add(int64(n)) > p.rules.Bytes {
				_, _ = to.Close(), source.Close()
				return total
			}
			_ = to.SetWriteDeadline(time.Now().Add(idleTime))
			m, werr := to.Write(buf[:n])
			total += int64(m)
			if werr != nil {
				_ = source.Close()
				return total
			}
		}
		if err != nil {
			if half, ok := to.(interface{ CloseWrite() error }); ok && errors.Is(err, io.EOF) {
				_ = half.CloseWrite()
			} else {
				_, _ = to.Close(), source.Close()
			}
			return total
		}
	}
}

// extensionECH marks a greeting whose real name is hidden.
const extensionECH = 0xfe0d

var errHeard = errors.New("the greeting is read")

// greeting reads a TLS ClientHello with the standard library's parser, and returns it as it was sent, and the name in it.
func greeting(ctx context.Context, from io.Reader) ([]byte, string, error) {
	l := &listener{from: io.LimitReader(from, maxHead)}
	var name string
	var hidden bool
	err := tls.Server(l, &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		name, hidden = strings.ToLower(strings.TrimSuffix(h.ServerName, ".")), slices.Contains(h.Extensions, extensionECH)
		return nil, errHeard
	}}).HandshakeContext(ctx)
	switch {
	case !errors.Is(err, errHeard):
		return nil, "", errors.New("no TLS greeting came")
	case hidden:
		return nil, "", errors.New("the TLS greeting hides the name it is for")
	}
	return l.heard.Bytes(), name, nil
}

// listener hears a greeting and never answers.
type listener struct {
	from  io.Reader
	heard bytes.Buffer
}

func (l *listener) Read(b []byte) (int, error) {
	n, err := l.from.Read(b)
	l.heard.Write(b[:n])
	return n, err
}

func (l *listener) Write(b []byte) (int, error)      { return len(b), nil }
func (l *listener) Close() error                     { return nil }
func (l *listener) LocalAddr() net.Addr              { return nil }
func (l *listener) RemoteAddr() net.Addr             { return nil }
func (l *listener) SetDeadline(time.Time) error      { return nil }
func (l *listener) SetReadDeadline(time.Time) error  { return nil }
func (l *listener) SetWriteDeadline(time.Time) error { return nil }
