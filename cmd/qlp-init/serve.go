package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

const controlFD = 3

type server struct {
	control *wire.Conn
	procs   *table
	rules   int // of Landlock for programs, or -1
	// contained says that the limits are a container's, and counted there.
	contained bool
}

// serve answers requests until the control socket closes.
func serve() error {
	// What QLP itself inherited without a close-on-exec mark would be inherited here, too. This comes first, before the
	// runtime has descriptors of its own.
	if err := closeFrom(controlFD + 1); err != nil {
		return err
	}
	if err := harden(); err != nil {
		return err
	}
	cpus := os.Args[2:]
	if bare() {
		cpus = os.Args[3:]
	}
	if len(cpus) > 0 {
		if err := keepTo(cpus[0]); err != nil {
			return err
		}
	}
	if err := adopt(); err != nil {
		return err
	}
	unix.CloseOnExec(controlFD)
	control, err := wire.NewConn(controlFD)
	if err != nil {
		return err
	}
	return answer(control, false)
}

func closeFrom(fd uint) error {
	if err := unix.CloseRange(fd, 1<<31-1, 0); err != nil && !errors.Is(err, unix.ENOSYS) {
		return fmt.Errorf("close inherited descriptors: %w", err)
	}
	return nil
}

// answer says hello and answers requests until the control socket closes.
func answer(control *wire.Conn, contained bool) error {
	rules, err := programRules()
	if err != nil {
		return err
	}
	s := &server{control: control, procs: newTable(), rules: rules, contained: contained}
	// The home directory is a link to here, so that it shares the size limit of the other writable places.
	if err := os.MkdirAll(place("/tmp/home"), 0o755); err != nil {
		return fmt.Errorf("make home: %w", err)
	}
	go s.procs.reap()
	if err := control.Send(wire.Reply{Kind: wire.KindHello}); err != nil {
		return err
	}
	for {
		var req wire.Request
		fds, _, err := control.Recv(&req)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(fds) == 0 {
			return errors.New("request without a reply socket")
		}
		go s.handle(req, fds)
	}
}

func (s *server) handle(req wire.Request, fds []int) {
	defer closeAll(fds)
	if req.Op == wire.OpExec && len(fds) >= 4 {
		s.exec(req, fds)
		return
	}
	reply, err := unix.FcntlInt(uintptr(fds[0]), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return
	}
	conn, err := wire.NewConn(reply)
	if err != nil {
		return
	}
	defer conn.Close()
	switch {
	case req.Op == wire.OpPut && len(fds) == 2:
		err = put(req, fds[1])
	case req.Op == wire.OpGet && len(fds) == 2:
		err = get(req, fds[1])
	case req.Op == wire.OpDial:
		dial(conn, req.Port)
		return
	case req.Op == wire.OpListen:
		listen(conn, req.Port)
		return
	case req.Op == wire.OpUsage:
		u := usage()
		u.Kind = wire.KindDone
		_ = conn.Send(u)
		return
	default:
		err = fmt.Errorf("unknown request %q with %d descriptors", req.Op, len(fds))
	}
	if err != nil {
		_ = conn.Send(failure(err))
		return
	}
	_ = conn.Send(wire.Reply{Kind: wire.KindDone})
}

// harden makes this process opaque to programs of the same user, and deaf to their signals. A Go program handles
// SIGTERM and its like by dying, which even pid 1 can be made to do from inside.
func harden() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("make init undumpable: %w", err)
	}
	ignore := [4]uintptr{1} // a kernel sigaction whose handler is SIG_IGN
	for sig := unix.Signal(1); sig < 32; sig++ {
		switch sig {
		case unix.SIGKILL, unix.SIGSTOP, unix.SIGCHLD, unix.SIGURG:
			continue
		}
		if _, _, e := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&ignore)), 0, 8, 0, 0); e != 0 {
			return fmt.Errorf("ignore signal %d: %w", sig, e)
		}
	}
	return nil
}

// keepTo restricts this process and its children to the first n of the processors they have: a stand-in for a quota.
func keepTo(count string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return fmt.Errorf("number of processors %q: %w", count, err)
	}
	var have, want unix.CPUSet
	if err := unix.SchedGetaffinity(0, &have); err != nil {
		return fmt.Errorf("read processors: %w", err)
	}
	for cpu := 0; want.Count() < n && cpu < 1024; cpu++ {
		if have.IsSet(cpu) {
			want.Set(cpu)
		}
	}
	// Of every thread that exists, and so of every one they make.
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("list threads: %w", err)
	}
	for _, t := range threads {
		if tid, err := strconv.Atoi(t.Name()); err == nil {
			_ = unix.SchedSetaffinity(tid, &want)
		}
	}
	return nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}

// failure tells the driver about err; a coded one is the caller's doing.
func failure(err error) wire.Reply {
	r := wire.Reply{Kind: wire.KindFailed, Error: err.Error()}
	if c, ok := errors.AsType[*codedError](err); ok {
		r.Code = c.code
	} else if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EFBIG) {
		r.Code = "exhausted"
	}
	if e, ok := errors.AsType[unix.Errno](err); ok {
		r.Errno = int(e)
	}
	return r
}

type codedError struct {
	code string
	text string
}

func (e *codedError) Error() string { return e.text }

func invalid(format string, args ...any) error {
	return &codedError{code: "invalid", text: fmt.Sprintf(format, args...)}
}

func exhausted(format string, args ...any) error {
	return &codedError{code: "exhausted", text: fmt.Sprintf(format, args...)}
}
