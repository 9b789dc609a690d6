package egress

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

// world is a registry behind TLS, a mirror without, and a proxy whose names and addresses are this test's own.
type world struct {
	*Proxy
	registry, mirror *httptest.Server
	names            map[string]string // name → address
	dialled          chan string
}

func newWorld(t *testing.T, rules Rules) *world {
	t.Helper()
	say := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "http://169.254.169.254/secret", http.StatusFound)
		case "/large":
			_, _ = w.Write(make([]byte, 1<<20))
		default:
			_, _ = fmt.Fprintf(w, "%s %s", r.Method, r.URL.Path)
			for _, name := range []string{"Authorization", "Cookie", "Proxy-Authorization"} {
				_, _ = io.WriteString(w, r.Header.Get(name))
			}
		}
	})
	w := &world{registry: httptest.NewTLSServer(say), mirror: httptest.NewServer(say), dialled: make(chan string, 100)}
	t.Cleanup(w.registry.Close)
	t.Cleanup(w.mirror.Close)
	w.names = map[string]string{
		"registry.example": "8.8.8.8", "sub.registry.example": "8.8.8.8", "mirror.example": "8.8.4.4", "inner.example": "10.1.2.3", "self.example": "127.0.0.1",
		"meta.example": "169.254.169.254", "six.example": "::ffff:127.0.0.1", "nat64.example": "64:ff9b::7f00:1", "ula.example": "fd00::1", "azure.example": "168.63.129.16",
	}
	var err error
	w.Proxy, err = New(rules,
		func(_ context.Context, name string) ([]netip.Addr, error) {
			if at, ok := w.names[name]; ok {
				return []netip.Addr{netip.MustParseAddr(at)}, nil
			}
			return nil, errors.New("no such host")
		},
		func(ctx context.Context, at netip.AddrPort) (net.Conn, error) {
			w.dialled <- at.String()
			server := w.mirror
			if at.Addr().String() == "8.8.8.8" {
				server = w.registry
			}
			return new(net.Dialer).DialContext(ctx, "tcp", server.Listener.Addr().String())
		})
	if err != nil {
		t.Fatal(err)
	}
	w.patient = 500 * time.Millisecond
	return w
}

// open returns the inside end of a connection that the proxy serves.
func (w *world) open(t *testing.T) net.Conn {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		c, err := l.Accept()
		_ = l.Close()
		if err == nil {
			w.Serve(c)
		}
	}()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	t.Cleanup(func() { conn.Close(); <-served })
	return conn
}

// send writes text and returns the status that came back, 0 for none.
func send(t *testing.T, conn net.Conn, text string) (int, string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	if strings.HasPrefix(text, "CONNECT") && res.StatusCode == http.StatusOK {
		return res.StatusCode, ""
	}
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(b)
}

func (w *world) last(t *testing.T) Decision {
	t.Helper()
	waitFor(t, w)
	lines, _ := w.Decisions()
	return lines[len(lines)-1]
}

var rules = Rules{
	Hosts: []string{"Registry.Example", ".registry.example", "inner.example", "self.example", "meta.example", "six.example", "nat64.example", "ula.example", "azure.example"},
	Plain: []string{"mirror.example:8081", "inner.example:80"},
}

// TestAClientThroughTheProxy uses the standard library's client, as Go's own tools do.
func TestAClientThroughTheProxy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, rules)
	front := httptest.NewUnstartedServer(nil)
	l := front.Listener
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go w.Serve(c)
		}
	}()
	proxy := &url.URL{Scheme: "http", Host: l.Addr().String()}
	trust := w.registry.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	trust.InsecureSkipVerify = true // the certificate is for another name; who answers is shown by the content
	c := &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: trust},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer c.CloseIdleConnections()
	for at, want := range map[string]string{
		"https://registry.example/a": "GET /a", "https://sub.registry.example/b": "GET /b", "http://mirror.example:8081/c": "GET /c", "http://mirror.example:8081/redirect": "302",
		"http://user:secret@mirror.example:8081/d": "GET /d", "http://registry.example/e": "403", "http://169.254.169.254/secret": "403",
	} {
		res, err := c.Get(at)
		if err != nil {
			t.Errorf("%s: %v", at, err)
			continue
		}
		b, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if got := string(b); got != want && fmt.Sprint(res.StatusCode) != want {
			t.Errorf("%s: %d %q, want %s", at, res.StatusCode, got, want)
		}
	}
	for _, at := range []string{"https://elsewhere.example/", "https://registry.example:22/", "https://inner.example/", "https://8.8.8.8/"} {
		if res, err := c.Get(at); err == nil {
			_ = res.Body.Close()
			t.Errorf("%s: %d", at, res.StatusCode)
		}
	}
}

