package native

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

const (
	startTimeout   = 15 * time.Second
	destroyTimeout = 5 * time.Second
)

// box is one sandbox.
type box struct {
	d           *Driver
	id          string
	limits      sandbox.Limits
	enforcement map[string]string
	env         map[string]string

	uid     *uidLease
	group   *group
	control *wire.Conn
	process *os.Process
	gone    chan struct{} // closed when bubblewrap, and with it every process inside, has ended

	complaint *complaint
	egress    *egress // nil: no way out

	mu        sync.Mutex
	execs     int
	runs      sync.WaitGroup // commands under way
	destroyed bool
	once      sync.Once
	err       error // of Destroy
}

var _ sandbox.Sandbox = (*box)(nil)

// ID implements sandbox.Sandbox.
func (b *box) ID() string { return b.d.cgroups.owner + "-" + b.id }

// start brings the sandbox up to the point where its init has said hello and sits in the sandbox's cgroup.
func (b *box) start(ctx context.Context, p plan) error {
	var err error
	uid := os.Geteuid()
	if b.d.root {
		if b.uid, err = b.d.uids.lease(); err != nil {
			return err
		}
		uid = b.uid.uid
	}
	if b.group, err = b.d.cgroups.create(b.id, b.limits); err != nil {
		return err
	}
	if err := b.spawn(p, uid); err != nil {
		return err
	}
	pid, err := b.hello(ctx)
	if err != nil || b.d.selfEntry {
		return err
	}
	// Nothing foreign runs yet: the init starts only what is asked for from now on.
	return b.group.join(pid)
}

func (b *box) spawn(p plan, uid int) error {
	here, there, err := wire.Pair()
	if err != nil {
		return err
	}
	if b.control, err = wire.NewConn(here); err != nil {
		_ = unix.Close(there)
		return err
	}
	child := os.NewFile(uintptr(there), "control")
	defer child.Close()
	if err := b.control.PassCredentials(); err != nil {
		return err
	}
	filter, err := os.Open(b.d.state.path("filter.bpf"))
	if err != nil {
		return fmt.Errorf("open system call filter: %w", err)
	}
	defer filter.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		return err
	}
	defer errWrite.Close()
	b.complaint = listen(errRead)
	r := spawnRequest{engine: b.d.engine.path, plan: p, uid: uid, files: []*os.File{null, null, errWrite, child, filter}}
	if b.d.selfEntry {
		r.group = b.group
	}
	b.process, err = b.d.spawner.spawn(r)
	if err != nil {
		return err
	}
	go func() {
		_, _ = b.process.Wait()
		close(b.gone)
	}()
	return nil
}

// hello waits for the init and returns its process id on the host.
func (b *box) hello(ctx context.Context) (int, error) {
	stop := context.AfterFunc(ctx, func() { _ = b.control.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	_ = b.control.SetReadDeadline(time.Now().Add(startTimeout))
	var r wire.Reply
	fds, pid, err := b.control.Recv(&r)
	closeFDs(fds)
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if errors.Is(err, io.EOF) {
		return 0, b.refused()
	}
	if err != nil || r.Kind != wire.KindHello || pid <= 0 {
		return 0, fmt.Errorf("wait for the sandbox's init (kind %q, pid %d): %w", r.Kind, pid, err)
	}
	return pid, b.control.SetReadDeadline(time.Time{})
}

// refused makes the error for a bubblewrap that ended before the init spoke.
func (b *box) refused() error {
	patience := time.After(time.Second)
	for _, end := range []<-chan struct{}{b.gone, b.complaint.done} { // the pipe may be read to its end only after the process ended
		select {
		case <-end:
		case <-patience:
			patience = time.After(0)
		}
	}
	text := b.complaint.text()
	return qlp.Errorf(qlp.Unavailable, "the sandbox did not start: %s", text).WithRemedy("%s", remedyFor(text))
}

// Destroy implements sandbox.Sandbox.
func (b *box) Destroy(ctx context.Context) error {
	b.once.Do(func() { b.err = b.destroy(ctx) })
	return b.err
}

func (b *box) destroy(ctx context.Context) error {
	b.mu.Lock()
	b.destroyed = true
	b.mu.Unlock()
	defer b.d.forget(b)
	var err error
	if b.control != nil {
		_ = b.control.Close() // the init ends, and the kernel ends all the rest before the init counts as ended
	}
	if b.process != nil {
		select {
		case <-b.gone:
		case <-time.After(destroyTimeout / 5):
			_ = b.process.Kill()
			<-b.gone
		}
	}
	if b.group != nil {
		err = b.group.kill(destroyTimeout)
	}
	b.runs.Wait()
	b.egress.close()
	b.complaint.close()
	b.uid.release()
	if b.group != nil {
		b.d.work.Go(b.group.remove)
	}
	if err != nil {
		b.d.log.ErrorContext(ctx, "Sandbox not destroyed", "room", "sandbox", "driver", "native", "sandbox", b.ID(), "err", err)
		return fmt.Errorf("destroy sandbox %s: %w", b.ID(), err)
	}
	return nil
}

func (b *box) isDestroyed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.destroyed
}

// request sends one request and returns the socket for its answers. The descriptors in fds stay the caller's.
func (b *box) request(req wire.Request, fds ...int) (*wire.Conn, error) {
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
func (b *box) lost(err error) error {
	return qlp.Errorf(qlp.Internal, "the init of sandbox %s is lost (%s): %w", b.ID(), b.complaint.text(), err)
}

// Stats implements sandbox.Sandbox.
func (b *box) Stats(ctx context.Context) (sandbox.Usage, error) {
	r, fds, err := b.ask(ctx, wire.Request{Op: wire.OpUsage})
	closeFDs(fds)
	if err != nil {
		return sandbox.Usage{}, fmt.Errorf("read usage: %w", err)
	}
	a := b.group.account()
	return sandbox.Usage{CPU: a.cpu, Memory: a.memory, PeakMemory: a.peak, Pids: a.pids, DiskUsed: r.DiskUsed, InodesUsed: r.InodesUsed}, nil
}

// ask sends a request that has one answer.
func (b *box) ask(ctx context.Context, req wire.Request, fds ...int) (wire.Reply, []int, error) {
	conn, err := b.request(req, fds...)
	if err != nil {
		return wire.Reply{}, nil, err
	}
	defer conn.Close()
	return b.answer(ctx, conn)
}

// answer waits for the one answer of a request and turns a failure into an error.
func (b *box) answer(ctx context.Context, conn *wire.Conn) (wire.Reply, []int, error) {
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
