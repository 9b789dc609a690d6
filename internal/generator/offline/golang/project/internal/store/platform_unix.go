//go:build unix && !solaris && !illumos && !aix

package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFile takes the folder for this process. The kernel gives it back when the process ends, however it ends.
func lockFile(root *os.Root) (*os.File, error) {
	f, err := root.OpenFile("lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	var lockErr error
	err = raw.Control(func(fd uintptr) { lockErr = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) })
	if errors.Is(lockErr, syscall.EWOULDBLOCK) {
		lockErr = ErrInUse
	}
	if err = errors.Join(err, lockErr); err != nil {
		return nil, fmt.Errorf("%w", errors.Join(err, f.Close()))
	}
	return f, nil
}

// syncFolder makes new and renamed files last.
func syncFolder(root *os.Root) error {
	folder, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
