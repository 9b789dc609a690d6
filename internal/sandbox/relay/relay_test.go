package relay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

// rig is both halves with an init's place in the test's own hands.
type rig struct {
	out  *Outside
	box  *wire.Conn // the driver's side
	init *wire.Conn // the init's side
	over chan error
}

func newRig(t *testing.T) *rig {
	t.Helper()
	near, far := net.Pipe()
	here, there, err := wire.Pair()
	must(t, err)
	control, err := wire.NewConn(here)
	must(t, err)
	r := &rig{over: make(chan error, 1)}
	r.init, err = wire.NewConn(there)
	must(t, err)
	go func() { r.over <- Inside(far, control) }()
	r.out, r.box, err = NewOutside(near)
	must(t, err)
	t.Cleanup(func() {
		_ = r.box.Close()
		_ = r.out.Close()
		_ = r.init.Close()
		if err := <-r.over; err != nil {
			t.Errorf("inside: %v", err)
		}
	})
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (r *rig) hello(t *testing.T) {
	t.Helper()
	must(t, r.init.Send(wire.Reply{Kind: wire.KindHello}))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	must(t, r.out.Hello(ctx))
}

// TestExec takes a command's three streams, its orders and its end through the relay.
func TestExec(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.hello(t)
	in, inFar := pipe(t)
	outNear, outFar := pipe(t)
	errNear, errFar := pipe(t)
	reply, there := pair(t)
	must(t, r.box.Send(wire.Request{Op: wire.OpExec, Argv: [][]byte{[]byte("cat")}}, there, int(in.Fd()), int(outFar.Fd()), int(errFar.Fd())))
	_ = unix.Close(there)
	for _, f := range []*os.File{in, outFar, errFar} {
		_ = f.Close()
	}
	var req wire.Request
	fds, _, err := r.init.Recv(&req)
	must(t, err)
	if req.Op != wire.OpExec || string(req.Argv[0]) != "cat" || len(fds) != 4 {
		t.Fatalf("%+v with %d descriptors", req, len(fds))
	}
	program := make([]*os.File, 4)
	for i, fd := range fds[1:] {
		program[i+1] = os.NewFile(uintptr(fd), "program")
	}
	answers, err := wire.NewConn(fds[0])
	must(t, err)
	must(t, answers.Send(wire.Reply{Kind: wire.KindStarted}))
	var got wire.Reply
	if _, _, err := reply.Recv(&got); err != nil || got.Kind != wire.KindStarted {
		t.Fatalf("%+v %v", got, err)
	}
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB: more than a window
	go func() {
		_, _ = inFar.Write(big)
		_ = inFar.Close()
	}()
	go func() {
		_, _ = io.Copy(program[2], program[1]) // what cat does
		_, _ = program[3].WriteString("on the side")
		for _, f := range program[1:] {
			_ = f.Close()
		}
	}()
	out, err := io.ReadAll(outNear)
	must(t, err)
	errs, err := io.ReadAll(errNear)
	must(t, err)
	if !bytes.Equal(out, big) || string(errs) != "on the side" {
		t.Errorf("%d bytes of output, %q", len(out), errs)
	}
	must(t, reply.Send(wire.Order{Signal: 9}))
	var order wire.Order
	if _, _, err := answers.Recv(&order); err != nil || order.Signal != 9 {
		t.Errorf("%+v %v", order, err)
	}
	must(t, answers.Send(wire.Reply{Kind: wire.KindExit, Status: 3}))
	if _, _, err := reply.Recv(&got); err != nil || got.Kind != wire.KindExit || got.Status != 3 {
		t.Errorf("%+v %v", got, err)
	}
	_ = answers.Close()
	if _, _, err := reply.Recv(&got); !errors.Is(err, io.EOF) {
		t.Errorf("the end of the request is not told: %v", err)
	}
}

// TestSocket takes a connection that the init has made through the relay, with the end of each direction by itself.
func TestSocket(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	reply, there := pair(t)
	must(t, r.box.Send(wire.Request{Op: wire.OpDial, Port: 80}, there))
	_ = unix.Close(there)
	var req wire.Request
	fds, _, err := r.init.Recv(&req)
	must(t, err)
	answers, err := wire.NewConn(fds[0])
	must(t, err)
	sockets, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	service := os.NewFile(uintptr(sockets[0]), "service")
	must(t, answers.Send(wire.Reply{Kind: wire.KindDone}, sockets[1]))
	_ = unix.Close(sockets[1])
	_ = answers.Close()
	var got wire.Reply
	fds, _, err = reply.Recv(&got)
	if err != nil || got.Kind != wire.KindDone || len(fds) != 1 {
		t.Fatalf("%+v %d %v", got, len(fds), err)
	}
	f := os.NewFile(uintptr(fds[0]), "client")
	conn, err := net.FileConn(f)
	must(t, err)
	_ = f.Close()
	go func() {
		asked, _ := io.ReadAll(service)
		_, _ = service.WriteString(strings.ToUpper(string(asked)))
		_ = service.Close()
	}()
	_, err = conn.Write([]byte("hello"))
	must(t, err)
	must(t, conn.(*net.UnixConn).CloseWrite())
	answer, err := io.ReadAll(conn)
	if err != nil || string(answer) != "HELLO" {
		t.Errorf("%q %v", answer, err)
	}
	_ = conn.Close()
}

// TestEndlessInput: a program that does not read its input holds nothing up, and nothing is left of it.
func TestEndlessInput(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	before := runtime.NumGoroutine()
	for range 5 {
		in, inFar := pipe(t)
		reply, there := pair(t)
		must(t, r.box.Send(wire.Request{Op: wire.OpPut}, there, int(in.Fd())))
		_ = unix.Close(there)
		_ = in.Close()
		fed := make(chan struct{})
		go func() {
			defer close(fed)
			for {
				if _, err := inFar.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}()
		var req wire.Request
		fds, _, err := r.init.Recv(&req)
		must(t, err)
		answers, err := wire.NewConn(fds[0])
		must(t, err)
		_ = unix.Close(fds[1])
		must(t, answers.Send(wire.Reply{Kind: wire.KindDone}))
		_ = answers.Close()
		var got wire.Reply
		if _, _, err := reply.Recv(&got); err != nil || got.Kind != wire.KindDone {
			t.Fatalf("%+v %v", got, err)
		}
		select {
		case <-fed:
		case <-time.After(5 * time.Second):
			t.Fatal("the feeder is held up")
		}
	}
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before+6 && time.Now().Before(end); {
		<-time.After(10 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before+6 {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

// TestLost: when the stream breaks, the box learns it at once, also in the middle of a request.
func TestLost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.hello(t)
	reply, there := pair(t)
	must(t, r.box.Send(wire.Request{Op: wire.OpUsage}, there))
	_ = unix.Close(there)
	var req wire.Request
	fds, _, err := r.init.Recv(&req)
	must(t, err)
	_ = r.init.Close() // the init dies
	closeAll(fds)
	var got wire.Reply
	must(t, reply.SetReadDeadline(time.Now().Add(5*time.Second)))
	if _, _, err := reply.Recv(&got); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%+v %v", got, err)
	}
	must(t, r.box.SetReadDeadline(time.Now().Add(5*time.Second)))
	if _, _, err := r.box.Recv(&got); !errors.Is(err, io.EOF) {
		t.Errorf("the box does not learn it: %v", err)
	}
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	must(t, err)
	t.Cleanup(func() { _ = r.Close(); _ = w.Close() })
	return r, w
}

func pair(t *testing.T) (*wire.Conn, int) {
	t.Helper()
	here, there, err := wire.Pair()
	must(t, err)
	conn, err := wire.NewConn(here)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn, there
}

func FuzzPacket(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02\x01\x00\x00\x00\x07{}"))
	f.Add([]byte("\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := readPacket(bytes.NewReader(b))
		if err != nil {
			return
		}
		var again bytes.Buffer
		must(t, writePacket(&again, p))
		if !bytes.HasPrefix(b, again.Bytes()) {
			t.Errorf("%x became %x", b, again.Bytes())
		}
	})
}
