package initbox

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

// UIDPool lends unprivileged user ids, each to one sandbox at a time on the whole host: a lease is a lock on a file, so
// that it ends with the process whatever happens to it.
type UIDPool struct {
	dir  string
	mu   sync.Mutex
	next int
}

// UIDLease is one of them, on loan.
type UIDLease struct {
	UID  int
	file *os.File
}

// NewUIDPool keeps its locks in dir, which everyone on this host must share who lends from the same ids.
func NewUIDPool(dir string) *UIDPool {
	// Processes start at different places, so that they rarely try each other's.
	return &UIDPool{dir: dir, next: os.Getpid() % (lastUID - firstUID + 1)}
}

// Lease returns an id that nobody else has until its Release.
func (p *UIDPool) Lease() (*UIDLease, error) {
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
			return &UIDLease{UID: uid, file: f}, nil
		}
		f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock user id %d: %w", uid, err)
		}
	}
	return nil, qlp.Errorf(qlp.Exhausted, "all %d user ids for sandboxes are in use", lastUID-firstUID+1)
}

// Release gives the id back; nil has none to give.
func (l *UIDLease) Release() {
	if l != nil {
		_ = l.file.Close()
	}
}
