package sandboxtest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// life is about the contract: who may do what when, and how things end.
func life(t T, o Options) {
	t.Run("not_started", func(t T) { notStarted(t, o) })
	t.Run("cancel", func(t T) { cancels(t, o) })
	t.Run("service", func(t T) { service(t, o) })
	t.Run("destroy", func(t T) { destroy(t, o) })
	t.Run("side_by_side", func(t T) { sideBySide(t, o) })
	t.Run("streams", func(t T) {
		b := NewBench(t, o, limits())
		var live bytes.Buffer
		res, err := b.Sandbox.Exec(t.Context(), sandbox.Cmd{Argv: []string{"cat"}, Stdin: strings.NewReader("in and out"), Stdout: &live})
		if err != nil || res.Verdict != sandbox.OK || string(res.Stdout) != "in and out" || live.String() != "in and out" {
			t.Errorf("%s %q %q %v", res.Verdict, res.Stdout, live.String(), err)
		}
		// A program that never reads must not hold anything up.
		res, err = b.Sandbox.Exec(t.Context(), sandbox.Cmd{Argv: []string{"true"}, Stdin: strings.NewReader(strings.Repeat("x", 1<<20))})
		if err != nil || res.Verdict != sandbox.OK {
			t.Errorf("%s %v", res.Verdict, err)
		}
		res, err = b.Sandbox.Exec(t.Context(), sandbox.Cmd{Argv: []string{"printf", "%s", "\xff\xfe"}, Env: map[string]string{"X": "\xff"}})
		if err != nil || string(res.Stdout) != "\xff\xfe" {
			t.Errorf("%q %v", res.Stdout, err)
		}
	})
	t.Run("facts_of_a_result", func(t T) {
		b := NewBench(t, o, limits())
		res := sh(t, b, `dd if=/dev/zero of=/dev/null bs=1M count=500 2>/dev/null; sleep 0.1`)
		if res.Wall < 100*time.Millisecond || res.CPU <= 0 || res.PeakMemory <= 0 || res.Engine == "" || res.Isolation == "" || len(res.Enforcement) < 11 {
			t.Errorf("%+v", res)
		}
		use, err := b.Sandbox.Stats(t.Context())
		if err != nil || use.InodesUsed <= 0 {
			t.Errorf("%+v %v", use, err)
		}
	})
}

func notStarted(t T, o Options) {
	b := NewBench(t, o, limits())
	err := sandbox.PutTree(t.Context(), b.Sandbox, map[string]sandbox.File{
		"plain": {Content: []byte("text")}, "rubbish": {Content: []byte("\x7fELFrubbish"), Mode: 0o755}, "noshell": {Content: []byte("#!/nowhere\n"), Mode: 0o755},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cmd    sandbox.Cmd
		reason string
	}{
		"missing":             {sandbox.Cmd{Argv: []string{"no-such-program"}}, sandbox.ReasonNotFound},
		"missing path":        {sandbox.Cmd{Argv: []string{"./no-such-program"}}, sandbox.ReasonNotFound},
		"not executable":      {sandbox.Cmd{Argv: []string{"./plain"}}, sandbox.ReasonNotExec},
		"wrong kind":          {sandbox.Cmd{Argv: []string{"./rubbish"}}, sandbox.ReasonNotExec},
		"missing interpreter": {sandbox.Cmd{Argv: []string{"./noshell"}}, sandbox.ReasonNotFound},
		"directory":           {sandbox.Cmd{Argv: []string{"/usr"}}, sandbox.ReasonNotExec},
		"bad dir":             {sandbox.Cmd{Argv: []string{"true"}, Dir: "nowhere"}, sandbox.ReasonBadDir},
	} {
		res, err := b.Sandbox.Exec(t.Context(), c.cmd)
		if err != nil || res.Verdict != sandbox.NotStarted || res.Reason != c.reason {
			t.Errorf("%s: %s %q %v", name, res.Verdict, res.Reason, err)
		}
	}
	if _, err := b.Sandbox.Exec(t.Context(), sandbox.Cmd{}); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("empty command: %v", err)
	}
	b.StillWorks(t)
	b.Gone(t)
}

