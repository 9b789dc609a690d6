package accepttool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// maxOutput bounds what is read of a stream or a file, in bytes. A program that prints more is stopped.
const maxOutput = 1 << 20

// protect closes this process to every other of the same user, which could otherwise write to its report by way of
// /proc/PID/fd or ptrace, and makes it the parent of whatever its children leave behind.
func protect() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("set not dumpable: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set subreaper: %w", err)
	}
	return nil
}

// process is what is started.
type process struct {
	argv  []string
	dir   string
	env   []string
	stdin string
	limit time.Duration
}

// outcome is how it ended.
type outcome struct {
	exit           int    // -1: a signal ended it
	ending         string // in words, "" when it ended by itself with an exit code
	stdout, stderr []byte
}

// start runs the process to its end and ends whatever it has left running. An error says that it could not be started.
func start(p process) (outcome, error) {
	in, out, errs, err := threePipes()
	if err != nil {
		return outcome{}, err
	}
	cmd := &exec.Cmd{
		Path: p.argv[0], Args: p.argv, Dir: p.dir, Env: p.env, Stdin: in.r, Stdout: out.w, Stderr: errs.w,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true}, // what it sends to its group does not reach this process
	}
	if cmd.Path, err = exec.LookPath(p.argv[0]); err == nil {
		err = cmd.Start()
	}
	_, _, _ = in.r.Close(), out.w.Close(), errs.w.Close()
	if err != nil {
		_, _, _ = in.w.Close(), out.r.Close(), errs.r.Close()
		return outcome{}, fmt.Errorf("the program cannot be started: %w", err)
	}
	var why atomic.Pointer[string]
	stop := func(reason string) {
		if why.CompareAndSwap(nil, &reason) {
			_ = cmd.Process.Kill()
		}
	}
	var o outcome
	var streams sync.WaitGroup
	streams.Go(func() { _, _ = io.WriteString(in.w, p.stdin); _ = in.w.Close() })
	streams.Go(func() { o.stdout = drain(out.r, "stdout", stop) })
	streams.Go(func() { o.stderr = drain(errs.r, "stderr", stop) })
	timer := time.AfterFunc(p.limit, func() {
		stop(fmt.Sprintf("it was stopped after %s: it had not ended", p.limit.Round(time.Millisecond)))
	})
	_ = cmd.Wait() // how it ended is in its state
	timer.Stop()
	endAll()
	streams.Wait() // with nobody left who could hold the other ends
	o.exit = cmd.ProcessState.ExitCode()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		o.ending = "it was ended by the signal " + unix.SignalName(status.Signal())
	}
	if reason := why.Load(); reason != nil {
		o.exit, o.ending = -1, *reason
	}
	return o, nil
}

type pipe struct{ r, w *os.File }

func threePipes() (in, out, errs pipe, err error) {
	for _, p := range []*pipe{&in, &out, &errs} {
		if p.r, p.w, err = os.Pipe(); err != nil {
			return in, out, errs, fmt.Errorf("make a pipe: %w", err)
		}
	}
	return in, out, errs, nil
}

// drain reads a stream to its end and keeps its head.
func drain(r *os.File, name string, stop func(string)) []byte {
	defer func() { _ = r.Close() }()
	kept, _ := io.ReadAll(io.LimitReader(r, maxOutput+1)) // a pipe that breaks has ended
	if len(kept) > maxOutput {
		kept = kept[:maxOutput]
		stop(fmt.Sprintf("it was stopped: it printed more than %d bytes to %s", maxOutput, name))
		_, _ = io.Copy(io.Discard, r)
	}
	return kept
}

// maxRounds bounds the hunt for processes that start new ones while they are ended.
const maxRounds = 1000

// endAll kills every process that descends from this one, however it has hidden itself: in a session of its own, or by
// the death of its parent, which makes it this process's child.
func endAll() {
	for range maxRounds {
		found := descendants(os.Getpid())
		if len(found) == 0 {
			return
		}
		for _, pid := range found {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
		var status unix.WaitStatus
		for {
			_, err := unix.Wait4(-1, &status, 0, nil)
			if !errors.Is(err, unix.EINTR) {
				break
			}
		}
	}
}

// descendants lists the processes below root, zombies that wait for their parent among them.
func descendants(root int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well formed
	for _, name := range stats {
		b, err := os.ReadFile(name) //nolint:gosec // of the kernel
		if err != nil {
			continue // it has ended since
		}
		// 12 (name, which may hold anything) S 34 ...
		_, rest, ok := strings.Cut(string(b[max(strings.LastIndexByte(string(b), ')'), 0):]), " ")
		fields := strings.Fields(rest)
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if !ok || err != nil || len(fields) < 2 {
			continue
		}
		if parent, err := strconv.Atoi(fields[1]); err == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	var out []int
	for next := children[root]; len(next) > 0; {
		out = append(out, next...)
		var below []int
		for _, pid := range next {
			below = append(below, children[pid]...)
		}
		next = below
	}
	return out
}
