package archive

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// Source is what a backup is made of.
type Source struct {
	Keeper store.Keeper // the database as it is just now
	Blobs  blob.Keeper
	// Snapshot writes a consistent copy of the database, while others write to it; Open opens the copy. Without them, the backup is of
	// the blobs alone, those that the database speaks of by now.
	Snapshot func(ctx context.Context, to string) error
	Open     func(ctx context.Context, path string) (store.Keeper, error)

	Schema, Queue int64             // versions of the database's schema
	Files         map[string][]byte // the others, by their names in the backup
	Version       string            // of this program
	Clock         store.Clock
}

// Backup writes a backup to a file that is not there yet. The database is copied first and the blobs that the copy speaks of after it:
// a blob is put before the row that speaks of it, never changes, and is taken away by nobody meanwhile.
func Backup(ctx context.Context, src Source, path string) (m Manifest, err error) {
	err = src.Keeper.Alone(ctx, func(ctx context.Context) error {
		m, err = backup(ctx, src, path)
		return err
	})
	if err != nil {
		return m, fmt.Errorf("back up: %w", err)
	}
	return m, nil
}

func backup(ctx context.Context, src Source, path string) (m Manifest, err error) {
	if _, err := os.Lstat(path); err == nil { // before the long work
		return m, qlp.Errorf(qlp.Conflict, "%s is there already", path).WithRemedy("choose another name, or move it away")
	}
	m = Manifest{
		Format: Format, Version: src.Version, Created: src.Clock().UTC().Truncate(time.Second), Keys: src.Files[SigningName] != nil,
	}
	of, database := src.Keeper, ""
	if src.Snapshot != nil {
		dir, err := os.MkdirTemp(filepath.Dir(path), ".qlp-*.tmp")
		if err != nil {
			return m, onDisk("copy the database", path, err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		database = filepath.Join(dir, "qlp.db")
		if err := src.Snapshot(ctx, database); err != nil {
			return m, err
		}
		if of, err = src.Open(ctx, database); err != nil {
			return m, fmt.Errorf("open the copy of the database: %w", err)
		}
	}
	s, err := spoken(ctx, of)
	if src.Snapshot != nil { // what is described is what is left when it was closed
		err = errors.Join(err, of.Close())
	}
	if err != nil {
		return m, err
	}
	if src.Snapshot != nil {
		f, err := describe(database, DatabaseName)
		if err != nil {
			return m, err
		}
		m.Schema, m.Queue, m.Files = src.Schema, src.Queue, append(m.Files, f)
	}
	there, absent, err := look(ctx, src.Blobs, s)
	if err != nil {
		return m, err
	}
	return m, src.write(ctx, &m, path, database, there, absent)
}

// write completes the manifest and writes the file.
func (src Source) write(ctx context.Context, m *Manifest, path, database string, there []found, absent []qlp.Digest) error {
	list := newLister()
	for _, f := range there {
		if err := list.add(f.digest, f.size); err != nil {
			return err
		}
	}
	m.Blobs, m.Missing = list.sum(), absent
	names := make([]string, 0, len(src.Files))
	for name := range src.Files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		m.Files = append(m.Files, File{Name: name, Size: int64(len(src.Files[name])), Digest: qlp.DigestOf(src.Files[name])})
	}
	return whole(path, func(out io.Writer) (err error) {
		z, err := zstd.NewWriter(out, zstd.WithEncoderCRC(true), zstd.WithEncoderConcurrency(2))
		if err != nil {
			return err
		}
		w := tar.NewWriter(z)
		err = src.entries(ctx, w, *m, database, there)
		if err == nil {
			err = w.Close()
		}
		return onDisk("write "+path, path, errors.Join(err, z.Close()))
	})
}

func (src Source) entries(ctx context.Context, w *tar.Writer, m Manifest, database string, there []found) error {
	if err := text(w, manifestName, m.Created, m); err != nil {
		return err
	}
	for _, f := range m.Files {
		if err := src.file(w, m, f, database); err != nil {
			return err
		}
	}
	for _, f := range there {
		if err := pour(ctx, w, src.Blobs, f, blobFolder+f.digest.Hex(), m.Created); err != nil {
			return err
		}
	}
	return nil
}

func (src Source) file(w *tar.Writer, m Manifest, f File, database string) error {
	if f.Name != DatabaseName {
		return entry(w, f.Name, f.Size, m.Created, bytesReader(src.Files[f.Name]))
	}
	content, err := os.Open(database) //nolint:gosec // in a folder that was just made
	if err != nil {
		return fmt.Errorf("read the copy of the database: %w", err)
	}
	defer func() { _ = content.Close() }()
	return entry(w, f.Name, f.Size, m.Created, content)
}

// describe reads a file's size and digest.
func describe(path, name string) (File, error) {
	f, err := os.Open(path) //nolint:gosec // in a folder that was just made
	if err != nil {
		return File{}, fmt.Errorf("read %s: %w", name, err)
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return File{}, fmt.Errorf("read %s: %w", name, err)
	}
	return File{Name: name, Size: n, Digest: digestOf(h)}, nil
}
