package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Target is where a backup is restored to.
type Target struct {
	Data   string // folder of the database; it is empty or not there
	Shared string // folder of the blobs and keys, often the same one
	// Schema and Queue are the versions of the schema that this program makes. Lock takes a data folder, so that nobody starts on it.
	// Check reads a database and refuses a damaged one.
	Schema, Queue int64
	Lock          func(ctx context.Context, dir string) (release func() error, err error)
	Check         func(ctx context.Context, path string) error
}

// Inspect reads a whole backup and writes nothing: every digest is compared.
func Inspect(ctx context.Context, path string) (Manifest, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return Manifest{}, onDisk("read the backup", path, err)
	}
	defer func() { _ = f.Close() }()
	return read(ctx, f, func(Manifest) error { return nil }, func(item) error { return nil })
}

// Restore writes a backup into an empty folder, after all of it was read once: what is damaged, truncated, hostile or too new leaves
// nothing behind. The database comes into its place last.
func Restore(ctx context.Context, path string, to Target) (Manifest, error) {
	m, err := Inspect(ctx, path)
	if err == nil && (m.Schema > to.Schema || m.Queue > to.Queue) {
		err = newer("its schema has version %d and %d, this program knows %d and %d", m.Schema, m.Queue, to.Schema, to.Queue)
	}
	if err == nil {
		err = to.restore(ctx, path, m)
	}
	if err != nil {
		return m, fmt.Errorf("restore %s: %w", path, err)
	}
	return m, nil
}

func (to Target) restore(ctx context.Context, path string, m Manifest) (err error) {
	folders := []string{to.Data}
	if to.Shared != to.Data {
		folders = append(folders, to.Shared)
	}
	var undo []func()
	defer func() {
		for i := len(undo) - 1; err != nil && i >= 0; i-- {
			undo[i]()
		}
	}()
	for _, dir := range folders {
		made, err := to.empty(ctx, dir)
		if err != nil {
			return err
		}
		if made {
			undo = append(undo, func() { _ = os.Remove(dir) })
		}
	}
	release, err := to.Lock(ctx, to.Data)
	if err != nil {
		return err
	}
	undo = append(undo, func() { _ = os.Remove(filepath.Join(to.Data, "qlp.lock")) })
	defer func() { err = errors.Join(err, release()) }()
	stage := map[string]string{}
	for _, dir := range folders {
		if stage[dir], err = os.MkdirTemp(dir, ".restore-*"); err != nil {
			return onDisk("restore", dir, err)
		}
		undo = append(undo, func() { _ = os.RemoveAll(stage[dir]) })
	}
	if err := room(stage[to.Shared], m.Bytes()); err != nil {
		return err
	}
	if err := extract(ctx, path, m, stage[to.Data], stage[to.Shared]); err != nil {
		return err
	}
	if m.Has(DatabaseName) {
		if err := to.Check(ctx, filepath.Join(stage[to.Data], "qlp.db")); err != nil {
			return err
		}
	}
	return to.place(stage)
}

// empty refuses a folder in which there is something, and makes one that is not there.
func (to Target) empty(ctx context.Context, dir string) (made bool, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, onDisk("make the folder "+dir, dir, os.MkdirAll(dir, 0o700))
	}
	if err != nil {
		return false, onDisk("look into "+dir, dir, err)
	}
	for _, e := range entries {
		if e.Name() == "lost+found" { // the root of a disk
			continue
		}
		if dir == to.Data { // whoever runs there is the better answer
			release, err := to.Lock(ctx, dir)
			if err != nil {
				return false, err
			}
			_ = release()
		}
		return false, qlp.Errorf(qlp.Conflict, "the folder %s is not empty: %.80q is in it", dir, e.Name()).
			WithRemedy("restore into another one with --into, or move that one away")
	}
	return false, nil
}

// room refuses a disk without room for what will be written.
func room(dir string, bytes int64) error {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return nil //nolint:nilerr // a disk that does not say is found out when it is full
	}
	if free := s.Bavail * uint64(s.Bsize); s.Blocks > 0 && uint64(bytes) > free { //nolint:gosec // sizes are not negative
		return qlp.Errorf(qlp.Exhausted, "the backup takes %d MiB, and the disk of %s has %d MiB left", bytes>>20, filepath.Dir(dir), free>>20).
			WithRemedy("free some room, or restore to another disk with --into; nothing was left there")
	}
	return nil
}

// extract reads the backup again and writes it below two folders. It must be the one that was read before.
func extract(ctx context.Context, path string, m Manifest, data, shared string) error {
	f, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return onDisk("read the backup", path, err)
	}
	defer func() { _ = f.Close() }()
	same := func(now Manifest) error {
		if now.Blobs != m.Blobs || now.Created != m.Created || len(now.Files) != len(m.Files) {
			return damaged("it was changed while it was read")
		}
		return nil
	}
	_, err = read(ctx, f, same, func(it item) error {
		at := filepath.Join(shared, filepath.FromSlash(it.name))
		switch {
		case it.name == DatabaseName:
			at = filepath.Join(data, "qlp.db")
		case it.blob:
			at = filepath.Join(shared, "blobs", "sha256", it.digest.Hex()[:2], it.digest.Hex()[2:])
		}
		return onDisk("restore "+it.name, at, put(at, it.content))
	})
	return err
}

// put writes a file that only its owner may read, and has the disk keep it.
func put(path string, content io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // a name that was checked, in a folder that was just made
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// place moves what was written into its place, the database last: a folder without one is no data folder.
func (to Target) place(stage map[string]string) error {
	for _, dir := range []string{to.Shared, to.Data} {
		entries, err := os.ReadDir(stage[dir])
		if errors.Is(err, fs.ErrNotExist) { // both are one, and done
			continue
		}
		if err != nil {
			return onDisk("restore", dir, err)
		}
		last := ""
		for _, e := range entries {
			if e.Name() == "qlp.db" {
				last = e.Name()
				continue
			}
			if err := os.Rename(filepath.Join(stage[dir], e.Name()), filepath.Join(dir, e.Name())); err != nil {
				return onDisk("restore", dir, err)
			}
		}
		if last != "" {
			if err := os.Rename(filepath.Join(stage[dir], last), filepath.Join(dir, last)); err != nil {
				return onDisk("restore", dir, err)
			}
		}
		if err := errors.Join(os.RemoveAll(stage[dir]), syncDir(dir)); err != nil {
			return onDisk("restore", dir, err)
		}
	}
	return nil
}
