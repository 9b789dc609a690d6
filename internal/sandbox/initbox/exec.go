package initbox

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

const (
	pollEvery      = 20 * time.Millisecond
	reportPatience = 5 * time.Second // between the kill and the init's report
	streamPatience = 2 * time.Second // between the report and the end of the streams
	initPids       = 16              // room for the init's own threads where they are counted
)

// run is one command, from the request to the Result.
type run struct {
	b      *Box
	limits sandbox.Limits
	conn   *wire.Conn
	group  Group
	out    *capture
	errs   *capture

	started  chan struct{} // closed when execve has succeeded
	finished chan struct{} // closed when result is set
	result   sandbox.Result
	err      error

	bytes atomic.Int64
	last  atomic.Int64 // time of the last output

	mu      sync.Mutex
	begun   time.Time
	facts   sandbox.Facts
	starved bool // the init died with the program, for want of memory
	reason  string
	killed  time.Time
	over    bool // the report is in: no kill may be claimed any more
}

// Exec implements sandbox.Sandbox.
func (b *Box) Exec(ctx context.Context, cmd sandbox.Cmd) (sandbox.Result, error) {
	r, err := b.launch(ctx, cmd)
	if err != nil {
		return sandbox.Result{}, err
	}
	select {
	case <-r.finished:
	case <-ctx.Done():
		r.kill(func(f *sandbox.Facts) { f.Canceled = true }, "")
		<-r.finished
	}
	return r.result, r.err
}

// Start implements sandbox.Sandbox.
func (b *Box) Start(ctx context.Context, cmd sandbox.Cmd) (sandbox.Process, error) {
	r, err := b.launch(ctx, cmd)
	if err != nil {
		return nil, err
	}
	select {
	case <-r.started:
	case <-r.finished:
	case <-ctx.Done():
		r.kill(func(f *sandbox.Facts) { f.Canceled = true }, "")
		<-r.finished
		return nil, context.Cause(ctx)
	}
	return &service{run: r}, nil
}

// launch sends the request and starts the goroutine that ends it.
func (b *Box) launch(ctx context.Context, cmd sandbox.Cmd) (*run, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if len(cmd.Argv) == 0 || cmd.Argv[0] == "" {
		return nil, qlp.Errorf(qlp.Invalid, "the command is empty")
	}
	n, ok := b.enter()
	if !ok {
		return nil, sandbox.ErrDestroyed
	}
	r := &run{
		b: b, limits: b.limits.Lower(cmd.Limits), started: make(chan struct{}), finished: make(chan struct{}),
	}
	var err error
	lower := r.limits.CPUs < b.limits.CPUs
	if r.group, err = b.engine.Command(n, r.limits, lower); err != nil {
		b.runs.Done()
		return nil, fmt.Errorf("execute %s: %w", cmd.Argv[0], err)
	}
	if err := r.send(cmd); err != nil {
		r.group.Remove()
		b.runs.Done()
		return nil, fmt.Errorf("execute %s: %w", cmd.Argv[0], err)
	}
	go r.supervise()
	return r, nil
}

// enter counts a command in, unless the sandbox is being destroyed; Destroy waits for all that came in.
func (b *Box) enter() (n int, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.destroyed {
		return 0, false
	}
	b.execs++
	b.runs.Add(1)
	return b.execs, true
}

// send makes the pipes and hands their far ends over.
func (r *run) send(cmd sandbox.Cmd) (err error) {
	uid := r.b.cfg.Owner
	outNear, outFar, err := newPipe(uid)
	if err != nil {
		return err
	}
	defer unix.Close(outFar)
	errNear, errFar, err := newPipe(uid)
	if err != nil {
		outNear.Close()
		return err
	}
	defer unix.Close(errFar)
	in, feedEnd, err := stdinFor(cmd)
	if err != nil {
		outNear.Close()
		errNear.Close()
		return err
	}
	defer unix.Close(in)
	fds := []int{in, outFar, errFar}
	if r.b.cfg.TaskFiles {
		tasks, terr := r.group.TaskFiles()
		defer closeFDs(tasks)
		fds = append(fds, tasks...)
		err = terr
	}
	if err == nil {
		r.conn, err = r.b.request(r.request(cmd), fds...)
	}
	if err != nil {
		outNear.Close()
		errNear.Close()
		if feedEnd != nil {
			feedEnd.Close()
		}
		return err
	}
	if feedEnd != nil {
		go feed(feedEnd, cmd.Stdin)
	}
	r.begun = time.Now()
	r.last.Store(r.begun.UnixNano())
	r.out = startCapture(outNear, r.limits.Output, cmd.Stdout, r.wrote)
	r.errs = startCapture(errNear, r.limits.Output, cmd.Stderr, r.wrote)
	return nil
}

