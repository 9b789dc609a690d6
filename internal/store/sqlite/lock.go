package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// LockName is the file in the data folder that the process which uses it holds locked. The kernel gives the lock back
// when the process ends, however it ends; what the file says (pid and command) is for people.
const LockName = "qlp.lock"

// A process that is killed while it starts another one leaves a child that is not that program yet, and holds the lock until it is: for
// milliseconds, or longer on a busy machine.
const (
	outlive    = 5 * time.Second
	retryEvery = 10 * time.Millisecond
)

// lock takes the folder for this process. The release function gives it back. Where the process that took it has ended, what it left
// is waited for.
func lock(ctx context.Context, dir string) (release func() error, err error) {
	name := filepath.Join(dir, LockName)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // in the folder that the operator chose
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	for until := time.Now().Add(outlive); errors.Is(err, syscall.EWOULDBLOCK) && ended(name) && time.Now().Before(until); {
		select {
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), f.Close())
		case <-time.After(retryEvery): // the kernel tells nobody
		}
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err != nil {
		defer func() { _ = f.Close() }()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, held(dir, name)
		}
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	// The text is a courtesy: a full disk is found by what matters, not by this.
	_ = f.Truncate(0)
	_, _ = fmt.Fprintf(f, "%d\n%s\n", os.Getpid(), strings.Join(os.Args, " "))
	return f.Close, nil
}

// ended says whether the process that took the lock last is gone, as far as that can be told.
func ended(name string) bool {
	b, err := os.ReadFile(name) //nolint:gosec // in the folder that the operator chose
	if err != nil {
		return false
	}
	first, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	return err == nil && pid > 0 && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// held says who has the lock.
func held(dir, name string) error {
	who, pid := "another process", ""
	if b, err := os.ReadFile(name); err == nil { //nolint:gosec // in the folder that the operator chose
		first, rest, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
		if pid = strings.TrimSpace(first); pid != "" {
			who = fmt.Sprintf("process %s (%.200s)", pid, strings.TrimSpace(rest))
		}
	}
	stop := "stop that process"
	if pid != "" {
		stop += " (kill " + pid + ")"
	}
	return qlp.Errorf(qlp.Conflict, "the data folder %s is in use by %s", dir, who).
		WithRemedy("talk to that process, if it is a server, instead of opening its data; or %s; or choose another data folder", stop)
}
