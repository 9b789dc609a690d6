package sandboxtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox"
)

// wayOut is about the one way out: it is there if asked for, it is the only one, and it ends with the sandbox.
func wayOut(t T, o Options) {
	caps, err := o.Driver.Capabilities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !caps.Egress {
		spec := o.Spec
		spec.Egress = func(c net.Conn) { _ = c.Close() }
		if _, err := o.Driver.Create(t.Context(), spec); !errors.Is(err, sandbox.ErrUnsupported) {
			t.Errorf("a driver without egress was asked for it: %v", err)
		}
		return
	}
	t.Run("none", func(t T) {
		b := NewBench(t, o, limits())
		if res := sh(t, b, `command -v bash >/dev/null || exit 0; bash -c 'exec 3<>/dev/tcp/127.0.0.1/3128' 2>/dev/null && echo open; env | grep -i proxy; true`); len(res.Stdout) > 0 {
			t.Errorf("there is a way out that nobody gave: %q", res.Stdout)
		}
	})
	t.Run("serves", func(t T) { egressServes(t, o) })
	t.Run("is_the_only_way", func(t T) {
		b := egressBench(t, o, func(c net.Conn) { _ = c.Close() })
		res := sh(t, b, `bash -c 'exec 3<>/dev/tcp/127.0.0.1/'$PORT 2>/dev/null && echo open; bash -c 'exec 3<>/dev/tcp/1.1.1.1/443' 2>/dev/null && echo open; true`)
		if len(res.Stdout) > 0 {
			t.Errorf("another way is open: %q", res.Stdout)
		}
		b.Unharmed(t)
	})
	t.Run("cannot_be_taken", func(t T) {
		b := egressBench(t, o, func(c net.Conn) { _, _ = io.WriteString(c, "from outside"); _ = c.Close() })
		py(t, b, `
import socket
for family, where in ((socket.AF_INET, ("127.0.0.1", 3128)), (socket.AF_INET, ("0.0.0.0", 3128))):
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        s.bind(where); s.listen()
        print("taken", where)
    except OSError:
        pass
print(socket.create_connection(("127.0.0.1", 3128)).recv(100).decode())
`, "from outside")
	})
	t.Run("ends_with_the_sandbox", func(t T) { egressEnds(t, o) })
}

// egressBench is a Bench with a way out.
func egressBench(t T, o Options, serve func(net.Conn)) *Bench {
	t.Helper()
	o.Spec.Egress = serve
	return NewBench(t, o, limits())
}

func py(t T, b *Bench, program, says string) {
	t.Helper()
	res, err := b.Sandbox.Exec(t.Context(), sandbox.Cmd{Argv: []string{"python3", "-c", program}})
	if err != nil {
		t.Fatal(err)
	}
	if res.Reason == sandbox.ReasonNotFound {
		t.Skip("there is no Python in this sandbox")
	}
	if res.Verdict != sandbox.OK || strings.TrimSpace(string(res.Stdout)) != says {
		t.Errorf("%s %q %q, want %q", res.Verdict, res.Stdout, res.Stderr, says)
	}
}

// egressServes holds many connections at once to what each of them said.
func egressServes(t T, o Options) {
	var served atomic.Int32
	b := egressBench(t, o, func(c net.Conn) {
		defer c.Close()
		served.Add(1)
		line, err := bufio.NewReader(c).ReadString('\n')
		if err == nil {
			_, _ = fmt.Fprintf(c, "you said %s", line)
		}
	})
	py(t, b, `
import os, socket, threading
assert os.environ["HTTPS_PROXY"] == os.environ["http_proxy"] == "http://127.0.0.1:3128", os.environ
good = []
def talk(i):
    with socket.create_connection(("127.0.0.1", 3128)) as s:
        s.sendall(b"%d\n" % i)
        if s.makefile().readline() == "you said %d\n" % i:
            good.append(i)
for round in range(5):
    threads = [threading.Thread(target=talk, args=(i,)) for i in range(40)]
    [t.start() for t in threads]
    [t.join() for t in threads]
print(len(good))
`, "200")
	if n := served.Load(); n != 200 {
		t.Errorf("%d connections came out", n)
	}
}

// egressEnds destroys a sandbox while more connections than are served at once are open.
func egressEnds(t T, o Options) {
	var open atomic.Int32
	o.Spec.Egress = func(c net.Conn) {
		open.Add(1)
		defer open.Add(-1)
		defer c.Close()
		_, _ = io.Copy(io.Discard, c) // until the other side, or the sandbox, ends
	}
	spec := o.Spec
	spec.Limits = limits()
	sb, err := o.Driver.Create(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	p, err := sb.Start(t.Context(), sandbox.Cmd{Argv: []string{"python3", "-c", `
import socket, time
held = [socket.create_connection(("127.0.0.1", 3128)) for _ in range(100)]
time.sleep(60)
`}})
	if err != nil {
		_ = sb.Destroy(t.Context())
		t.Skipf("no Python in this sandbox: %v", err)
	}
	for deadline := time.Now().Add(10 * time.Second); open.Load() == 0 && time.Now().Before(deadline); {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, _ = p.Wait(ctx)
		cancel()
	}
	if open.Load() == 0 {
		t.Error("no connection came out")
	}
	if err := sb.Destroy(t.Context()); err != nil {
		t.Error(err)
	}
	if n := open.Load(); n != 0 {
		t.Errorf("%d connections are still served after Destroy", n)
	}
}
