package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// minJournal is the size in bytes from which a journal is worth a snapshot. A snapshot that is larger raises it.
const minJournal = 16 << 20

// disk is a folder of numbered files. Rows are those of the newest snapshot and of every journal from its number on; the
// journal with the highest number is the one that is written.
type disk struct {
	db   *database
	log  *slog.Logger
	dir  string
	root *os.Root
	lock *os.File

	mu       sync.Mutex // below db.mu: never lock the database while holding it
	wake     *sync.Cond
	seq      int64    // of the newest entry
	waiting  []*entry // changed in memory, not yet being written
	newest   *entry   // nil: everything is on disk
	flushing bool
	number   int   // of the journal
	broken   error // the disk cannot be trusted any more, or the store is closed
	closed   bool

	// Only who has set flushing touches these.
	file  journalFile
	size  int64
	limit int64

	full    chan struct{} // there is more than one journal
	stopped chan struct{}
}

// journalFile is what a journal needs of its file.
type journalFile interface {
	io.WriteCloser
	Sync() error
	Truncate(size int64) error
}

// openDisk takes the folder for this process and reads the rows in it.
func openDisk(db *database, dir string, log *slog.Logger) (*disk, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make the folder of the rows: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of the rows: %w", err)
	}
	d := &disk{
		db: db, log: log, dir: dir, root: root, limit: minJournal,
		full: make(chan struct{}, 1), stopped: make(chan struct{}),
	}
	d.wake = sync.NewCond(&d.mu)
	if d.lock, err = lockFile(root); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", dir, err), root.Close())
	}
	if err := d.load(); err != nil {
		return nil, errors.Join(err, d.release())
	}
	db.disk = d
	go d.compactor()
	return d, nil
}

// close refuses more changes, waits for those that are on their way, and gives the folder back.
func (d *disk) close() error {
	d.mu.Lock()
	again := d.closed
	d.closed = true
	if d.broken == nil {
		d.broken = errors.New("the store is closed")
	}
	d.mu.Unlock()
	if again {
		return nil
	}
	var err error
	if e := d.last(); e != nil {
		err = d.wait(e)
	}
	close(d.full)
	<-d.stopped
	return errors.Join(err, d.release())
}

func (d *disk) release() error {
	var err error
	if d.file != nil {
		err = d.file.Close()
	}
	return errors.Join(err, d.lock.Close(), d.root.Close())
}

// damaged says which file is not what was written.
func (d *disk) damaged(name, format string, args ...any) error {
	return &Damaged{File: filepath.Join(d.dir, name), Reason: fmt.Sprintf(format, args...)}
}

// draftEnding is what the name of an unfinished snapshot ends with.
const draftEnding = ".tmp"

func journalName(number int) string  { return fmt.Sprintf("journal-%08d", number) }
func snapshotName(number int) string { return fmt.Sprintf("snapshot-%08d", number) }

// createJournal makes the file of the next journal.
func (d *disk) createJournal(number int) (journalFile, error) {
	f, err := d.root.OpenFile(journalName(number), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syncFolder(d.root); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// numbers returns which journals and snapshots there are, and removes drafts. It is not called while one is written.
func (d *disk) numbers() (journals, snapshots map[int]bool, err error) {
	journals, snapshots = map[int]bool{}, map[int]bool{}
	entries, err := fs.ReadDir(d.root.FS(), ".")
	for _, e := range entries {
		var n int
		switch {
		case strings.HasSuffix(e.Name(), draftEnding): // of a snapshot that was not finished
			err = errors.Join(err, d.root.Remove(e.Name()))
		case scan(e.Name(), "journal-%08d", &n):
			journals[n] = true
		case scan(e.Name(), "snapshot-%08d", &n):
			snapshots[n] = true
		}
	}
	return journals, snapshots, err
}

func scan(name, format string, n *int) bool {
	_, err := fmt.Sscanf(name, format, n)
	return err == nil && name == fmt.Sprintf(format, *n)
}
