package native

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/qlp"
)

const (
	firstUID = 20000
	lastUID  = 20999
)

// uidPool lends unprivileged user ids, each to one sandbox at a time on the whole host: a lease is a lock on a file, so
// that it ends with the process whatever happens to it.
type uidPool struct {
	dir  string
	mu   sync.Mutex
	next int
}

type uidLease struct {
	uid  int
	file *os.File
}

func newUIDPool(dir string) *uidPool {
	// Processes start at different places, so that they rarely try each other's.
	return &uidPool{dir: dir, next: os.Getpid() % (lastUID - firstUID + 1)}
}

func (p *uidPool) lease() (*uidLease, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range lastUID - firstUID + 1 {
		uid := firstUID + p.next
		p.next = (p.next + 1) % (lastUID - firstUID + 1)
		f, err := os.OpenFile(filepath.Join(p.dir, strconv.Itoa(uid)), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, fmt.Errorf("open lock of user id: %w", err)
		}
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return &uidLease{uid: uid, file: f}, nil
		}
		f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock user id %d: %w", uid, err)
		}
	}
	return nil, qlp.Errorf(qlp.Exhausted, "all %d user ids for sandboxes are in use", lastUID-firstUID+1)
}

func (l *uidLease) release() {
	if l != nil {
		_ = l.file.Close()
	}
}
