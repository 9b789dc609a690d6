//go:build !unix || solaris || illumos || aix

package store

import "os"

// lockFile makes the file only: this system has no lock that ends with its process. Run one process on a folder.
func lockFile(root *os.Root) (*os.File, error) {
	return root.OpenFile("lock", os.O_CREATE|os.O_RDWR, 0o600)
}
