package initbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

// supervise follows one command to its end: it moves the child into its cgroup when the child asks, watches the clock,
// and makes the Result out of its own records and the init's report.
func (r *run) supervise() {
	defer r.b.runs.Done()
	defer close(r.finished)
	quit := make(chan struct{})
	watched := make(chan struct{})
	go func() { defer close(watched); r.watch(quit) }()
	report, err := r.listen()
	r.mu.Lock()
	r.over = true
	wall := time.Since(r.begun)
	r.mu.Unlock()
	close(quit)
	<-watched
	_ = r.conn.Close()
	if err != nil {
		r.lose(err)
	} else {
		r.noteDestroy(report)
	}
	// What the program left behind is dead already, unless a service is alive: then the cgroup tells it apart.
	if kerr := r.group.Kill(reportPatience); kerr != nil && r.err == nil {
		r.lose(kerr)
	}
	r.out.finish(streamPatience)
	r.errs.finish(streamPatience)
	r.conclude(report, wall)
	r.b.cfg.Background(r.group.Remove)
}

// lose records that the report never came: the sandbox was destroyed meanwhile, or its machinery is broken.
func (r *run) lose(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.b.isDestroyed() {
		r.facts.Canceled = true
		r.reason = sandbox.ReasonDestroyed
		return
	}
	if w, ok := r.b.engine.(Witness); ok && w.OutOfMemory() {
		r.starved = true
		r.b.engine.Break()
		return
	}
	r.facts.Lost = true
	r.reason = sandbox.ReasonInitLost
	r.err = r.b.lost(err)
	r.b.engine.Break()
}

// noteDestroy tells the kill of a Destroy, whose report may still arrive, from one that the program brought upon itself.
func (r *run) noteDestroy(report wire.Reply) {
	status := unix.WaitStatus(report.Status)
	if report.Kind != wire.KindExit || !status.Signaled() || status.Signal() != unix.SIGKILL || !r.b.isDestroyed() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.killed.IsZero() {
		r.facts.Canceled = true
		r.reason = sandbox.ReasonDestroyed
	}
}

// listen serves the child and the init until the report.
func (r *run) listen() (wire.Reply, error) {
	for {
		b, fds, pid, err := r.conn.RecvRaw()
		closeFDs(fds)
		if err != nil {
			return wire.Reply{}, err
		}
		if len(b) == 1 && b[0] == 0 {
			if err := r.admit(pid); err != nil {
				return wire.Reply{}, err
			}
			continue
		}
		var reply wire.Reply
		if err := json.Unmarshal(b, &reply); err != nil {
			return wire.Reply{}, fmt.Errorf("decode report: %w", err)
		}
		switch reply.Kind {
		case wire.KindStarted:
			r.mu.Lock()
			r.begun = time.Now()
			r.mu.Unlock()
			close(r.started)
		case wire.KindFailed, wire.KindExit:
			return reply, nil
		default:
			return wire.Reply{}, fmt.Errorf("unexpected report %q", reply.Kind)
		}
	}
}

// admit moves the waiting child into the command's cgroup and lets it go on. The kernel vouches for its number.
func (r *run) admit(pid int) error {
	if err := r.group.Join(pid); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	return r.conn.SendRaw([]byte{1})
}

// watch holds the limits that are times.
func (r *run) watch(quit <-chan struct{}) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-quit:
			return
		case now := <-tick.C:
			r.check(now)
		}
	}
}

func (r *run) check(now time.Time) {
	if killed := r.killedAt(); !killed.IsZero() {
		if now.Sub(killed) > reportPatience {
			_ = r.conn.SetReadDeadline(time.Unix(1, 0)) // ends listen
		}
		// A process that was being moved when the first kill came is caught by the next.
		r.group.KillNow()
		return
	}
	r.mu.Lock()
	begun := r.begun
	r.mu.Unlock()
	idle := now.Sub(time.Unix(0, max(r.last.Load(), begun.UnixNano())))
	switch {
	case now.Sub(begun) > r.limits.Wall:
		r.kill(func(f *sandbox.Facts) { f.WallExceeded = true }, "")
	case r.limits.Idle > 0 && idle > r.limits.Idle:
		r.kill(func(f *sandbox.Facts) { f.WallExceeded = true }, sandbox.ReasonIdle)
	case r.group.CPU() > r.limits.CPUTime:
		r.kill(func(f *sandbox.Facts) { f.CPUExceeded = true }, "")
	}
}

