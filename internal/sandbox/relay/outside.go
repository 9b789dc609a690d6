package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/yamux"
	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

// Outside is the driver's half.
type Outside struct {
	session *yamux.Session
	control *wire.Conn // our end of the socket that the box holds
	sockets *waiting
	hello   chan struct{}
	greeted sync.Once
	number  atomic.Uint32
	work    sync.WaitGroup
}

// NewOutside makes the half over a stream whose other end runs Inside, and returns the socket that an init would have handed over. The
// caller closes the stream's own resources after Close.
func NewOutside(stream io.ReadWriteCloser) (*Outside, *wire.Conn, error) {
	session, err := yamux.Client(stream, config())
	if err != nil {
		return nil, nil, fmt.Errorf("begin relay: %w", err)
	}
	near, far, err := wire.Pair()
	if err != nil {
		return nil, nil, errors.Join(err, session.Close())
	}
	control, err := wire.NewConn(near)
	if err != nil {
		_ = unix.Close(far)
		return nil, nil, errors.Join(err, session.Close())
	}
	box, err := wire.NewConn(far)
	if err != nil {
		return nil, nil, errors.Join(err, control.Close(), session.Close())
	}
	o := &Outside{session: session, control: control, sockets: newWaiting(), hello: make(chan struct{})}
	o.work.Go(o.streams)
	o.work.Go(o.requests)
	return o, box, nil
}

// Hello waits until the init says that it is ready.
func (o *Outside) Hello(ctx context.Context) error {
	select {
	case <-o.hello:
		return nil
	case <-o.session.CloseChan():
		return errors.New("the init ended before it was ready")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close ends the relay and everything that goes through it, and waits for that.
func (o *Outside) Close() error {
	err := errors.Join(o.session.Close(), o.control.Close())
	o.sockets.close()
	o.work.Wait()
	return err
}

// streams takes in what inside opens.
func (o *Outside) streams() {
	for {
		a, err := accept(o.session)
		if o.session.IsClosed() {
			_ = o.control.Close() // the box learns that its init is gone
			return
		}
		switch {
		case err != nil:
		case a.Kind == kindHello:
			o.greeted.Do(func() { close(o.hello) })
			_ = a.stream.Close()
		case a.Kind == kindSocket && o.sockets.put(a):
		default:
			_ = a.stream.Close()
		}
	}
}

// requests takes the box's requests from its socket.
func (o *Outside) requests() {
	for {
		b, fds, _, err := o.control.RecvRaw()
		if err != nil {
			closeAll(fds)
			_ = o.session.Close() // the box is destroyed
			return
		}
		o.work.Go(func() { o.request(b, fds) })
	}
}

func (o *Outside) request(b []byte, fds []int) {
	var req wire.Request
	if json.Unmarshal(b, &req) != nil || len(fds) != 1+len(inward(req.Op)) {
		closeAll(fds)
		return
	}
	reply, err := wire.NewConn(fds[0])
	if err != nil {
		closeAll(fds[1:])
		return
	}
	defer reply.Close()
	id := o.number.Add(1)
	for i, in := range inward(req.Op) {
		f, err := file(fds[1+i])
		if err != nil {
			closeAll(fds[2+i:])
			return
		}
		stream, err := open(o.session, head{Kind: kindPipe, ID: id, N: i})
		if err != nil {
			_ = f.Close()
			closeAll(fds[2+i:])
			return
		}
		if in {
			// An input may come from a reader who never ends: the end of the request ends it.
			defer func() { _ = stream.Close(); _ = f.Close() }()
			o.work.Go(func() { drain(stream, f) })
		} else {
			o.work.Go(func() { fill(f, stream, stream) })
		}
	}
	stream, err := open(o.session, head{Kind: kindRequest, ID: id})
	if err != nil {
		return
	}
	defer stream.Close()
	if writePacket(stream, packet{body: b}) != nil {
		return
	}
	o.replies(reply, stream)
}

// replies passes packets both ways until one side is done.
func (o *Outside) replies(reply *wire.Conn, stream *yamux.Stream) {
	orders := make(chan struct{})
	go func() {
		defer close(orders)
		for {
			b, fds, _, err := reply.RecvRaw()
			closeAll(fds)
			if err != nil || writePacket(stream, packet{body: b}) != nil {
				_ = stream.Close()
				return
			}
		}
	}()
	defer func() { _ = reply.Close(); <-orders }()
	for {
		p, err := readPacket(stream)
		if err != nil {
			return
		}
		fds := make([]int, 0, len(p.sockets))
		for _, id := range p.sockets {
			fd, err := o.socket(id)
			if err != nil {
				closeAll(fds)
				return
			}
			fds = append(fds, fd)
		}
		err = reply.SendRaw(p.body, fds...)
		closeAll(fds)
		if err != nil {
			return
		}
	}
}

// socket returns a descriptor that stands for a socket inside.
func (o *Outside) socket(id uint32) (int, error) {
	a, err := o.sockets.take(id)
	if err != nil {
		return -1, err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		_ = a.stream.Close()
		return -1, fmt.Errorf("make socket pair: %w", err)
	}
	f, err := file(pair[0])
	if err != nil {
		_ = unix.Close(pair[1])
		_ = a.stream.Close()
		return -1, err
	}
	o.work.Go(func() { splice(f, a.r, a.stream) })
	return pair[1], nil
}
