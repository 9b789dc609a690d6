//go:build !unix || solaris || illumos || aix

package store

import "os"

// lockFile makes the file only: this system has no lock that ends with its process. Run one process on a folder.
func lockFile(root *os.Root) (*os.File, error) {
	return root.OpenFile("lock", os.O_CREATE|os.O_RDWR, 0o600)
}

// syncFolder does nothing: this system writes names without being asked, or has no way to ask.
func syncFolder(*os.Root) error { return nil }
