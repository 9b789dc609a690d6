package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"syscall"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func bytesReader(b []byte) io.Reader { return bytes.NewReader(b) }

// onDisk says what is wrong with the disk of a file, and what to do.
func onDisk(what, path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return qlp.Errorf(qlp.Exhausted, "%s: the disk is full: %w", what, err).WithRemedy("free some room in %s, or choose another disk; nothing was left there", filepath.Dir(path))
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return qlp.Errorf(qlp.Forbidden, "%s: %w", what, err).WithRemedy("choose a folder that this user may write")
	case errors.Is(err, fs.ErrNotExist):
		return qlp.Errorf(qlp.NotFound, "%s: %w", what, err).WithRemedy("make the folder %s first, or name another one", filepath.Dir(path))
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
}
