package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

// Bare is the init without namespaces: `qlp-init bare DIR …` confines this process and starts `qlp-init serve-in DIR` in its
// place. Its writable places lie below DIR, /proc is the host's, and it is a subreaper in place of pid 1.

const serveIn = "serve-in"

func bare() bool { return len(os.Args) > 2 && os.Args[1] == serveIn }

func workDir() string { return place("/work") }

// place is where one of the sandbox's own directories is.
func place(path string) string {
	if bare() {
		return filepath.Join(os.Args[2], path)
	}
	return path
}

// places are the writable ones; a full one is noticed here.
func places() []string {
	if bare() {
		return []string{workDir(), place("/tmp")}
	}
	return []string{workDir(), "/tmp", "/dev/shm"}
}

// killRest kills every process but this one: of the namespace, or, where there is none, every descendant. The kernel
// signals a namespace in one go; descendants are looked for until none is left that does not end.
func killRest() {
	if !bare() {
		_ = unix.Kill(-1, unix.SIGKILL)
		return
	}
	for pid := range descendants() {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
}

// keepKilling kills the rest, and repeats it until stopped where descendants may fork while they are looked for.
func keepKilling() (stop func()) {
	killRest()
	if !bare() {
		return func() {}
	}
	var over atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !over.Load() {
			<-time.After(2 * time.Millisecond)
			killRest()
		}
	}()
	return func() { over.Store(true); <-done }
}

// endAll kills every descendant before this process ends, which nothing does for one that is not pid 1.
func endAll() {
	for deadline := time.Now().Add(3 * time.Second); len(descendants()) > 0 && time.Now().Before(deadline); {
		killRest()
		<-time.After(2 * time.Millisecond)
	}
}

// descendants finds the processes below this one, which as a subreaper inherits all orphans among them.
func descendants() map[int]bool {
	children := map[int][]int{}
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if f := statFields(name); len(f) > 1 {
			parent := int(number(f[1]))
			children[parent] = append(children[parent], pid)
		}
	}
	found := map[int]bool{}
	for next := []int{os.Getpid()}; len(next) > 0; {
		at := next[0]
		next = next[1:]
		for _, c := range children[at] {
			if !found[c] {
				found[c] = true
				next = append(next, c)
			}
		}
	}
	return found
}

// adopt makes this process the parent of its descendants' orphans.
func adopt() error {
	if !bare() {
		return nil
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become subreaper: %w", err)
	}
	return nil
}

// bareUsage walks the writable places, which are part of a larger file system there, and looks at the descendants. What
// several links share is counted for each, and holes are not counted.
func bareUsage() wire.Reply {
	var r wire.Reply
	for _, place := range places() {
		_ = filepath.WalkDir(place, func(_ string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil //nolint:nilerr // gone since it was listed
			}
			r.InodesUsed++
			if info, err := d.Info(); err == nil {
				if st, ok := info.Sys().(*syscall.Stat_t); ok {
					r.DiskUsed += st.Blocks * 512
				}
			}
			return nil
		})
	}
	now := processes()
	r.Memory, r.Pids, r.CPU = now.memory, now.pids, int64(now.cpu+childrenCPU())
	return r
}
