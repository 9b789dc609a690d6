package file

import (
	"context"
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

// trash is where a blob is while Discard decides about it.
const trash = "trash"

var _ blob.Keeper = (*Store)(nil)

func (s *Store) trashed(d qlp.Digest) string { return filepath.Join(s.dir, trash, d.Hex()) }

// List calls fn with each blob, in the order of their digests. What a killed process has left in trash/ is moved back first.
func (s *Store) List(ctx context.Context, fn func(blob.Info) error) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	left, err := os.ReadDir(filepath.Join(s.dir, trash))
	if err != nil {
		return s.fault("list blobs", err)
	}
	for _, e := range left {
		if d := qlp.Digest("sha256:" + e.Name()); valid(d) {
			if err := s.back(d); err != nil {
				return s.fault("list blobs", err)
			}
		}
	}
	folders, err := os.ReadDir(filepath.Join(s.dir, "sha256"))
	if err != nil {
		return s.fault("list blobs", err)
	}
	for _, folder := range folders {
		files, err := os.ReadDir(filepath.Join(s.dir, "sha256", folder.Name()))
		if err != nil {
			return s.fault("list blobs", err)
		}
		for _, f := range files {
			d := qlp.Digest("sha256:" + folder.Name() + f.Name())
			info, err := f.Info()
			if !valid(d) || errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
				continue
			}
			if err != nil {
				return s.fault("list blobs", err)
			}
			if err := errors.Join(ctx.Err(), fn(blob.Info{Digest: d, Size: info.Size(), Put: info.ModTime()})); err != nil {
				return err
			}
		}
	}
	return nil
}

// Open reads a blob without comparing its digest.
func (s *Store) Open(ctx context.Context, digest qlp.Digest) (io.ReadCloser, int64, error) {
	if err := s.usable(ctx); err != nil {
		return nil, 0, err
	}
	if !valid(digest) {
		return nil, 0, qlp.Errorf(qlp.Invalid, "%.80q is no digest of a blob", digest)
	}
	f, err := os.Open(s.path(digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, qlp.Errorf(qlp.NotFound, "there is no blob %s", digest)
	}
	if err != nil {
		return nil, 0, s.fault("get blob "+string(digest), err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(s.fault("get blob "+string(digest), err), f.Close())
	}
	return f, info.Size(), nil
}

// Discard takes a blob away unless it was put after a time.
func (s *Store) Discard(ctx context.Context, digest qlp.Digest, putBefore time.Time) (taken bool, err error) {
	if err := s.usable(ctx); err != nil {
		return false, err
	}
	if !valid(digest) {
		return false, qlp.Errorf(qlp.Invalid, "%.80q is no digest of a blob", digest)
	}
	info, err := os.Stat(s.path(digest))
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.ModTime().Before(putBefore) {
		return false, nil
	}
	if err == nil {
		err = os.Rename(s.path(digest), s.trashed(digest))
	}
	if err == nil {
		info, err = os.Stat(s.trashed(digest))
	}
	if err == nil && !info.ModTime().Before(putBefore) { // put again between the look and the move
		return false, s.faultOf(digest, s.back(digest))
	}
	if err == nil {
		err = os.Remove(s.trashed(digest))
	}
	return err == nil, s.faultOf(digest, err)
}

// back moves a blob back from the trash, unless it has been written anew.
func (s *Store) back(digest qlp.Digest) error {
	err := os.MkdirAll(filepath.Dir(s.path(digest)), 0o700)
	if err == nil {
		err = os.Link(s.trashed(digest), s.path(digest))
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Remove(s.trashed(digest))
}

func (s *Store) faultOf(digest qlp.Digest, err error) error {
	if err == nil {
		return nil
	}
	return s.fault(fmt.Sprintf("discard blob %s", digest), err)
}
