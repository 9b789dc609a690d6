package native

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/initbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

const (
	startTimeout   = 15 * time.Second
	destroyTimeout = 5 * time.Second
)

// prison is the walls of one sandbox, and the process behind which they stand.
type prison struct {
	d      *Driver
	id     string
	limits sandbox.Limits

	uid     *uidLease
	group   *group
	control *wire.Conn
	process *os.Process
	gone    chan struct{} // closed when bubblewrap, and with it every process inside, has ended

	complaint *complaint
}

func (b *prison) name() string { return b.d.cgroups.owner + "-" + b.id }

// start brings the sandbox up to the point where its init has said hello and sits in the sandbox's cgroup.
func (b *prison) start(ctx context.Context, p plan) error {
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
	return b.group.Join(pid)
}

func (b *prison) spawn(p plan, uid int) error {
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
func (b *prison) hello(ctx context.Context) (int, error) {
	stop := context.AfterFunc(ctx, func() { _ = b.control.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	_ = b.control.SetReadDeadline(time.Now().Add(startTimeout))
	var r wire.Reply
	fds, pid, err := b.control.Recv(&r)
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
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
func (b *prison) refused() error {
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

// end returns when nothing inside is alive; the socket to the init is closed, or was never there.
func (b *prison) end(ctx context.Context) error {
	if b.process != nil {
		select {
		case <-b.gone:
		case <-time.After(destroyTimeout / 5):
			_ = b.process.Kill()
			<-b.gone
		}
	}
	if b.group == nil {
		return nil
	}
	if err := b.group.End(destroyTimeout); err != nil {
		b.d.log.ErrorContext(ctx, "Sandbox not destroyed", "room", "sandbox", "driver", "native", "sandbox", b.name(), "err", err)
		return fmt.Errorf("destroy sandbox %s: %w", b.name(), err)
	}
	return nil
}

// release gives back what the sandbox had.
func (b *prison) release() {
	b.complaint.close()
	b.uid.release()
	if b.group != nil {
		b.d.work.Go(b.group.Remove)
	}
	b.d.forget(b)
}

// abandon takes down what start has put up so far.
func (b *prison) abandon(ctx context.Context) error {
	if b.control != nil {
		_ = b.control.Close()
	}
	err := b.end(ctx)
	b.release()
	return err
}

// box hands the walls over.
func (b *prison) box(env map[string]string) *initbox.Box {
	cgroups := b.d.cgroups
	owner := -1
	if b.uid != nil {
		owner = b.uid.uid
	}
	return initbox.New(b.control, initbox.Config{
		ID: b.name(), Limits: b.limits, Env: env,
		Isolation: sandbox.LevelNamespaces, Engine: b.d.engine.String(), Enforcement: b.d.enforcement(),
		Group: b.group, SelfEntry: b.d.selfEntry, PipeOwner: owner,
		Watch: initbox.Watch{Memory: !cgroups.has(ctlMemory), Pids: !cgroups.has(ctlPids), CPU: !cgroups.has(ctlCPUAcct), Inodes: !b.d.root},
		Lost:  b.complaint.text, Kill: func() { _ = b.process.Kill() }, End: b.end, Release: b.release, Later: func(f func()) { b.d.work.Go(f) },
	})
}
