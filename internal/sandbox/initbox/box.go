package initbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

// Config says what a Box is and how its commands are held.
type Config struct {
	ID          string
	Limits      sandbox.Limits // with defaults
	Env         map[string]string
	Isolation   sandbox.Level
	Name        string // of the engine, with its version
	Enforcement map[string]string
	// Owner is the user id that a command's pipes are given to; -1 leaves them alone.
	Owner int
	// Join makes a command's child wait until the Group has taken it in; TaskFiles hands it the Group's files instead.
	Join, TaskFiles bool
	// Watch says which limits the init holds by looking, because nothing else does.
	Watch Watch
	// CountProcesses sets the kernel's own limit on processes of one user. It is right only where that user is this
	// sandbox's alone, or is counted for it alone.
	CountProcesses bool
	// Translate, if not nil, turns a path inside a word of a command or its environment into what it is called in there.
	Translate func(word string) string
	// Background runs what may follow after a Result.
	Background func(func())
}

// Watch names limits.
type Watch struct{ Memory, Pids, CPU, Inodes, Disk bool }

// Box is one sandbox. The driver implements Destroy around it: Shut, end all processes, Settle. It must not be copied.
type Box struct {
	cfg     Config
	limits  sandbox.Limits
	engine  Engine
	control *wire.Conn
	egress  *egress // nil: no way out

	mu        sync.Mutex
	execs     int
	runs      sync.WaitGroup // commands under way
	destroyed bool
}

// New makes a Box of a sandbox whose init is about to speak on control, which the Box closes.
func New(cfg Config, engine Engine, control *wire.Conn) *Box {
	return &Box{cfg: cfg, limits: cfg.Limits, engine: engine, control: control}
}

// ID implements sandbox.Sandbox.
func (b *Box) ID() string { return b.cfg.ID }

// Hello waits until the init has spoken, and returns its process id outside if the control socket passes credentials. io.EOF
// means that it ended without a word.
func (b *Box) Hello(ctx context.Context, timeout time.Duration) (int, error) {
	stop := context.AfterFunc(ctx, func() { _ = b.control.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	_ = b.control.SetReadDeadline(time.Now().Add(timeout))
	var r wire.Reply
	fds, pid, err := b.control.Recv(&r)
	closeFDs(fds)
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if errors.Is(err, io.EOF) {
		return 0, io.EOF
	}
	if err != nil {
		return 0, fmt.Errorf("wait for the sandbox's init: %w", err)
	}
	if r.Kind != wire.KindHello {
		return 0, fmt.Errorf("wait for the sandbox's init: it said %q", r.Kind)
	}
	return pid, b.control.SetReadDeadline(time.Time{})
}

// OpenEgress opens the way out, before any program runs.
func (b *Box) OpenEgress(ctx context.Context, serve func(net.Conn)) error {
	return b.openEgress(ctx, serve)
}

// SetEnv sets what every command finds in its environment, before the first one.
func (b *Box) SetEnv(env map[string]string) { b.cfg.Env = env }

// Shut makes every later request fail and closes the control socket, at which the init ends.
func (b *Box) Shut() {
	b.mu.Lock()
	b.destroyed = true
	b.mu.Unlock()
	_ = b.control.Close()
}

// Settle waits for the commands under way, after everything they could wait for is dead, and ends the way out.
func (b *Box) Settle() {
	b.runs.Wait()
	b.egress.close()
}

func (b *Box) isDestroyed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.destroyed
}

// request sends one request and returns the socket for its answers. The descriptors in fds stay the caller's.
func (b *Box) request(req wire.Request, fds ...int) (*wire.Conn, error) {
	if b.isDestroyed() {
		return nil, sandbox.ErrDestroyed
	}
	here, there, err := wire.Pair()
	if err != nil {
		return nil, err
	}
	defer unix.Close(there)
	conn, err := wire.NewConn(here)
	if err != nil {
		return nil, err
	}
	err = conn.PassCredentials()
	if err == nil {
		err = b.control.Send(req, append([]int{there}, fds...)...)
	}
	if err != nil {
		conn.Close()
		if b.isDestroyed() {
			return nil, sandbox.ErrDestroyed
		}
		return nil, b.lost(err)
	}
	return conn, nil
}

// lost says that the machinery of the sandbox is gone.
func (b *Box) lost(err error) error {
	return qlp.Errorf(qlp.Internal, "the init of sandbox %s is lost (%s): %w", b.ID(), b.engine.Complaint(), err)
}

// Stats implements sandbox.Sandbox.
func (b *Box) Stats(ctx context.Context) (sandbox.Usage, error) {
	r, fds, err := b.ask(ctx, wire.Request{Op: wire.OpUsage})
	closeFDs(fds)
	if err != nil {
		return sandbox.Usage{}, fmt.Errorf("read usage: %w", err)
	}
	a := b.engine.Account()
	return sandbox.Usage{
		CPU: max(a.CPU, time.Duration(r.CPU)), Memory: max(a.Memory, r.Memory), PeakMemory: a.Peak, Pids: max(a.Pids, r.Pids),
		DiskUsed: r.DiskUsed, InodesUsed: r.InodesUsed,
	}, nil
}

// ask sends a request that has one answer.
func (b *Box) ask(ctx context.Context, req wire.Request, fds ...int) (wire.Reply, []int, error) {
	conn, err := b.request(req, fds...)
	if err != nil {
		return wire.Reply{}, nil, err
	}
	defer conn.Close()
	return b.answer(ctx, conn)
}

// answer waits for the one answer of a request and turns a failure into an error.
func (b *Box) answer(ctx context.Context, conn *wire.Conn) (wire.Reply, []int, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var r wire.Reply
	fds, _, err := conn.Recv(&r)
	switch {
	case err == nil && r.Kind == wire.KindFailed:
		err = asError(r)
	case err == nil && r.Kind != wire.KindDone:
		err = b.lost(fmt.Errorf("unexpected answer %q", r.Kind))
	case err == nil:
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case b.isDestroyed():
		err = sandbox.ErrDestroyed
	default:
		err = b.lost(err)
	}
	return r, fds, err
}

// asError keeps the number of a system error, and the code of one that is the caller's.
func asError(r wire.Reply) error {
	if r.Code != "" {
		return qlp.Errorf(qlp.Code(r.Code), "%s", r.Error)
	}
	if r.Errno != 0 {
		return unix.Errno(r.Errno)
	}
	return errors.New(r.Error)
}

func closeFDs(fds []int) {
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}
