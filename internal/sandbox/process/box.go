package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/initbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

const (
	startTimeout = 15 * time.Second
	endPatience  = 4 * time.Second // the init kills what it started; then it is killed
	killPatience = 5 * time.Second
)

// box is one sandbox.
type box struct {
	*initbox.Box // nil until spawned

	d      *Driver
	id     string
	limits sandbox.Limits
	mounts []sandbox.Mount
	cpus   int // processors to keep to; 0 for all

	uid       *initbox.UIDLease // nil as an ordinary user
	place     *place
	cmd       *exec.Cmd
	gone      chan struct{} // closed when the init has ended
	complaint *initbox.Complaint

	once sync.Once
	err  error // of Destroy
}

var (
	_ sandbox.Sandbox = (*box)(nil)
	_ initbox.Engine  = (*box)(nil)
)

// ID implements sandbox.Sandbox.
func (b *box) ID() string { return b.id }

func (b *box) start(ctx context.Context, env map[string]string) error {
	uid := -1
	var err error
	if b.d.root {
		if b.uid, err = b.d.uids.Lease(); err != nil {
			return err
		}
		uid = b.uid.UID
		// An owner that was killed may have left something behind that runs as this user.
		if err := errors.Join(endUser(ctx, uid, killPatience), endIPC(uid)); err != nil {
			return err
		}
	}
	if b.place, err = b.d.places.take(uid); err != nil {
		return err
	}
	if err := b.spawn(uid, env); err != nil {
		return err
	}
	_, err = b.Hello(ctx, startTimeout)
	if errors.Is(err, io.EOF) {
		<-b.gone
		<-b.complaint.Done()
		return qlp.Errorf(qlp.Unavailable, "the sandbox did not start: %s", b.complaint.Text()).
			WithRemedy("qlp-init must be of the same version as qlp, and the kernel must have seccomp filters")
	}
	return err
}

func (b *box) spawn(uid int, env map[string]string) error {
	here, there, err := wire.Pair()
	if err != nil {
		return err
	}
	child := os.NewFile(uintptr(there), "control")
	defer child.Close()
	control, err := wire.NewConn(here)
	if err != nil {
		return err
	}
	b.Box = initbox.New(initbox.Config{
		ID: b.id, Limits: b.limits, Env: env, Isolation: sandbox.LevelProcess, Name: b.d.engine(), Enforcement: b.d.enforcement(),
		Owner: uid, Watch: initbox.Watch{Memory: true, Pids: true, CPU: true, Inodes: true, Disk: true},
		// As an ordinary user it would count everything of that user on the machine.
		CountProcesses: uid >= 0, Translate: newNames(b.place.path, b.d.init, b.mounts).in, Background: func(f func()) { b.d.work.Go(f) },
	}, b, control)
	filterRead, filterWrite, err := os.Pipe()
	if err != nil {
		return err
	}
	defer filterRead.Close()
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		filterWrite.Close()
		return err
	}
	defer errWrite.Close()
	b.complaint = initbox.Listen(errRead)
	args := []string{"bare", b.place.path, strconv.Itoa(b.cpus)}
	for _, m := range b.mounts {
		args = append(args, m.HostPath)
	}
	// It ends with its control socket, whose other end the kernel closes if this process is killed.
	b.cmd = exec.Command(b.d.init, args...) //nolint:noctx // its life is the sandbox's, which ends by Destroy
	b.cmd.Dir, b.cmd.Env, b.cmd.Stderr, b.cmd.ExtraFiles = "/", []string{}, errWrite, []*os.File{child, filterRead}
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if uid >= 0 {
		b.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}
	}
	err = b.cmd.Start()
	if err == nil {
		go func() {
			defer close(b.gone)
			_ = b.cmd.Wait()
		}()
		_, err = filterWrite.Write(b.d.filter) // it fits into the pipe
	} else {
		b.cmd = nil
	}
	filterWrite.Close()
	if err != nil {
		return fmt.Errorf("start qlp-init: %w", err)
	}
	return nil
}

// Destroy implements sandbox.Sandbox.
func (b *box) Destroy(ctx context.Context) error {
	b.once.Do(func() { b.err = b.destroy(ctx) })
	return b.err
}

func (b *box) destroy(ctx context.Context) error {
	defer b.d.forget(b)
	if b.Box != nil {
		b.Shut() // the init kills what it started, and ends
	}
	if b.cmd != nil {
		select {
		case <-b.gone:
		case <-time.After(endPatience):
			_ = b.cmd.Process.Kill()
			<-b.gone
		}
	}
	var err error
	if b.uid != nil {
		err = errors.Join(endUser(context.WithoutCancel(ctx), b.uid.UID, killPatience), endIPC(b.uid.UID))
	}
	if b.Box != nil {
		b.Settle()
	}
	b.complaint.Close()
	if err != nil {
		// The user id stays on loan until this process ends: whoever got it next would not be alone.
		b.d.log.ErrorContext(ctx, "Sandbox not destroyed", "room", "sandbox", "driver", "process", "sandbox", b.id, "err", err)
		return fmt.Errorf("destroy sandbox %s: %w", b.id, err)
	}
	b.d.work.Go(func() {
		if err := b.place.remove(); err != nil {
			b.d.log.Warn("Directory of a sandbox not removed", "room", "sandbox", "driver", "process", "sandbox", b.id, "err", err)
		}
		b.uid.Release()
	})
	return nil
}

// Command implements initbox.Engine: there are no counters.
func (b *box) Command(int, sandbox.Limits, bool) (initbox.Group, error) {
	return initbox.Uncounted{}, nil
}

// Account implements initbox.Engine.
func (b *box) Account() initbox.Account { return initbox.Account{} }

// Break implements initbox.Engine. It also ends what the init can no longer end: a program may kill the init, whose user it
// shares.
func (b *box) Break() {
	_ = b.cmd.Process.Signal(unix.SIGKILL)
	if b.uid != nil {
		_ = endUser(context.Background(), b.uid.UID, killPatience) // Destroy does it again, and says if it fails
	}
}

// Complaint implements initbox.Engine.
func (b *box) Complaint() string { return b.complaint.Text() }
