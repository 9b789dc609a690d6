package initbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

const maxFiles = 100_000

// Put implements sandbox.Sandbox.
func (b *Box) Put(ctx context.Context, tar io.Reader) error {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return fmt.Errorf("put files: %w", err)
	}
	_, _ = unix.FcntlInt(uintptr(p[1]), unix.F_SETPIPE_SZ, 1<<20) // fewer switches; the default also works
	if err := unix.SetNonblock(p[1], true); err != nil {
		closeFDs(p[:])
		return fmt.Errorf("put files: %w", err)
	}
	w := os.NewFile(uintptr(p[1]), "pipe")
	conn, err := b.request(wire.Request{Op: wire.OpPut, MaxBytes: b.limits.Disk, MaxFiles: int(b.limits.Inodes)}, p[0])
	_ = unix.Close(p[0])
	if err != nil {
		w.Close()
		return fmt.Errorf("put files: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = w.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	_, cerr := io.Copy(w, tar)
	w.Close()
	// If the init stopped reading, it says why; that is worth more than the broken pipe.
	_, fds, err := b.answer(ctx, conn)
	closeFDs(fds)
	if err == nil && cerr != nil && !errors.Is(cerr, unix.EPIPE) {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("put files: %w", err)
	}
	return nil
}

// Get implements sandbox.Sandbox.
func (b *Box) Get(ctx context.Context, patterns []string, lim sandbox.CopyLimits) (io.ReadCloser, error) {
	if lim.Bytes <= 0 || lim.Bytes > b.limits.CopyOut {
		lim.Bytes = b.limits.CopyOut
	}
	if lim.Files <= 0 || lim.Files > maxFiles {
		lim.Files = maxFiles
	}
	near, far, err := newPipe(-1)
	if err != nil {
		return nil, fmt.Errorf("get files: %w", err)
	}
	conn, err := b.request(wire.Request{Op: wire.OpGet, Patterns: patterns, MaxBytes: lim.Bytes, MaxFiles: lim.Files}, far)
	_ = unix.Close(far)
	if err != nil {
		near.Close()
		return nil, fmt.Errorf("get files: %w", err)
	}
	g := &getter{b: b, ctx: ctx, conn: conn, f: near}
	g.stop = context.AfterFunc(ctx, func() { _ = near.SetReadDeadline(time.Unix(1, 0)) })
	return g, nil
}

// getter is a Get under way. It holds the context of its call because that bounds the reading, too.
type getter struct {
	b    *Box
	ctx  context.Context //nolint:containedctx // it bounds the reading, which has no parameter for it
	conn *wire.Conn
	f    *os.File
	stop func() bool
	once sync.Once
	end  error
}

// Read returns io.EOF only when the init has said that the stream is whole.
func (g *getter) Read(p []byte) (int, error) {
	n, err := g.f.Read(p)
	if n > 0 || err == nil {
		return n, nil
	}
	if g.ctx.Err() != nil {
		return 0, context.Cause(g.ctx)
	}
	g.once.Do(func() {
		_, fds, aerr := g.b.answer(g.ctx, g.conn)
		closeFDs(fds)
		g.end = io.EOF
		if aerr != nil {
			g.end = fmt.Errorf("get files: %w", aerr)
		} else if !errors.Is(err, io.EOF) {
			g.end = fmt.Errorf("get files: %w", err)
		}
	})
	return 0, g.end
}

// Close ends the packing.
func (g *getter) Close() error {
	g.stop()
	return errors.Join(g.f.Close(), g.conn.Close())
}
