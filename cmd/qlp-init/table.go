package main

import (
	"errors"
	"sync"

	"golang.org/x/sys/unix"
)

// table knows the programs that were asked for, among all the processes that pid 1 inherits.
type table struct {
	// starting is held while a child is forked, and while everything is killed: nothing starts in between.
	starting sync.Mutex

	mu       sync.Mutex
	changed  *sync.Cond
	programs map[int]*program
	empty    bool // no child exists at all
}

type program struct {
	pid    int
	done   chan struct{} // closed when reaped; what follows is set then
	status unix.WaitStatus
	usage  unix.Rusage
}

func newTable() *table {
	t := &table{programs: map[int]*program{}, empty: true}
	t.changed = sync.NewCond(&t.mu)
	return t
}

// start forks c and enters it before the reaper can see it end.
func (t *table) start(c *child) (*program, error) {
	t.starting.Lock()
	defer t.starting.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	pid, err := fork(c)
	if err != nil {
		return nil, err
	}
	p := &program{pid: pid, done: make(chan struct{})}
	t.programs[pid] = p
	t.empty = false
	t.changed.Broadcast()
	return p, nil
}

// reap waits for every child for ever: pid 1 inherits orphans.
func (t *table) reap() {
	for {
		var status unix.WaitStatus
		var usage unix.Rusage
		pid, err := unix.Wait4(-1, &status, unix.WALL, &usage)
		switch {
		case errors.Is(err, unix.ECHILD):
			t.mu.Lock()
			// A child may have been forked since; then the next Wait4 finds it.
			if len(t.programs) == 0 {
				t.empty = true
				t.changed.Broadcast()
				for t.empty {
					t.changed.Wait()
				}
			}
			t.mu.Unlock()
		case err == nil && (status.Exited() || status.Signaled()):
			t.mu.Lock()
			if p := t.programs[pid]; p != nil {
				p.status, p.usage = status, usage
				delete(t.programs, pid)
				close(p.done)
			}
			t.mu.Unlock()
		}
	}
}

// sweep kills every process but this one and waits until none is left, unless another program is alive: then it kills
// p's session's group only and says so.
func (t *table) sweep(p *program) (others bool) {
	t.starting.Lock()
	defer t.starting.Unlock()
	t.mu.Lock()
	others = len(t.programs) > 0
	t.mu.Unlock()
	if others {
		_ = unix.Kill(-p.pid, unix.SIGKILL)
		return true
	}
	// A fork in flight sees the signal that goes to a whole namespace, and does not happen.
	defer keepKilling()()
	t.mu.Lock()
	defer t.mu.Unlock()
	for !t.empty {
		t.changed.Wait()
	}
	return false
}
