package egress

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Times and sizes of one connection.
const (
	headTime = 10 * time.Second // for a request's head, and for a TLS greeting
	dialTime = 15 * time.Second
	idleTime = 2 * time.Minute
	maxHead  = 16 << 10
)

// Resolve finds the addresses of a name.
type Resolve func(ctx context.Context, name string) ([]netip.Addr, error)

// Dial connects to an address that was checked.
type Dial func(ctx context.Context, at netip.AddrPort) (net.Conn, error)

// Proxy serves the connections of one job. Its methods may be used from many goroutines.
type Proxy struct {
	rules   Rules
	resolve Resolve
	dial    Dial
	ends    time.Time
	patient time.Duration // headTime, or less in a test
	bytes   atomic.Int64
	conns   atomic.Int64 // made so far
	open    atomic.Int64 // of these, not yet over
	book    book
}

// New makes a Proxy. resolve and dial may be nil: the machine's own.
func New(rules Rules, resolve Resolve, dial Dial) (*Proxy, error) {
	rules, err := rules.Clean()
	if err != nil {
		return nil, err
	}
	if resolve == nil {
		resolve = func(ctx context.Context, name string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		}
	}
	if dial == nil {
		var d net.Dialer
		dial = func(ctx context.Context, at netip.AddrPort) (net.Conn, error) {
			return d.DialContext(ctx, "tcp", at.String())
		}
	}
	return &Proxy{rules: rules, resolve: resolve, dial: dial, ends: time.Now().Add(rules.Time), patient: headTime}, nil
}

// Decisions returns what was decided so far, and how many decisions more there were than are kept.
func (p *Proxy) Decisions() ([]Decision, int) { return p.book.all() }

// Settle waits until every connection is over and written down, but no longer than patience: a decision is one only with the
// bytes that went through it. Programs that are dead have closed theirs.
func (p *Proxy) Settle(patience time.Duration) {
	for end := time.Now().Add(patience); p.open.Load() > 0 && time.Now().Before(end); {
		<-time.After(5 * time.Millisecond)
	}
}

// Serve answers one connection from inside, and closes it. It is what Spec.Egress wants.
func (p *Proxy) Serve(conn net.Conn) {
	p.open.Add(1)
	defer conn.Close()
	d := Decision{At: time.Now().UTC()}
	defer func() {
		d.MS = time.Since(d.At).Milliseconds()
		p.book.add(d)
		p.open.Add(-1)
	}()
	ctx, cancel := context.WithDeadline(context.Background(), p.ends)
	defer cancel()
	// A head that is not finished in time, or has no end, ends the connection.
	_ = conn.SetDeadline(time.Now().Add(p.patient))
	in := bufio.NewReader(io.LimitReader(conn, maxHead))
	req, err := http.ReadRequest(in)
	if err != nil {
		d.Reason = "no request could be read"
		answer(conn, http.StatusBadRequest, d.Reason)
		return
	}
	d.Method = cut(req.Method)
	status, err := p.handle(ctx, conn, in, req, &d)
	if err != nil {
		d.Reason = err.Error()
	}
	if status != 0 {
		answer(conn, status, d.Reason)
	}
}

// handle returns a status if the connection is still to be answered with one.
func (p *Proxy) handle(ctx context.Context, conn net.Conn, in *bufio.Reader, req *http.Request, d *Decision) (int, error) {
	if int(p.conns.Add(1)) > p.rules.Connections {
		return http.StatusTooManyRequests, fmt.Errorf("the job has made its %d connections", p.rules.Connections)
	}
	if time.Now().After(p.ends) {
		return http.StatusTooManyRequests, errors.New("the job's time for fetching is over")
	}
	if req.Method == http.MethodConnect {
		return p.tunnel(ctx, conn, in, req, d)
	}
	return p.forward(ctx, conn, req, d)
}

// target takes host:port of a request apart and notes it.
func target(hostport string, d *Decision) (string, int, error) {
	host, portText, err := net.SplitHostPort(hostport)
	port, perr := strconv.Atoi(portText)
	d.Host, d.Port = cut(host), port
	if err != nil || perr != nil || port < 1 || port > 65535 {
		return "", 0, errors.New("the request does not name host and port")
	}
	var name string
	if addr, err := netip.ParseAddr(host); err == nil {
		name = addr.Unmap().String()
	} else if name, err = cleanName(host); err != nil {
		return "", 0, err
	}
	d.Host = name
	return name, port, nil
}

// reach resolves a name once, checks the address, and connects to that very address.
func (p *Proxy) reach(ctx context.Context, name string, port int, d *Decision) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	addrs := []netip.Addr{}
	if literal, err := netip.ParseAddr(name); err == nil {
		addrs = append(addrs, literal)
	} else if addrs, err = p.resolve(ctx, name); err != nil {
		return nil, fmt.Errorf("the name %s is not found", name)
	}
	own := p.rules.allowsPrivate(name, port)
	refused := 0
	var err error
	for _, addr := range addrs {
		if !own && !public(addr) {
			refused++
			continue
		}
		var conn net.Conn
		at := netip.AddrPortFrom(addr.Unmap(), uint16(port))
		if conn, err = p.dial(ctx, at); err == nil {
			d.Address = at.String()
			return conn, nil
		}
	}
	if refused > 0 && err == nil {
		return nil, fmt.Errorf("%s has no public address", name)
	}
	return nil, fmt.Errorf("%s cannot be reached", name)
}

// cut keeps foreign text short and printable in evidence.
func cut(s string) string {
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s[:min(len(s), 253)]), "")
}

func answer(conn net.Conn, status int, reason string) {
	_ = conn.SetDeadline(time.Now().Add(headTime))
	body := "qlp: " + reason + "\n"
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		status, http.StatusText(status), len(body), body)
}
