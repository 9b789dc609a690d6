package initbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

// Config is what a driver says about the walls. Every function is needed.
type Config struct {
	ID     string
	Limits sandbox.Limits    // with their defaults
	Env    map[string]string // of every command

	Isolation   sandbox.Level
	Engine      string
	Enforcement map[string]string

	// Group holds the limits of the whole sandbox.
	Group Group
	// SelfEntry makes commands enter their groups by themselves, through files that are handed to them.
	SelfEntry bool
	// PipeOwner is the user, as this process sees it, that programs inside run as; negative if it is this process's own.
	PipeOwner int
	// Watch says what the init looks after because no group does.
	Watch Watch

	// Lost is what was last heard of the walls, for the message when they fall.
	Lost func() string
	// Kill ends the init at once: what state it is in nobody knows.
	Kill func()
	// End is called once, after the socket to the init was closed. It returns when nothing inside is alive any more.
	End func(ctx context.Context) error
	// Release gives back what the sandbox had, when all its commands have their results.
	Release func()
	// Later does clean-up in the background, which the driver waits for when it closes.
	Later func(func())
}

// Watch says which limits the init itself looks after.
type Watch struct{ Memory, Pids, CPU, Inodes bool }

// Group limits a set of processes and counts for it. The zero of each answer means that it is not known.
type Group interface {
	// Child makes the group of one command inside this one; cpu says that its share of processors is lower.
	Child(name string, l sandbox.Limits, cpu bool) (Group, error)
	// TaskFiles are open files: who writes to them becomes a member. The caller closes them.
	TaskFiles() ([]*os.File, error)
	// Tracks says whether there is anything to join.
	Tracks() bool
	Join(pid int) error
	// Kill kills whoever is a member now; End repeats it until nobody is, for as long as patience.
	Kill()
	End(patience time.Duration) error
	CPU() time.Duration
	Account() Account
	Remove()
}

// Account is what was counted for a group.
type Account struct {
	CPU      time.Duration
	Memory   int64
	Peak     int64
	Pids     int
	PidsPeak int
	PidsHit  bool // a fork was refused
	OOMKills int
}

// Box is one sandbox.
type Box struct {
	cfg     Config
	control *wire.Conn
	egress  *egress // nil: no way out

	mu        sync.Mutex
	execs     int
	runs      sync.WaitGroup // commands under way
	destroyed bool
	once      sync.Once
	err       error // of Destroy
}

var _ sandbox.Sandbox = (*Box)(nil)

// New takes over the socket to an init that has said hello.
func New(control *wire.Conn, cfg Config) *Box { return &Box{cfg: cfg, control: control} }

// ID implements sandbox.Sandbox.
func (b *Box) ID() string { return b.cfg.ID }

// Destroy implements sandbox.Sandbox.
func (b *Box) Destroy(ctx context.Context) error {
	b.once.Do(func() {
		b.mu.Lock()
		b.destroyed = true
		b.mu.Unlock()
		_ = b.control.Close() // the init ends, and the kernel ends all the rest before the init counts as ended
		b.err = b.cfg.End(ctx)
		b.runs.Wait()
		b.egress.close()
		b.cfg.Release()
	})
	return b.err
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
	return qlp.Errorf(qlp.Internal, "the init of sandbox %s is lost (%s): %w", b.ID(), b.cfg.Lost(), err)
}

// Stats implements sandbox.Sandbox.
func (b *Box) Stats(ctx context.Context) (sandbox.Usage, error) {
	r, fds, err := b.ask(ctx, wire.Request{Op: wire.OpUsage})
	closeFDs(fds)
	if err != nil {
		return sandbox.Usage{}, fmt.Errorf("read usage: %w", err)
	}
	a := b.cfg.Group.Account()
	return sandbox.Usage{CPU: a.CPU, Memory: a.Memory, PeakMemory: a.Peak, Pids: a.Pids, DiskUsed: r.DiskUsed, InodesUsed: r.InodesUsed}, nil
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