func cancels(t T, o Options) {
	b := NewBench(t, o, limits())
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	start := time.Now()
	res, err := b.Sandbox.Exec(ctx, sandbox.Cmd{Argv: []string{"sh", "-c", `trap '' TERM INT; setsid sleep 300 & while :; do sleep 1; done`}})
	if err != nil || res.Verdict != sandbox.Canceled {
		t.Errorf("%s %v", res.Verdict, err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %s", took)
	}
	if _, err := b.Sandbox.Exec(ctx, sandbox.Cmd{Argv: []string{"true"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("exec with an ended context: %v", err)
	}
	b.StillWorks(t)
	b.Gone(t)
}

const echoServer = `
import socket
s = socket.create_server(("127.0.0.1", 8080))
print("listening", flush=True)
while True:
    c, _ = s.accept()
    c.sendall(c.recv(100).upper()); c.close()
`

func service(t T, o Options) {
	b := NewBench(t, o, limits())
	if _, err := b.Sandbox.Dial(t.Context(), 8080); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial before: %v", err)
	}
	p, err := b.Sandbox.Start(t.Context(), sandbox.Cmd{Argv: []string{"/usr/bin/python3", "-I", "-c", echoServer}})
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline) && got == nil; <-time.After(20 * time.Millisecond) {
		conn, err := b.Sandbox.Dial(t.Context(), 8080)
		if err != nil {
			continue
		}
		_, _ = conn.Write([]byte("shout"))
		buf := make([]byte, 100)
		n, _ := conn.Read(buf)
		conn.Close()
		got = buf[:n]
	}
	if string(got) != "SHOUT" {
		t.Errorf("the service said %q", got)
	}
	// A command beside the service ends by itself, and takes its own children with it, not the service.
	if res := sh(t, b, `sleep 300 & echo beside`); res.Verdict != sandbox.OK || string(res.Stdout) != "beside\n" {
		t.Errorf("%s %q", res.Verdict, res.Stdout)
	}
	if conn, err := b.Sandbox.Dial(t.Context(), 8080); err != nil {
		t.Errorf("dial after a command: %v", err)
	} else {
		conn.Close()
	}
	if err := p.Signal(t.Context(), syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	res, err := p.Wait(t.Context())
	if err != nil || res.Verdict != sandbox.Signaled || res.Signal != "SIGTERM" || !strings.Contains(string(res.Stdout), "listening") {
		t.Errorf("%s %q %q %v", res.Verdict, res.Signal, res.Stdout, err)
	}
	if again, err := p.Kill(t.Context()); err != nil || again.Verdict != sandbox.Signaled {
		t.Errorf("kill after the end: %s %v", again.Verdict, err)
	}
	b.StillWorks(t)
	b.Unharmed(t)
	b.Gone(t)
}

func destroy(t T, o Options) {
	b := NewBench(t, o, limits())
	p, err := b.Sandbox.Start(t.Context(), sandbox.Cmd{Argv: []string{"sh", "-c", `trap '' TERM; setsid sleep 300 & while :; do :; done`}})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	b.Gone(t)
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("destroy took %s", took)
	}
	if res, err := p.Wait(t.Context()); err != nil || res.Verdict != sandbox.Canceled || res.Reason != sandbox.ReasonDestroyed {
		t.Errorf("%s %q %v", res.Verdict, res.Reason, err)
	}
	if _, err := b.Sandbox.Exec(t.Context(), sandbox.Cmd{Argv: []string{"true"}}); !errors.Is(err, sandbox.ErrDestroyed) {
		t.Errorf("exec after: %v", err)
	}
	if err := b.Sandbox.Destroy(t.Context()); err != nil {
		t.Errorf("destroy again: %v", err)
	}
}

// sideBySide: state of one sandbox is not seen in another, nor of an earlier one in a later.
func sideBySide(t T, o Options) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			b := NewBench(t, o, limits())
			for range 3 {
				res := sh(t, b, `ls -A /work /tmp/home /dev/shm /var/tmp/ | grep -c secret; mkdir -p x; echo a >/work/secret$$; echo a >/tmp/secret$$; ipcs -m 2>/dev/null | grep -c 0x; rm -f /work/secret* /tmp/secret*`)
				if !strings.HasPrefix(string(res.Stdout), "0\n") {
					t.Errorf("%q", res.Stdout)
				}
			}
			sh(t, b, `echo a >/work/secret; echo a >/tmp/secret; echo a >/dev/shm/secret`)
			b.Gone(t)
		})
	}
	wg.Wait()
}
