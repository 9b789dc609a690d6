package process

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox/initbox"
)

// places is the directory that holds a directory for each sandbox. A sandbox's is locked while it lives, so that those whose
// owner was killed can be told apart; making one and looking for such exclude each other by a lock on the whole.
type places struct {
	dir string
}

type place struct {
	path string
	lock *os.File
}

func openPlaces(dir string, root bool) (*places, error) {
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "qlp-process-"+strconv.Itoa(os.Geteuid()))
	}
	if err := initbox.OwnDir(dir); err != nil {
		return nil, err
	}
	resolved, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", dir, err)
	}
	// Others may pass, and not look around.
	if err := os.Chmod(resolved, 0o711); err != nil {
		return nil, fmt.Errorf("prepare %s: %w", resolved, err)
	}
	if root && !passable(resolved) {
		return nil, qlp.Errorf(qlp.Unavailable, "other users cannot reach %s", resolved).WithRemedy("set TMPDIR to a directory that every user may enter")
	}
	return &places{dir: resolved}, nil
}

// passable says whether every directory down to dir may be passed by everyone.
func passable(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		st, err := os.Stat(dir)
		if err != nil || st.Mode().Perm()&0o001 == 0 {
			return false
		}
		if dir == "/" {
			return true
		}
	}
}

func (p *places) hold(how int) (*os.File, error) {
	f, err := os.Open(p.dir)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", p.dir, err)
	}
	if err := unix.Flock(int(f.Fd()), how); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", p.dir, err)
	}
	return f, nil
}

// take makes a directory that uid alone can enter; -1 is this user.
func (p *places) take(uid int) (*place, error) {
	held, err := p.hold(unix.LOCK_SH)
	if err != nil {
		return nil, err
	}
	defer held.Close()
	path, err := os.MkdirTemp(p.dir, "s-")
	if err != nil {
		return nil, fmt.Errorf("make directory of sandbox: %w", err)
	}
	lock, err := os.Open(path)
	if err == nil {
		err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	pl := &place{path: path, lock: lock}
	for _, dir := range []string{path + "/work", path + "/tmp", path} {
		if err == nil && dir != path {
			err = os.Mkdir(dir, 0o700)
		}
		if err == nil && uid >= 0 {
			err = os.Lchown(dir, uid, uid)
		}
	}
	if err != nil {
		_ = pl.remove()
		return nil, fmt.Errorf("make directory of sandbox: %w", err)
	}
	return pl, nil
}

// reap removes what killed processes left.
func (p *places) reap() (removed int) {
	held, err := p.hold(unix.LOCK_EX | unix.LOCK_NB)
	if err != nil {
		return 0 // somebody is making a sandbox: another time will do
	}
	defer held.Close()
	found, _ := filepath.Glob(filepath.Join(p.dir, "s-*"))
	for _, path := range found {
		lock, err := os.Open(path)
		if err != nil {
			continue
		}
		pl := &place{path: path, lock: lock}
		if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
			lock.Close()
			continue
		}
		if pl.remove() == nil {
			removed++
		}
	}
	return removed
}

// remove deletes the directory when no process of the sandbox is left to play tricks with it.
func (p *place) remove() error {
	if p == nil {
		return nil
	}
	if p.lock != nil {
		defer p.lock.Close()
	}
	err := os.RemoveAll(p.path)
	if err == nil {
		return nil
	}
	// Directories without their owner's rights stop an ordinary user.
	_ = filepath.WalkDir(p.path, func(path string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(p.path)
}
