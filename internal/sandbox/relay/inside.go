package relay

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/hashicorp/yamux"
	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

// inside is the init's half.
type inside struct {
	session *yamux.Session
	control *wire.Conn // to the init
	pipes   *pipes
	number  atomic.Uint32
}

// Inside serves the init behind control over stream, until either ends. It closes both.
func Inside(stream io.ReadWriteCloser, control *wire.Conn) error {
	defer control.Close()
	session, err := yamux.Server(stream, config())
	if err != nil {
		return fmt.Errorf("begin relay: %w", err)
	}
	defer session.Close()
	in := &inside{session: session, control: control, pipes: newPipes()}
	go in.greet()
	for {
		a, err := accept(session)
		if session.IsClosed() {
			return nil
		}
		switch {
		case err != nil:
		case a.Kind == kindPipe && in.pipes.put(a):
		case a.Kind == kindRequest:
			go in.request(a)
		default:
			_ = a.stream.Close()
		}
	}
}

// greet passes the init's hello on, and ends the session with the init.
func (in *inside) greet() {
	defer in.session.Close()
	for {
		var r wire.Reply
		fds, _, err := in.control.Recv(&r)
		closeAll(fds)
		if err != nil {
			return
		}
		if r.Kind == wire.KindHello {
			if s, err := open(in.session, head{Kind: kindHello}); err == nil {
				_ = s.Close()
			}
		}
	}
}

func (in *inside) request(a accepted) {
	defer a.stream.Close()
	p, err := readPacket(a.r)
	var req wire.Request
	if err != nil || json.Unmarshal(p.body, &req) != nil {
		return
	}
	here, there, err := wire.Pair()
	if err != nil {
		return
	}
	reply, err := wire.NewConn(here)
	if err != nil {
		_ = unix.Close(there)
		return
	}
	defer reply.Close()
	fds := []int{there}
	for i, inwards := range inward(req.Op) {
		fd, err := in.pipe(a.ID, i, inwards)
		if err != nil {
			closeAll(fds)
			return
		}
		fds = append(fds, fd)
	}
	err = in.control.SendRaw(p.body, fds...)
	closeAll(fds)
	if err != nil {
		return
	}
	go func() { // orders; the caller's going away ends the request
		defer reply.Close()
		for {
			p, err := readPacket(a.r)
			if err != nil || reply.SendRaw(p.body) != nil {
				return
			}
		}
	}()
	in.replies(reply, a.stream)
}

// pipe makes a pipe of which the init gets one end, and a stream the other.
func (in *inside) pipe(request uint32, n int, inwards bool) (int, error) {
	a, err := in.pipes.take(request, n)
	if err != nil {
		return -1, err
	}
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		_ = a.stream.Close()
		return -1, fmt.Errorf("make pipe: %w", err)
	}
	near, far := p[0], p[1]
	if inwards {
		near, far = p[1], p[0]
	}
	f, err := file(near)
	if err != nil {
		_ = unix.Close(far)
		_ = a.stream.Close()
		return -1, err
	}
	if inwards {
		go fill(f, a.r, a.stream)
	} else {
		go drain(a.stream, f)
	}
	return far, nil
}

// replies passes on what the init answers, with a stream for each socket beside it.
func (in *inside) replies(reply *wire.Conn, stream *yamux.Stream) {
	for {
		b, fds, _, err := reply.RecvRaw()
		if err != nil {
			closeAll(fds)
			return
		}
		p := packet{body: b}
		for i, fd := range fds {
			id := in.number.Add(1)
			s, err := open(in.session, head{Kind: kindSocket, ID: id})
			if err != nil {
				closeAll(fds[i:])
				return
			}
			f, err := file(fd)
			if err != nil {
				closeAll(fds[i+1:])
				return
			}
			go splice(f, s, s)
			p.sockets = append(p.sockets, id)
		}
		if writePacket(stream, p) != nil {
			return
		}
	}
}

// pipes are waiting streams, by request and number.
type pipes struct{ w *waiting }

func newPipes() *pipes { return &pipes{newWaiting()} }

const pipesPerRequest = 8

func (p *pipes) put(a accepted) bool {
	if a.N < 0 || a.N >= pipesPerRequest {
		return false
	}
	a.ID = a.ID*pipesPerRequest + uint32(a.N)
	return p.w.put(a)
}

func (p *pipes) take(request uint32, n int) (accepted, error) {
	return p.w.take(request*pipesPerRequest + uint32(n))
}

// Stdio is this process's own input and output as one stream.
func Stdio() io.ReadWriteCloser { return stdio{} }

type stdio struct{}

func (stdio) Read(b []byte) (int, error)  { return os.Stdin.Read(b) }
func (stdio) Write(b []byte) (int, error) { return os.Stdout.Write(b) }
func (stdio) Close() error {
	_ = os.Stdin.Close()
	return os.Stdout.Close()
}
