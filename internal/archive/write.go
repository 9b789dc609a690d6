package archive

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// whole writes a file that appears under its name whole or not at all, survives a loss of power, and takes the place of none. Only its
// owner may read it.
func whole(path string, write func(w io.Writer) error) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return qlp.Errorf(qlp.Conflict, "%s is there already", path).WithRemedy("choose another name, or move it away")
	} else if !errors.Is(err, fs.ErrNotExist) {
		return onDisk("look for "+path, path, err)
	}
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".qlp-*.tmp")
	if err != nil {
		return onDisk("write "+path, path, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name())
		}
	}()
	err = write(tmp)
	if err == nil {
		err = onDisk("write "+path, path, tmp.Sync())
	}
	if cerr := tmp.Close(); err == nil {
		err = onDisk("write "+path, path, cerr)
	}
	if err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return onDisk("write "+path, path, err)
	}
	return onDisk("write "+path, path, syncDir(dir))
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // of a file that the operator named
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// entry writes one file of a tar. Nothing in it tells of this machine, but for a time where there is one.
func entry(w *tar.Writer, name string, size int64, at time.Time, content io.Reader) error {
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: at, Format: tar.FormatPAX}); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	n, err := io.Copy(w, content)
	if err == nil && n != size {
		err = fmt.Errorf("it has %d bytes, and had %d", n, size)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// found is a blob that is there and whole.
type found struct {
	digest qlp.Digest
	size   int64
}

// look reads the blobs that a set speaks of. Absent are those that must be there and are not, or are damaged.
func look(ctx context.Context, blobs blob.Keeper, s set) (there []found, absent []qlp.Digest, err error) {
	for _, d := range s.sorted() {
		size, ok, err := sound(ctx, blobs, d)
		switch {
		case err != nil:
			return nil, nil, err
		case ok:
			there = append(there, found{d, size})
		case s[key(d)]:
			absent = append(absent, d)
		}
	}
	return there, absent, nil
}

// sound reads a whole blob and reports whether it is there with its digest.
func sound(ctx context.Context, blobs blob.Keeper, d qlp.Digest) (size int64, ok bool, err error) {
	content, _, err := blobs.Open(ctx, d)
	if qlp.CodeOf(err) == qlp.NotFound {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	h := sha256.New()
	size, err = io.Copy(h, content)
	if err = errors.Join(err, content.Close()); err != nil {
		return 0, false, fmt.Errorf("read blob %s: %w", d, err)
	}
	return size, digestOf(h) == d, nil
}

// pour writes a blob into a tar, and is an error when it is no longer what it was.
func pour(ctx context.Context, w *tar.Writer, blobs blob.Keeper, f found, name string, at time.Time) error {
	content, _, err := blobs.Open(ctx, f.digest)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	h := sha256.New()
	if err := entry(w, name, f.size, at, io.TeeReader(content, h)); err != nil {
		return err
	}
	if got := digestOf(h); got != f.digest {
		return qlp.Errorf(qlp.Internal, "the blob %s was damaged while it was copied", f.digest).WithRemedy("check the disk, and try again")
	}
	return nil
}

// text makes an entry of a value's JSON.
func text(w *tar.Writer, name string, at time.Time, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	b = append(b, '\n')
	return entry(w, name, int64(len(b)), at, bytesReader(b))
}
