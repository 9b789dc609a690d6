package sandboxtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox/egress"
)

// proxy attacks QLP's own proxy from inside a sandbox that has it as its way out. Names, addresses and the world behind them
// are the suite's.
func proxy(t T, o Options) {
	caps, err := o.Driver.Capabilities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !caps.Egress {
		t.Skip("this driver has no way out")
	}
	attacks := []struct {
		name, python string
		decision     string // what one of the decisions says; "" that it was allowed
	}{
		{"allowed", `status("CONNECT Registry.EXAMPLE.:443 HTTP/1.1", 200)`, "no TLS greeting"},
		{"another name", `status("CONNECT elsewhere.example:443 HTTP/1.1", 403)`, "not on the list"},
		{"a name that goes on", `status("CONNECT registry.example.evil:443 HTTP/1.1", 403)`, "not on the list"},
		{"a name that ends so", `status("CONNECT evilregistry.example:443 HTTP/1.1", 403)`, "not on the list"},
		{"an address", `status("CONNECT 93.184.216.34:443 HTTP/1.1", 403)`, "not on the list"},
		{"a number", `status("CONNECT 2130706433:443 HTTP/1.1", 400)`, "is an address"},
		{"another port", `status("CONNECT registry.example:22 HTTP/1.1", 403)`, "port 22"},
		{"a name of this machine", `status("CONNECT self.example:443 HTTP/1.1", 502)`, "no public address"},
		{"a name of the metadata service", `status("CONNECT meta.example:443 HTTP/1.1", 502)`, "no public address"},
		{"a name that changes", `status("CONNECT rebind.example:443 HTTP/1.1", 200); status("CONNECT rebind.example:443 HTTP/1.1", 502)`, "no public address"},
		{"the host's loopback", `status("GET http://127.0.0.1:%s/ HTTP/1.1" % os.environ["PORT"], 403)`, "not on the list"},
		{"the host's loopback by CONNECT", `status("CONNECT 127.0.0.1:%s HTTP/1.1" % os.environ["PORT"], 403)`, "not on the list"},
		{"another name in the greeting", `
c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
s = say("CONNECT registry.example:443 HTTP/1.1"); s.recv(1000)
try: c.wrap_socket(s, server_hostname="elsewhere.example"); print("REACHED")
except OSError: pass`, "the TLS greeting"},
		{"a redirect", `
r = status("GET http://mirror.example:8081/ HTTP/1.1", 302)
to = [l.split(": ")[1] for l in r.split("\r\n") if l.lower().startswith("location: ")][0]
status("GET %s HTTP/1.1" % to, 403)`, "not on the list"},
		{"another host in the head", `
r = status("GET http://mirror.example:8081/ HTTP/1.1\r\nHost: 169.254.169.254", 302)
if "host mirror.example:8081" not in r: print("REACHED", r)`, ""},
		{"publishing", `status("PUT http://mirror.example:8081/x HTTP/1.1\r\nContent-Length: 1", 405)`, "only GET and HEAD"},
		{"a relay inside", `
l = socket.create_server(("127.0.0.1", 8099))
def relay():
    a, _ = l.accept(); b = socket.create_connection(("127.0.0.1", 3128))
    b.sendall(a.recv(1000)); a.sendall(b.recv(1000)); a.close()
threading.Thread(target=relay, daemon=True).start()
status("CONNECT elsewhere.example:443 HTTP/1.1", 403, port=8099)`, "not on the list"},
		{"two requests in one", `
s = say("GET http://mirror.example:8081/ HTTP/1.1\r\nHost: x\r\n\r\nGET http://127.0.0.1:%s/ HTTP/1.1" % os.environ["PORT"])
while s.recv(1000): pass`, ""},
	}
	for _, a := range attacks {
		t.Run(strings.ReplaceAll(a.name, " ", "_"), func(t T) { attack(t, o, a.python, a.decision) })
	}
}

const attackPrelude = `
import os, socket, ssl, threading
def say(head, port=3128):
    s = socket.create_connection(("127.0.0.1", port), 10)
    s.sendall((head + ("" if "\r\nHost:" in head else "\r\nHost: x") + "\r\n\r\n").encode())
    return s
def status(head, want, port=3128):
    s = say(head, port); r = s.recv(4000).decode(); s.close()
    if int((r.split() + ["", "0"])[1]) != want: print("REACHED", head, r)
    return r
`

func attack(t T, o Options, python, decision string) {
	t.Helper()
	world := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://169.254.169.254/latest")
		w.WriteHeader(http.StatusFound)
		_, _ = fmt.Fprintf(w, "host %s", r.Host)
	}))
	t.Cleanup(world.Close)
	var asked atomic.Int32
	door, err := egress.New(
		egress.Rules{Hosts: []string{"registry.example", "self.example", "meta.example", "rebind.example"}, Plain: []string{"mirror.example:8081"}},
		func(_ context.Context, name string) ([]netip.Addr, error) {
			at := map[string]string{"registry.example": "93.184.216.34", "mirror.example": "93.184.216.35", "self.example": "127.0.0.1", "meta.example": "169.254.169.254"}[name]
			if name == "rebind.example" { // asked one after the other
				at = []string{"93.184.216.36", "10.0.0.1"}[min(asked.Add(1)-1, 1)]
			}
			if at == "" {
				return nil, errors.New("no such host")
			}
			return []netip.Addr{netip.MustParseAddr(at)}, nil
		},
		func(ctx context.Context, at netip.AddrPort) (net.Conn, error) {
			if !strings.HasPrefix(at.Addr().String(), "93.184.216.") {
				t.Errorf("the proxy connected to %s", at)
			}
			return new(net.Dialer).DialContext(ctx, "tcp", world.Listener.Addr().String())
		})
	if err != nil {
		t.Fatal(err)
	}
	b := egressBench(t, o, door.Serve)
	py(t, b, attackPrelude+python+"\nprint('end')", "end")
	b.Unharmed(t)
	b.StillWorks(t)
	b.Gone(t)
	door.Settle(5 * time.Second)
	list, _ := door.Decisions()
	for _, d := range list { // in no order: each is written down when its connection is over
		if d.Allowed && decision == "" || decision != "" && strings.Contains(d.Reason, decision) {
			return
		}
	}
	t.Errorf("decisions %+v, want %q", list, decision)
}
