package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// forward serves GET and HEAD to a mirror without TLS. A redirect goes back to the client, which must ask again.
func (p *Proxy) forward(ctx context.Context, conn net.Conn, req *http.Request, d *Decision) (int, error) {
	if !req.URL.IsAbs() || req.URL.Scheme != "http" || req.URL.Host == "" {
		return http.StatusBadRequest, errors.New("this is a proxy: ask with CONNECT, or with a whole http address")
	}
	at := req.URL.Host
	if req.URL.Port() == "" {
		at = net.JoinHostPort(req.URL.Hostname(), "80")
	}
	name, port, err := target(at, d)
	if err != nil {
		return http.StatusBadRequest, err
	}
	switch {
	case req.Method != http.MethodGet && req.Method != http.MethodHead:
		return http.StatusMethodNotAllowed, errors.New("only GET and HEAD go out without TLS")
	case req.ContentLength != 0 || len(req.TransferEncoding) > 0:
		return http.StatusBadRequest, errors.New("a request without TLS may not carry a body")
	case req.URL.User != nil:
		return http.StatusBadRequest, errors.New("the address carries a password")
	case !p.rules.allowsPlain(name, port):
		return http.StatusForbidden, fmt.Errorf("%s port %d is not on the list of mirrors without TLS", name, port)
	}
	out, err := p.reach(ctx, name, port, d)
	if err != nil {
		return http.StatusBadGateway, err
	}
	defer out.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close(); _ = out.Close() })
	defer stop()
	_ = out.SetDeadline(time.Now().Add(idleTime))
	clean := &http.Request{
		Method: req.Method, URL: req.URL, Host: req.URL.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Close: true,
		Header: kept(req.Header, "Accept", "Accept-Encoding", "User-Agent", "If-None-Match", "If-Modified-Since", "Range"),
	}
	if err := clean.Write(out); err != nil {
		return http.StatusBadGateway, fmt.Errorf("%s went away", name)
	}
	d.Allowed, d.Reason = true, "on the list of mirrors without TLS"
	_ = conn.SetDeadline(time.Time{})
	d.Received = p.pipe(conn, out, out)
	return 0, nil
}

func kept(from http.Header, names ...string) http.Header {
	h := http.Header{}
	for _, name := range names {
		if v := from.Get(name); v != "" {
			h.Set(name, v)
		}
	}
	return h
}
