package native

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"sync"
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

// box is one sandbox.
type box struct {
	*initbox.Box // nil until spawned

	d           *Driver
	id          string
	limits      sandbox.Limits
	enforcement map[string]string

	uid     *initbox.UIDLease
	group   *group
	ahead   ahead
	process *os.Process
	gone    chan struct{} // closed when bubblewrap, and with it every process inside, has ended

	complaint *initbox.Complaint

	once sync.Once
	err  error // of Destroy
}

var (
	_ sandbox.Sandbox = (*box)(nil)
	_ initbox.Engine  = (*box)(nil)
)

// ID implements sandbox.Sandbox.
func (b *box) ID() string { return b.d.cgroups.owner + "-" + b.id }

// start brings the sandbox up to the point where its init has said hello and sits in the sandbox's cgroup.
func (b *box) start(ctx context.Context, p plan) error {
	var err error
	uid := os.Geteuid()
	if b.d.root {
		if b.uid, err = b.d.uids.Lease(); err != nil {
			return err
		}
		uid = b.uid.UID
	}
	for {
		b.id = strconv.FormatInt(b.d.sequence.Add(1), 10)
		if b.group, err = b.d.cgroups.create(b.id, b.limits); err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) { // another driver of this process has the number
			return err
		}
	}
	b.ahead.prepare(b) // while bubblewrap starts
	if err := b.spawn(p, uid); err != nil {
		return err
	}
	pid, err := b.Hello(ctx, startTimeout)
	if errors.Is(err, io.EOF) {
		return b.refused()
	}
	if err == nil && pid <= 0 {
		err = errors.New("the kernel does not say which process the sandbox's init is")
	}
	if err != nil || b.d.selfEntry {
		return err
	}
	// Nothing foreign runs yet: the init starts only what is asked for from now on.
	return b.group.Join(pid)
}

func (b *box) config(uid int) initbox.Config {
	h := b.d.cgroups
	owner := -1
	if b.d.root {
		owner = uid
	}
	return initbox.Config{
		ID: b.ID(), Limits: b.limits, Isolation: sandbox.LevelNamespaces, Name: b.d.engine.String(), Enforcement: b.enforcement,
		Owner: owner, Join: len(b.group.dirs) > 0 && !b.d.selfEntry, TaskFiles: b.d.selfEntry,
		Watch:          initbox.Watch{Memory: !h.has(ctlMemory), Pids: !h.has(ctlPids), CPU: !h.has(ctlCPUAcct), Inodes: !b.d.root},
		CountProcesses: !h.has(ctlPids), Background: func(f func()) { b.d.work.Go(f) },
	}
}

func (b *box) spawn(p plan, uid int) error {
	here, there, err := wire.Pair()
	if err != nil {
		return err
	}
	control, err := wire.NewConn(here)
	if err != nil {
		_ = unix.Close(there)
		return err
	}
	b.Box = initbox.New(b.config(uid), b, control)
	child := os.NewFile(uintptr(there), "control")
	defer child.Close()
	if err := control.PassCredentials(); err != nil {
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
	b.complaint = initbox.Listen(errRead)
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

// refused makes the error for a bubblewrap that ended before the init spoke.
func (b *box) refused() error {
	patience := time.After(time.Second)
	for _, end := range []<-chan struct{}{b.gone, b.complaint.Done()} { // the pipe may be read to its end only after the process ended
		select {
		case <-end:
		case <-patience:
			patience = time.After(0)
		}
	}
	text := b.complaint.Text()
	return qlp.Errorf(qlp.Unavailable, "the sandbox did not start: %s", text).WithRemedy("%s", remedyFor(text))
}

// Destroy implements sandbox.Sandbox.
func (b *box) Destroy(ctx context.Context) error {
	b.once.Do(func() { b.err = b.destroy(ctx) })
	return b.err
}

func (b *box) destroy(ctx context.Context) error {
	defer b.d.forget(b)
	var err error
	if b.Box != nil {
		b.Shut() // the init ends, and the kernel ends all the rest before the init counts as ended
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
		err = b.group.Kill(destroyTimeout)
	}
	if b.Box != nil {
		b.Settle()
	}
	b.complaint.Close()
	b.uid.Release()
	b.ahead.stop()
	if b.group != nil {
		b.d.work.Go(b.group.Remove)
	}
	if err != nil {
		b.d.log.ErrorContext(ctx, "Sandbox not destroyed", "room", "sandbox", "driver", "native", "sandbox", b.ID(), "err", err)
		return fmt.Errorf("destroy sandbox %s: %w", b.ID(), err)
	}
	return nil
}

// Command implements initbox.Engine.
func (b *box) Command(n int, l sandbox.Limits, lower bool) (initbox.Group, error) {
	if !lower && l == b.limits {
		return b.ahead.take(b)
	}
	return b.group.child("e"+strconv.Itoa(n), l, lower)
}

// Account implements initbox.Engine.
func (b *box) Account() initbox.Account { return b.group.Account() }

// Break implements initbox.Engine.
func (b *box) Break() { _ = b.process.Kill() }

// Complaint implements initbox.Engine.
func (b *box) Complaint() string { return b.complaint.Text() }
