package remote_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/remote"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest"
)

// wire passes bytes to an executor until it is cut, as a machine that loses its power would.
type line struct {
	url string
	cut func()
}

func tap(t *testing.T, target string) line {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	context.AfterFunc(ctx, func() { _ = l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(target, "http://"))
			if err != nil {
				_ = in.Close()
				continue
			}
			context.AfterFunc(ctx, func() { _ = in.Close(); _ = out.Close() })
			go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
			go func() { _, _ = io.Copy(in, out); _ = in.Close() }()
		}
	}()
	return line{url: "http://" + l.Addr().String(), cut: cancel}
}

func sandboxOn(t *testing.T, d *remote.Driver, spec sandbox.Spec) sandbox.Sandbox {
	t.Helper()
	sb, err := d.Create(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Destroy(context.Background()); err != nil {
			t.Errorf("destroy: %v", err)
		}
	})
	return sb
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); <-time.After(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// TestExecutorDies cuts one of two executors off in the middle of a command. The command is not repeated elsewhere; new
// sandboxes are made on the other one.
func TestExecutorDies(t *testing.T) {
	nd := nativeDriver(t)
	first := tap(t, executor(t, sandboxd.Config{Driver: nd, Idle: time.Second}).url)
	second := executor(t, sandboxd.Config{Driver: nd})
	d := pool(t, remote.Config{Executors: []string{first.url, second.url}, Check: 50 * time.Millisecond})
	mark := "dies-" + t.Name()
	sb := sandboxOn(t, d, sandbox.Spec{Env: map[string]string{"MARK": mark}})
	if !strings.Contains(sb.ID(), strings.TrimPrefix(first.url, "http://")) {
		t.Fatalf("%s is not on the first of two equal executors", sb.ID())
	}
	service, err := sb.Start(t.Context(), sandbox.Cmd{Argv: []string{"sleep", "300"}})
	if err != nil {
		t.Fatal(err)
	}
	var live signalled
	time.AfterFunc(10*time.Second, first.cut)
	done := make(chan struct{})
	go func() {
		defer close(done)
		res, err := sb.Exec(context.Background(), sandbox.Cmd{Argv: []string{"sh", "-c", "echo begun; sleep 300"}, Stdout: &live})
		if err == nil || res.Verdict != sandbox.InternalError || res.Reason != sandbox.ReasonInitLost {
			t.Errorf("%s %q %v", res.Verdict, res.Reason, err)
		}
	}()
	eventually(t, "the command begins", live.came)
	first.cut()
	<-done
	if res, err := service.Wait(t.Context()); err == nil || res.Verdict != sandbox.InternalError {
		t.Errorf("the service: %s %v", res.Verdict, err)
	}
	eventually(t, "the sandbox is known to be gone", func() bool {
		_, err := sb.Exec(context.Background(), sandbox.Cmd{Argv: []string{"true"}})
		return errors.Is(err, sandbox.ErrDestroyed)
	})
	// The executor lives and has lost its caller: it kills by itself.
	eventually(t, "no process of it survives", func() bool { return len(sandboxtest.Survivors(mark)) == 0 })
	for range 3 {
		other := sandboxOn(t, d, sandbox.Spec{})
		res, err := other.Exec(t.Context(), sandbox.Cmd{Argv: []string{"true"}})
		if err != nil || res.Verdict != sandbox.OK {
			t.Errorf("on the other executor: %s %v", res.Verdict, err)
		}
	}
}

// signalled is a sink that tells that something came.
type signalled struct{ n atomic.Int64 }

func (s *signalled) Write(b []byte) (int, error) { s.n.Add(int64(len(b))); return len(b), nil }
func (s *signalled) came() bool                  { return s.n.Load() > 0 }

// TestOverload fills two executors; one sandbox more waits for one to end, and not for ever.
func TestOverload(t *testing.T) {
	nd := nativeDriver(t)
	a, b := executor(t, sandboxd.Config{Driver: nd, Max: 2}), executor(t, sandboxd.Config{Driver: nd, Max: 2})
	d := pool(t, remote.Config{Executors: []string{a.url, b.url}, Patience: 3 * time.Second})
	var held []sandbox.Sandbox
	per := map[string]int{}
	for range 4 {
		sb := sandboxOn(t, d, sandbox.Spec{})
		held = append(held, sb)
		machine, _, _ := strings.Cut(sb.ID(), "/")
		per[machine]++
	}
	if len(per) != 2 {
		t.Errorf("4 sandboxes on %v, want two on each", per)
	}
	impatient := pool(t, remote.Config{Executors: []string{a.url, b.url}, Patience: time.Millisecond})
	if _, err := impatient.Create(t.Context(), sandbox.Spec{}); qlp.CodeOf(err) != qlp.Unavailable || qlp.RemedyOf(err) == "" {
		t.Errorf("a fifth: %v", err)
	}
	time.AfterFunc(200*time.Millisecond, func() { _ = held[0].Destroy(context.Background()) })
	sandboxOn(t, d, sandbox.Spec{})
}

func TestBoundPerExecutor(t *testing.T) {
	m := executor(t, sandboxd.Config{Driver: nativeDriver(t)})
	d := pool(t, remote.Config{Executors: []string{m.url}, PerExecutor: 1, Patience: time.Millisecond})
	sandboxOn(t, d, sandbox.Spec{})
	if _, err := d.Create(t.Context(), sandbox.Spec{}); qlp.CodeOf(err) != qlp.Unavailable {
		t.Errorf("a second: %v", err)
	}
}

// TestStack has the executor find the toolchain; paths of the caller's machine are refused, or dropped if the stack is named.
func TestStack(t *testing.T) {
	dir := t.TempDir()
	var asked atomic.Value
	m := executor(t, sandboxd.Config{Driver: nativeDriver(t), Resolve: func(_ context.Context, stack string) (sandboxd.Equipment, error) {
		asked.Store(stack)
		if stack != "go" {
			return sandboxd.Equipment{}, qlp.Errorf(qlp.Unavailable, "there is no %s here", stack).WithRemedy("install it")
		}
		return sandboxd.Equipment{Mounts: []sandbox.Mount{{HostPath: dir, Path: "/tools"}}, Env: map[string]string{"WHERE": "there"}}, nil
	}})
	d := pool(t, remote.Config{Executors: []string{m.url}})
	mounts := []sandbox.Mount{{HostPath: "/nowhere/on/the/executor"}}
	if _, err := d.Create(t.Context(), sandbox.Spec{Mounts: mounts}); qlp.CodeOf(err) != qlp.Invalid || !errors.Is(err, sandbox.ErrUnsupported) || qlp.RemedyOf(err) == "" {
		t.Errorf("mounts without a stack: %v", err)
	}
	if _, err := d.Create(t.Context(), sandbox.Spec{Stack: "cobol"}); qlp.CodeOf(err) != qlp.Unavailable || qlp.RemedyOf(err) != "install it" {
		t.Errorf("a stack that is not there: %v, %q", err, qlp.RemedyOf(err))
	}
	sb := sandboxOn(t, d, sandbox.Spec{Stack: "go", Mounts: mounts, Env: map[string]string{"WHERE": "here", "OTHER": "kept"}})
	res, err := sb.Exec(t.Context(), sandbox.Cmd{Argv: []string{"sh", "-c", `test -d /tools && echo $WHERE $OTHER`}})
	if err != nil || string(res.Stdout) != "there kept\n" {
		t.Errorf("%q %q %v", res.Stdout, res.Stderr, err)
	}
}

// TestErrorsSurvive: what callers compare with means the same at both ends.
func TestErrorsSurvive(t *testing.T) {
	m := executor(t, sandboxd.Config{Driver: nativeDriver(t)})
	d := pool(t, remote.Config{Executors: []string{m.url}})
	if _, err := d.Create(t.Context(), sandbox.Spec{Isolation: sandbox.LevelVM}); qlp.CodeOf(err) != qlp.Unavailable || qlp.RemedyOf(err) == "" {
		t.Errorf("a wall that is not there: %v", err)
	}
	wrong, err := remote.New(t.Context(), discard(), remote.Config{Executors: []string{m.url}, Token: "wrong"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = wrong.Close() })
	if _, err := wrong.Capabilities(t.Context()); !strings.Contains(err.Error(), "token") || qlp.RemedyOf(err) == "" {
		t.Errorf("a wrong token: %v, %q", err, qlp.RemedyOf(err))
	}
	for _, address := range []string{"", "ftp://127.0.0.1", "http://192.0.2.1:80", "https://user@h", "https://h/?x=1"} {
		if _, err := remote.New(t.Context(), discard(), remote.Config{Executors: []string{address}, Token: token}); qlp.CodeOf(err) != qlp.Invalid {
			t.Errorf("address %q: %v", address, err)
		}
	}
	down := pool(t, remote.Config{Executors: []string{"http://127.0.0.1:1"}})
	if _, err := down.Create(t.Context(), sandbox.Spec{}); qlp.CodeOf(err) != qlp.Unavailable || qlp.RemedyOf(err) == "" {
		t.Errorf("nobody there: %v", err)
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// TestSinkBlocks: a sink that waits blocks the program, not the sandbox.
func TestSinkBlocks(t *testing.T) {
	m := executor(t, sandboxd.Config{Driver: nativeDriver(t)})
	d := pool(t, remote.Config{Executors: []string{m.url}})
	sb := sandboxOn(t, d, sandbox.Spec{})
	gate := make(chan struct{})
	var got bytes.Buffer
	time.AfterFunc(500*time.Millisecond, func() { close(gate) })
	res, err := sb.Exec(t.Context(), sandbox.Cmd{
		Argv: []string{"sh", "-c", "head -c 3000000 /dev/zero"}, Stdout: &gated{gate: gate, w: &got},
	})
	if err != nil || res.Verdict != sandbox.OK || res.StdoutBytes != 3000000 || got.Len() != 3000000 || !res.Truncated {
		t.Errorf("%s %d %d %v", res.Verdict, res.StdoutBytes, got.Len(), err)
	}
}

type gated struct {
	gate chan struct{}
	w    io.Writer
}

func (g *gated) Write(b []byte) (int, error) { <-g.gate; return g.w.Write(b) }

// TestInputThenAnother runs commands whose input is read to its end, and each time another on what may be the same
// connection: letting go of the input must not end the next request before it begins.
func TestInputThenAnother(t *testing.T) {
	m := executor(t, sandboxd.Config{Driver: nativeDriver(t)})
	sb := sandboxOn(t, pool(t, remote.Config{Executors: []string{m.url}}), sandbox.Spec{})
	for i := range 40 {
		res, err := sb.Exec(t.Context(), sandbox.Cmd{Argv: []string{"cat"}, Stdin: strings.NewReader("in")})
		if err != nil || res.Verdict != sandbox.OK || string(res.Stdout) != "in" {
			t.Fatalf("%d with input: %s %q %v", i, res.Verdict, res.Stdout, err)
		}
		if res, err = sb.Exec(t.Context(), sandbox.Cmd{Argv: []string{"true"}}); err != nil || res.Verdict != sandbox.OK {
			t.Fatalf("%d after it: %s %v", i, res.Verdict, err)
		}
	}
}