func TestAttacks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		status int
		says   string
	}{
		"another name":           {"CONNECT elsewhere.example:443 HTTP/1.1\r\n\r\n", 403, "not on the list"},
		"a longer name":          {"CONNECT registry.example.evil:443 HTTP/1.1\r\n\r\n", 403, "not on the list"},
		"a name that ends so":    {"CONNECT evilregistry.example:443 HTTP/1.1\r\n\r\n", 403, "not on the list"},
		"another port":           {"CONNECT registry.example:22 HTTP/1.1\r\n\r\n", 403, "port 22"},
		"an address":             {"CONNECT 8.8.8.8:443 HTTP/1.1\r\n\r\n", 403, "not on the list"},
		"an IPv6 address":        {"CONNECT [::1]:443 HTTP/1.1\r\n\r\n", 403, "not on the list"},
		"an old address":         {"CONNECT 0x7f.1:443 HTTP/1.1\r\n\r\n", 400, "is an address"},
		"a decimal address":      {"CONNECT 2130706433:443 HTTP/1.1\r\n\r\n", 400, "is an address"},
		"a private address":      {"CONNECT inner.example:443 HTTP/1.1\r\n\r\n", 502, "no public address"},
		"this machine":           {"CONNECT self.example:443 HTTP/1.1\r\n\r\n", 502, "no public address"},
		"the metadata service":   {"CONNECT meta.example:443 HTTP/1.1\r\n\r\n", 502, "no public address"},
		"IPv4 in IPv6":           {"CONNECT six.example:443 HTTP/1.1\r\n\r\n", 502, "no public address"},
		"NAT64":                  {"CONNECT nat64.example:443 HTTP/1.1\r\n\r\n", 502, "no public address"},
		"a unique local":         {"CONNECT ula.example:443 HTTP/1.1\r\n\r\n", 502, "no public address"},
		"Azure's platform":       {"CONNECT azure.example:443 HTTP/1.1\r\n\r\n", 502, "no public address"},
		"no port":                {"CONNECT registry.example HTTP/1.1\r\n\r\n", 400, "host and port"},
		"port 0":                 {"CONNECT registry.example:0 HTTP/1.1\r\n\r\n", 400, "host and port"},
		"a large port":           {"CONNECT registry.example:65979 HTTP/1.1\r\n\r\n", 400, "host and port"},
		"a space in the name":    {"CONNECT registry.example\t.evil:443 HTTP/1.1\r\n\r\n", 400, ""},
		"a NUL in the name":      {"CONNECT registry.example\x00.evil:443 HTTP/1.1\r\n\r\n", 400, ""},
		"no request":             {"\x16\x03\x01\x00\x05hello\r\n\r\n", 400, "no request"},
		"relative":               {"GET /etc/passwd HTTP/1.1\r\nHost: mirror.example:8081\r\n\r\n", 400, "this is a proxy"},
		"another scheme":         {"GET ftp://mirror.example:8081/ HTTP/1.1\r\nHost: x\r\n\r\n", 400, "this is a proxy"},
		"the proxy itself":       {"GET http://127.0.0.1:3128/ HTTP/1.1\r\nHost: x\r\n\r\n", 403, "not on the list"},
		"Host lies":              {"GET http://169.254.169.254/ HTTP/1.1\r\nHost: mirror.example:8081\r\n\r\n", 403, "not on the list"},
		"TLS host without TLS":   {"GET http://registry.example/ HTTP/1.1\r\nHost: registry.example\r\n\r\n", 403, "not on the list"},
		"a mirror inside":        {"GET http://inner.example/ HTTP/1.1\r\nHost: inner.example\r\n\r\n", 502, "no public address"},
		"publishing":             {"PUT http://mirror.example:8081/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", 405, "only GET and HEAD"},
		"a body":                 {"GET http://mirror.example:8081/x HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nsecret", 400, "body"},
		"a body in parts":        {"GET http://mirror.example:8081/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecret\r\n0\r\n\r\n", 400, "body"},
		"two lengths":            {"GET http://mirror.example:8081/x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 9\r\n\r\n", 400, "no request"},
		"a head without end":     {"GET http://mirror.example:8081/x HTTP/1.1\r\nX: " + strings.Repeat("x", 2*maxHead), 400, "no request"},
		"a slow head":            {"CONNECT registry.example:443 HTTP/1.1\r\nX", 400, "no request"},
		"a dot that looks alike": {"CONNECT registry\u3002example\u3002evil:443 HTTP/1.1\r\n\r\n", 403, "not on the list"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, rules)
			status, body := send(t, w.open(t), c.text)
			if status != c.status || !strings.Contains(body, c.says) {
				t.Errorf("%d %q, want %d with %q", status, body, c.status, c.says)
			}
			if len(w.dialled) > 0 {
				t.Errorf("%s was dialled", <-w.dialled)
			}
			if d := w.last(t); d.Allowed || d.Reason == "" {
				t.Errorf("written down as %+v", d)
			}
		})
	}
}

