// Package file keeps blobs as files in a folder: sha256/ab/cdef…, named after their digest.
//
// A blob appears under its name whole or not at all: it is written to tmp/ and renamed. So it survives the end of the
// process, kill -9 too. When the machine itself loses power, a blob of the last seconds may be missing or empty, which
// Get notices and the next Put of the same bytes mends; with Durable, the file and its folder are synchronised with the
// disk before Put returns (1 to 10 ms a file), and it survives that too.
//
// It never changes a blob that is whole, and deletes one only when Discard is told to. One that is put again gets a new time of
// modification, which is what Discard goes by: it moves the blob to trash/ first and looks at its time there, where no Put can come
// too late; what was put meanwhile is moved back, and is read from trash/ until then.
//
// Arrows: blob, qlp.
package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// leftOver is the age at which a temporary file is certain to belong to a process that was killed.
const leftOver = time.Hour

// Config of a store. The zero value works.
type Config struct {
	Durable bool // synchronise each blob with the disk, so that it survives a loss of power
}

// Store is a blob.Store in a folder.
type Store struct {
	dir     string
	durable bool
	closed  atomic.Bool
}

var _ blob.Store = (*Store)(nil)

// Open opens the folder, which is made if it is not there, and clears away what killed processes left in tmp/.
func Open(dir string, cfg Config) (*Store, error) {
	s := &Store{dir: dir, durable: cfg.Durable}
	for _, sub := range []string{"sha256", "tmp", trash} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, s.fault("open blobs", err)
		}
	}
	old, err := os.ReadDir(filepath.Join(dir, "tmp"))
	if err != nil {
		return nil, s.fault("open blobs", err)
	}
	for _, e := range old {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > leftOver {
			_ = os.Remove(filepath.Join(dir, "tmp", e.Name())) // if it stays, it only takes room
		}
	}
	return s, nil
}

// Put stores content and returns its digest.
func (s *Store) Put(ctx context.Context, content []byte) (qlp.Digest, error) {
	digest := qlp.DigestOf(content)
	if err := s.usable(ctx); err != nil {
		return "", err
	}
	path := s.path(digest)
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, content) { //nolint:gosec // a name made of hex digits
		if wantedAgain(path) {
			return digest, nil
		}
	}
	if err := s.write(path, content); err != nil {
		return "", s.fault("put blob "+string(digest), err)
	}
	return digest, nil
}

// wantedAgain makes a blob young, so that it is not discarded as old. One that is just being moved away is not wantedAgain but to be
// written anew: the kernel may find a file by its name and set its time after it was moved and looked at. What stands there after
// its time was set is looked at with that time.
func wantedAgain(path string) bool {
	now := time.Now()
	if os.Chtimes(path, now, now) != nil {
		return false
	}
	_, err := os.Stat(path)
	return err == nil
}

// Get returns the bytes of a digest.
func (s *Store) Get(ctx context.Context, digest qlp.Digest) ([]byte, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	if !valid(digest) {
		return nil, qlp.Errorf(qlp.Invalid, "%.80q is no digest of a blob", digest)
	}
	content, err := os.ReadFile(s.path(digest))
	if errors.Is(err, fs.ErrNotExist) {
		content, err = os.ReadFile(s.trashed(digest))
	}
	if errors.Is(err, fs.ErrNotExist) { // moved back in between, or not there
		content, err = os.ReadFile(s.path(digest))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, qlp.Errorf(qlp.NotFound, "there is no blob %s", digest)
	}
	if err != nil {
		return nil, s.fault("get blob "+string(digest), err)
	}
	if got := qlp.DigestOf(content); got != digest {
		return nil, qlp.Errorf(qlp.Internal, "the blob %s is damaged: its bytes have the digest %s now", digest, got).
			WithRemedy("check the disk, restore %s from a backup, or run the intent again, which writes it anew", s.path(digest))
	}
	return content, nil
}

// Close refuses further calls. There is nothing to release: no file stays open between calls.
func (s *Store) Close() error {
	s.closed.Store(true)
	return nil
}

func (s *Store) usable(ctx context.Context) error {
	if s.closed.Load() {
		return qlp.Errorf(qlp.Unavailable, "the blobs in %s are closed", s.dir)
	}
	return ctx.Err()
}

func (s *Store) path(d qlp.Digest) string {
	hex := d.Hex()
	return filepath.Join(s.dir, "sha256", hex[:2], hex[2:])
}

// valid accepts sha256: and 64 lower-case hex digits, and so nothing that could leave the folder.
func valid(d qlp.Digest) bool {
	hex, ok := strings.CutPrefix(string(d), "sha256:")
	return ok && len(hex) == 64 && strings.Trim(hex, "0123456789abcdef") == ""
}

// write puts content at path in one step.
func (s *Store) write(path string, content []byte) (err error) {
	tmp, err := os.CreateTemp(filepath.Join(s.dir, "tmp"), "blob-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name())
		}
	}()
	_, err = tmp.Write(content)
	if err == nil && s.durable {
		err = tmp.Sync()
	}
	if err != nil {
		// The room is given back at once: a child process that is being started may hold the descriptor for a moment longer,
		// and a removed file takes its room until the last descriptor is closed.
		_ = tmp.Truncate(0)
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), path); errors.Is(err, fs.ErrNotExist) { // the first blob with these two digits
		if err = os.Mkdir(filepath.Dir(path), 0o700); err == nil || errors.Is(err, fs.ErrExist) {
			err = os.Rename(tmp.Name(), path)
		}
	}
	if err == nil && s.durable {
		err = errors.Join(syncDir(filepath.Dir(path)), syncDir(filepath.Join(s.dir, "sha256")))
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // a folder of ours
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// fault translates what the file system says.
func (s *Store) fault(what string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%s: %w", what, qlp.Errorf(qlp.Exhausted, "the disk that holds %s is full: %w", s.dir, err).
			WithRemedy("free some space there and try again, or move the data folder to a larger disk"))
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s: %w", what, qlp.Errorf(qlp.Forbidden, "the folder %s may not be written or read: %w", s.dir, err).
			WithRemedy("give this user the right to use the folder and the files in it, or choose another data folder"))
	default:
		return fmt.Errorf("%s: %w", what, qlp.Errorf(qlp.Unavailable, "the disk that holds %s does not answer: %w", s.dir, err).
			WithRemedy("see that the disk is mounted and healthy, and that nothing in %s was moved", s.dir))
	}
}
