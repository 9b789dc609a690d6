package initbox

import (
	"context"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

// service is a started command.
type service struct{ run *run }

// Wait implements sandbox.Process.
func (s *service) Wait(ctx context.Context) (sandbox.Result, error) {
	select {
	case <-s.run.finished:
		return s.run.result, s.run.err
	case <-ctx.Done():
		return sandbox.Result{}, context.Cause(ctx)
	}
}

// Signal implements sandbox.Process.
func (s *service) Signal(_ context.Context, sig syscall.Signal) error {
	select {
	case <-s.run.finished:
		return os.ErrProcessDone
	default:
	}
	if sig <= 0 {
		return qlp.Errorf(qlp.Invalid, "signal %d", int(sig))
	}
	if err := s.run.conn.Send(wire.Order{Signal: int(sig)}); err != nil {
		return fmt.Errorf("signal service: %w", err)
	}
	return nil
}

// Kill implements sandbox.Process.
func (s *service) Kill(ctx context.Context) (sandbox.Result, error) {
	s.run.kill(func(f *sandbox.Facts) { f.Canceled = true }, sandbox.ReasonProcess)
	return s.Wait(ctx)
}

// Dial implements sandbox.Sandbox: the socket is made inside and handed out, so that it belongs to the sandbox's
// network for as long as it lives.
func (b *Box) Dial(ctx context.Context, port int) (net.Conn, error) {
	if port < 1 || port > 65535 {
		return nil, qlp.Errorf(qlp.Invalid, "port %d", port)
	}
	_, fds, err := b.ask(ctx, wire.Request{Op: wire.OpDial, Port: port})
	if err != nil {
		closeFDs(fds)
		return nil, fmt.Errorf("dial port %d in the sandbox: %w", port, err)
	}
	if len(fds) != 1 {
		closeFDs(fds)
		return nil, b.lost(fmt.Errorf("%d sockets for a dial", len(fds)))
	}
	f := os.NewFile(uintptr(fds[0]), "socket")
	defer f.Close()
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("use socket of the sandbox: %w", err)
	}
	return conn, nil
}
