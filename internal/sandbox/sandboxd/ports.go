package sandboxd

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd/wire"
)

func port(r *http.Request) (int, error) {
	n, err := strconv.Atoi(r.PathValue("port"))
	if err != nil || n < 1 || n > 65535 {
		return 0, qlp.Errorf(qlp.Invalid, "port %.20q", r.PathValue("port"))
	}
	return n, nil
}

// dial connects the caller with a port inside, byte for byte.
func (s *Server) dial(w http.ResponseWriter, r *http.Request, b *box) error {
	n, err := port(r)
	if err != nil {
		return err
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), wire.Upgrade) {
		return qlp.Errorf(qlp.Invalid, "this is for connections that upgrade to %s", wire.Upgrade).
			WithRemedy("to look at the service with a browser, add a slash: …/ports/%d/", n)
	}
	inside, err := b.sb.Dial(r.Context(), n)
	if err != nil {
		return err
	}
	outside, err := upgrade(w)
	if err != nil {
		_ = inside.Close()
		s.log.WarnContext(r.Context(), "Connection not upgraded", "sandbox", b.id, "err", err)
		return nil // it is taken over: there is nobody to tell
	}
	if !b.hold(outside) {
		_ = inside.Close()
		_ = outside.Close()
		return nil
	}
	defer b.release(outside)
	splice(inside, outside)
	return nil
}

// upgrade takes the connection over and says so.
func upgrade(w http.ResponseWriter) (net.Conn, error) {
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, fmt.Errorf("upgrade connection: %w", err)
	}
	_ = conn.SetDeadline(time.Time{})
	_, err = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "+wire.Upgrade+"\r\n\r\n")
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("upgrade connection: %w", err)
	}
	return &hijacked{Conn: conn, r: buf.Reader}, nil
}

// hijacked reads first what the server had read already.
type hijacked struct {
	net.Conn

	r *bufio.Reader
}

// Read implements net.Conn.
func (h *hijacked) Read(b []byte) (int, error) { return h.r.Read(b) }

// CloseWrite ends one direction.
func (h *hijacked) CloseWrite() error { return closeWrite(h.Conn) }

func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

// splice copies both ways until both ends have said that they are done, and closes both.
func splice(a, b net.Conn) {
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
		both.Go(func() {
			_, err := io.Copy(pair[0], pair[1])
			if err != nil || closeWrite(pair[0]) != nil {
				_ = a.Close()
				_ = b.Close()
			}
		})
	}
	both.Wait()
	_ = a.Close()
	_ = b.Close()
}

// preview shows a service of the sandbox to a person. The page is foreign: it must not act in the name of who looks at it,
// so it gets neither the token nor an origin of its own.
func (s *Server) preview(w http.ResponseWriter, r *http.Request, b *box) error {
	n, err := port(r)
	if err != nil {
		return err
	}
	prefix := fmt.Sprintf("/v1/sandboxes/%s/ports/%d", b.id, n)
	proxy := &httputil.ReverseProxy{
		Transport: &http.Transport{
			DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return b.sb.Dial(ctx, n) },
			DisableKeepAlives: true, ResponseHeaderTimeout: s.cfg.Patience, DisableCompression: true,
		},
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(&url.URL{Scheme: "http", Host: "127.0.0.1:" + strconv.Itoa(n)})
			p.Out.URL.Path = strings.TrimPrefix(p.In.URL.Path, prefix)
			p.Out.URL.RawPath = strings.TrimPrefix(p.In.URL.RawPath, prefix)
			p.Out.Header.Del("Authorization")
			p.Out.Header.Set("X-Forwarded-Prefix", prefix)
		},
		ModifyResponse: func(resp *http.Response) error {
			resp.Header.Set("Content-Security-Policy", "sandbox allow-scripts allow-forms")
			for _, h := range []string{"Set-Cookie", "Service-Worker-Allowed", "Clear-Site-Data", "Strict-Transport-Security", "Access-Control-Allow-Origin"} {
				resp.Header.Del(h)
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) { s.fail(w, err) },
	}
	proxy.ServeHTTP(w, r)
	return nil
}