func stdinFor(cmd sandbox.Cmd) (far int, near *os.File, err error) {
	if cmd.Stdin == nil {
		far, err = unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return far, nil, err
	}
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return -1, nil, fmt.Errorf("make pipe: %w", err)
	}
	if err := unix.SetNonblock(p[1], true); err != nil {
		closeFDs(p[:])
		return -1, nil, fmt.Errorf("prepare pipe: %w", err)
	}
	return p[0], os.NewFile(uintptr(p[1]), "pipe"), nil
}

func (r *run) request(cmd sandbox.Cmd) wire.Request {
	env := map[string]string{
		"PATH": "/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin", "HOME": "/home/sandbox", "TMPDIR": "/tmp", "LANG": "C.UTF-8",
		"USER": "sandbox",
	}
	maps.Copy(env, r.b.cfg.Env)
	maps.Copy(env, cmd.Env)
	req := wire.Request{Op: wire.OpExec, Dir: cmd.Dir, Rlimits: r.rlimits(), Join: r.b.cfg.Join}
	in := r.b.cfg.Translate
	if in == nil {
		in = func(word string) string { return word }
	}
	for _, a := range cmd.Argv {
		req.Argv = append(req.Argv, []byte(in(a)))
	}
	for _, k := range slices.Sorted(maps.Keys(env)) {
		req.Env = append(req.Env, []byte(k+"="+in(env[k])))
	}
	w := r.b.cfg.Watch
	if w.Memory {
		req.Watch.Memory = r.limits.Memory
	}
	if w.Pids {
		req.Watch.Pids = r.limits.Pids + 2*initPids // RLIMIT_NPROC refuses first; this is for kernels that do not
	}
	if w.CPU {
		req.Watch.CPU = int64(r.limits.CPUTime)
	}
	if w.Inodes {
		req.Watch.Inodes = r.limits.Inodes
	}
	if w.Disk {
		req.Watch.Disk = r.limits.Disk
	}
	return req
}

// rlimits backs up the cgroup, and stands in where there is none. There is no limit on address space: it breaks what
// reserves much and uses little (JVM, Go, Node, ASan). Processes are counted per user namespace since Linux 5.14, so that
// the limit is the sandbox's own; it includes the init's threads.
func (r *run) rlimits() []wire.Rlimit {
	l := r.limits
	both := func(res int, v int64) wire.Rlimit {
		return wire.Rlimit{Resource: res, Soft: uint64(v), Hard: uint64(v)}
	}
	cpu := int64(l.CPUTime/time.Second) + 1
	list := []wire.Rlimit{
		both(unix.RLIMIT_CORE, 0), both(unix.RLIMIT_NOFILE, 1024), both(unix.RLIMIT_FSIZE, l.FileSize),
		{Resource: unix.RLIMIT_STACK, Soft: uint64(8 * sandbox.MiB), Hard: uint64(64 * sandbox.MiB)},
		{Resource: unix.RLIMIT_CPU, Soft: uint64(cpu), Hard: uint64(cpu + 1)},
		both(unix.RLIMIT_MEMLOCK, 64*sandbox.KiB), both(unix.RLIMIT_MSGQUEUE, 0), both(unix.RLIMIT_NICE, 0),
		both(unix.RLIMIT_RTPRIO, 0), both(unix.RLIMIT_SIGPENDING, 4096),
	}
	if r.b.cfg.CountProcesses {
		list = append(list, both(unix.RLIMIT_NPROC, int64(l.Pids)+initPids))
	}
	return list
}

// wrote is called by both captures.
func (r *run) wrote(n int) {
	r.last.Store(time.Now().UnixNano())
	if r.bytes.Add(int64(n)) > r.limits.OutputKill {
		r.kill(func(f *sandbox.Facts) { f.OutputExceeded = true }, "")
	}
}

// kill records why, once, and kills. A kill after the end changes nothing.
func (r *run) kill(why func(*sandbox.Facts), reason string) {
	r.mu.Lock()
	if r.over || !r.killed.IsZero() {
		r.mu.Unlock()
		return
	}
	why(&r.facts)
	r.reason = reason
	r.killed = time.Now()
	r.mu.Unlock()
	_ = r.conn.Send(wire.Order{Signal: int(syscall.SIGKILL)})
	r.group.KillNow()
}

func (r *run) killedAt() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.killed
}
