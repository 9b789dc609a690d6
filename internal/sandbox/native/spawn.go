package native

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/initbox"
)

// spawner starts every bubblewrap from one operating system thread that lives as long as the driver. A thread of its own
// for two reasons: the parent-death signal follows the thread that forked, not the process, and as root the thread
// enters a fresh mount namespace before each fork, so that sized places exist for that sandbox alone and vanish with it,
// also if QLP is killed. The runtime never makes another thread from a locked one, so nothing else sees those mounts.
type spawner struct {
	root     bool
	stageDir string
	requests chan spawnRequest
	done     chan struct{}
	broken   error // of the thread's own; only run touches it
}

type spawnRequest struct {
	engine string
	plan   plan
	uid    int
	group  *group     // to be forked into, or nil
	files  []*os.File // stdin, stdout, stderr, control, filter
	answer chan spawnAnswer
}

type spawnAnswer struct {
	process *os.Process
	err     error
}

func newSpawner(root bool, stageDir string) (*spawner, error) {
	s := &spawner{root: root, stageDir: stageDir, requests: make(chan spawnRequest), done: make(chan struct{})}
	ready := make(chan error)
	go s.run(ready)
	return s, <-ready
}

// spawn returns when the process exists.
func (s *spawner) spawn(r spawnRequest) (*os.Process, error) {
	r.answer = make(chan spawnAnswer, 1)
	select {
	case s.requests <- r:
	case <-s.done:
		return nil, errors.New("the driver is closed")
	}
	a := <-r.answer
	return a.process, a.err
}

// stop ends the thread; the kernel then kills what it started, if anything is left.
func (s *spawner) stop() {
	close(s.requests)
	<-s.done
}

func (s *spawner) run(ready chan<- error) {
	defer close(s.done)
	runtime.LockOSThread() // never unlocked: the thread ends with this function
	home := -1
	if s.root {
		var err error
		// The file system attributes (working directory) must not be shared with threads in another mount namespace.
		if err = unix.Unshare(unix.CLONE_FS); err == nil {
			home, err = unix.Open("/proc/thread-self/ns/mnt", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		}
		if err != nil {
			ready <- fmt.Errorf("prepare spawner: %w", err)
			return
		}
		defer unix.Close(home)
	}
	ready <- nil
	for r := range s.requests {
		p, err := s.one(r, home)
		r.answer <- spawnAnswer{p, err}
	}
}

func (s *spawner) one(r spawnRequest, home int) (*os.Process, error) {
	if s.broken != nil {
		return nil, s.broken
	}
	attr := &os.ProcAttr{Dir: "/", Env: []string{}, Files: r.files, Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setsid: true}}
	if s.root {
		if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
			return nil, fmt.Errorf("enter mount namespace: %w", err)
		}
		defer func() { _ = unix.Setns(home, unix.CLONE_NEWNS) }()
		if err := s.stage(&r); err != nil {
			return nil, err
		}
		attr.Sys.Credential = &syscall.Credential{Uid: uint32(r.uid), Gid: uint32(r.uid)}
	}
	if r.group != nil {
		err := r.group.enter()
		defer func() {
			if lerr := r.group.leave(); lerr != nil {
				// This thread would take its next child, and in the end itself, into a group that is about to be killed.
				s.broken = lerr
			}
		}()
		if err != nil {
			return nil, err
		}
	}
	p, err := os.StartProcess(r.engine, append([]string{r.engine}, r.plan.args()...), attr)
	if err != nil {
		return nil, fmt.Errorf("start bubblewrap: %w", err)
	}
	return p, nil
}

// stage mounts the sized place, and views of what lies below directories that the sandbox's user cannot enter.
func (s *spawner) stage(r *spawnRequest) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	opts := fmt.Sprintf("size=%d,nr_inodes=%d,mode=0755", r.plan.limits.Disk, r.plan.limits.Inodes)
	if err := unix.Mount("tmpfs", s.stageDir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, opts); err != nil {
		return fmt.Errorf("mount sized place: %w", err)
	}
	for _, name := range []string{"work", "tmp", "shm"} {
		dir := filepath.Join(s.stageDir, name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return fmt.Errorf("make %s: %w", name, err)
		}
		if err := os.Lchown(dir, r.uid, r.uid); err != nil {
			return fmt.Errorf("give %s away: %w", name, err)
		}
	}
	r.plan.stage = s.stageDir
	views := 0
	reachable := func(host string) (string, error) {
		if initbox.OthersMayEnter(host) {
			return host, nil
		}
		views++
		return s.view(host, views)
	}
	var err error
	if r.plan.init, err = reachable(r.plan.init); err != nil {
		return err
	}
	mounts := make([]sandbox.Mount, 0, len(r.plan.mounts))
	for _, m := range r.plan.mounts {
		if m.HostPath, err = reachable(m.HostPath); err != nil {
			return err
		}
		mounts = append(mounts, m)
	}
	r.plan.mounts = mounts
	return nil
}

// view binds host to a place that every user can reach.
func (s *spawner) view(host string, n int) (string, error) {
	at := filepath.Join(s.stageDir, "view"+strconv.Itoa(n))
	st, err := os.Stat(host)
	if err == nil && st.IsDir() {
		err = os.Mkdir(at, 0o755)
	} else if err == nil {
		err = os.WriteFile(at, nil, 0o644)
	}
	if err == nil {
		err = unix.Mount(host, at, "", unix.MS_BIND, "")
	}
	if err != nil {
		return "", fmt.Errorf("make view of %s: %w", host, err)
	}
	return at, nil
}