// conclude turns records into the Result.
func (r *run) conclude(report wire.Reply, wall time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	acct := r.group.Account()
	res := sandbox.Result{
		// The driver may have heard of the start a little late.
		ExitCode: -1, Wall: max(wall, time.Duration(report.Wall)), CPU: max(acct.CPU, time.Duration(report.CPU)), PeakMemory: acct.Peak, PidsPeak: acct.PidsPeak,
		OOMKills: max(acct.OOMKills, report.OOMKills), Isolation: r.b.cfg.Isolation, Engine: r.b.cfg.Name, Enforcement: r.b.cfg.Enforcement,
	}
	if acct.Peak == 0 {
		res.PeakMemory = max(report.MaxRSS, report.MemPeak)
	}
	res.PidsPeak = max(res.PidsPeak, report.PidsPeak)
	f := &r.facts
	reason := r.readReport(report, &res)
	if report.Watched == wire.WatchedMemory {
		res.OOMKills = max(res.OOMKills, 1)
	}
	if r.starved {
		res.OOMKills, res.Signal, f.Signaled = max(res.OOMKills, 1), unix.SignalName(unix.SIGKILL), true
	}
	f.OOMKills = res.OOMKills
	res.Verdict = sandbox.Decide(*f)
	res.Reason = r.reason
	if res.Reason == "" {
		res.Reason = explain(res, reason, acct.PidsHit || report.PidsHit || report.PidsPeak >= r.limits.Pids)
	}
	var cutOut, cutErr bool
	res.Stdout, res.StdoutBytes, cutOut = r.out.kept()
	res.Stderr, res.StderrBytes, cutErr = r.errs.kept()
	res.Truncated = cutOut || cutErr
	r.result = res
}

// readReport fills in how the program ended and returns the reason it gives, if any.
func (r *run) readReport(report wire.Reply, res *sandbox.Result) (reason string) {
	f := &r.facts
	switch report.Kind {
	case wire.KindFailed:
		reason = notStarted(report)
		switch {
		case reason != "":
			f.NotStarted = true
		case r.killed.IsZero():
			f.Lost = true
			r.err = r.b.lost(fmt.Errorf("start the program, at %s: %w", report.Stage, asError(report)))
		}
	case wire.KindExit:
		status := unix.WaitStatus(report.Status)
		if status.Signaled() {
			f.Signaled = true
			res.Signal = unix.SignalName(status.Signal())
			f.CPUExceeded = f.CPUExceeded || status.Signal() == unix.SIGXCPU
			if status.Signal() == unix.SIGXFSZ {
				f.DiskExceeded = true
				reason = sandbox.ReasonFileSize
			}
		} else {
			res.ExitCode = status.ExitStatus()
			f.ExitCode = res.ExitCode
		}
		f.DiskPassed = report.Watched == wire.WatchedDisk || report.Watched == wire.WatchedInodes
		if report.DiskFull || report.InodeFull {
			f.DiskExceeded = true
		}
		f.CPUExceeded = f.CPUExceeded || report.Watched == wire.WatchedCPU
		switch {
		case reason != "":
		case report.InodeFull:
			reason = sandbox.ReasonInodes
		case report.DiskFull:
			reason = sandbox.ReasonDiskFull
		}
	}
	return reason
}

// explain keeps a reason only beside the verdict that it explains.
func explain(res sandbox.Result, reason string, pidsHit bool) string {
	switch {
	case res.Verdict == sandbox.DiskLimit || res.Verdict == sandbox.NotStarted:
		return reason
	case res.Verdict == sandbox.OK && res.OOMKills > 0:
		return sandbox.ReasonChildOOM
	case pidsHit:
		return sandbox.ReasonPids
	}
	return ""
}

// notStarted says why execve could not work, "" if that is the machinery's fault.
func notStarted(report wire.Reply) string {
	errno := unix.Errno(report.Errno)
	switch {
	case report.Stage == wire.StageDir:
		return sandbox.ReasonBadDir
	case report.Stage != wire.StageExec && report.Stage != wire.StageLookup:
		return ""
	case errno == unix.ENOENT || errno == unix.ENOTDIR || errno == unix.ENAMETOOLONG || errno == unix.ELOOP:
		return sandbox.ReasonNotFound
	}
	return sandbox.ReasonNotExec
}