// What comes after an allowed CONNECT must be a TLS greeting for the same name.
func TestWhatComesAfterConnect(t *testing.T) {
	t.Parallel()
	greet := func(cfg *tls.Config) func(net.Conn) error {
		return func(c net.Conn) error { return tls.Client(c, cfg).Handshake() }
	}
	for name, c := range map[string]struct {
		then func(net.Conn) error
		says string
	}{
		"another name": {greet(&tls.Config{ServerName: "elsewhere.example", InsecureSkipVerify: true}), `the TLS greeting "elsewhere.example"`},
		"no name":      {greet(&tls.Config{InsecureSkipVerify: true}), `the TLS greeting ""`},
		"not TLS":      {func(c net.Conn) error { _, err := io.WriteString(c, "SSH-2.0-x\r\n"); return err }, "no TLS greeting"},
		"CONNECT again": {func(c net.Conn) error {
			_, err := io.WriteString(c, "CONNECT elsewhere.example:443 HTTP/1.1\r\n\r\n")
			return err
		}, "no TLS greeting"},
		"nothing": {func(net.Conn) error { return nil }, "no TLS greeting"},
		"a record too long": {func(c net.Conn) error {
			_, err := c.Write(append([]byte{22, 3, 1, 255, 255}, make([]byte, 70000)...))
			return err
		}, "no TLS greeting"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, rules)
			conn := w.open(t)
			if status, _ := send(t, conn, "CONNECT registry.EXAMPLE.:443 HTTP/1.1\r\n\r\n"); status != http.StatusOK {
				t.Fatalf("status %d", status)
			}
			_ = c.then(conn)
			if b, err := io.ReadAll(conn); len(b) > 0 {
				t.Errorf("%q came back, %v", b, err)
			}
			if d := w.last(t); d.Allowed || !strings.Contains(d.Reason, c.says) || d.Host != "registry.example" || d.Address != "8.8.8.8:443" {
				t.Errorf("written down as %+v, want %q", d, c.says)
			}
		})
	}
}

// waitFor waits until a decision is written down.
func waitFor(t *testing.T, w *world) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		if lines, _ := w.Decisions(); len(lines) > 0 {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		<-ctx.Done()
		cancel()
	}
	t.Fatal("nothing was written down")
}

func TestLimitsOfAJob(t *testing.T) {
	t.Parallel()
	get := "GET http://mirror.example:8081%s HTTP/1.1\r\nHost: x\r\nAuthorization: secret\r\nCookie: secret\r\nProxy-Authorization: secret\r\n\r\n"
	limited := rules
	limited.Bytes, limited.Connections = 100_000, 2
	w := newWorld(t, limited)
	if status, body := send(t, w.open(t), fmt.Sprintf(get, "/small")); status != http.StatusOK || body != "GET /small" {
		t.Errorf("%d %q", status, body)
	}
	if _, body := send(t, w.open(t), fmt.Sprintf(get, "/large")); len(body) >= 100_000 {
		t.Errorf("%d bytes came through", len(body))
	}
	if status, body := send(t, w.open(t), fmt.Sprintf(get, "/small")); status != http.StatusTooManyRequests || !strings.Contains(body, "2 connections") {
		t.Errorf("%d %q", status, body)
	}
	short := rules
	short.Time = time.Nanosecond
	w = newWorld(t, short)
	if status, body := send(t, w.open(t), fmt.Sprintf(get, "/small")); status != http.StatusTooManyRequests || !strings.Contains(body, "time for fetching") {
		t.Errorf("%d %q", status, body)
	}
	w = newWorld(t, Rules{})
	if status, _ := send(t, w.open(t), "CONNECT registry.example:443 HTTP/1.1\r\n\r\n"); status != http.StatusForbidden {
		t.Errorf("no rules: %d", status)
	}
}

func TestOwnMirrorMayBeInside(t *testing.T) {
	t.Parallel()
	own := Rules{Plain: []string{"inner.example:8081", "10.9.9.9:80"}, Private: []string{"inner.example:8081", "10.9.9.9:80"}}
	w := newWorld(t, own)
	for at, want := range map[string]int{"inner.example:8081": 200, "10.9.9.9": 200, "inner.example:80": 403, "10.9.9.8": 403} {
		if status, body := send(t, w.open(t), "GET http://"+at+"/x HTTP/1.1\r\nHost: x\r\n\r\n"); status != want {
			t.Errorf("%s: %d %q", at, status, body)
		}
	}
}
