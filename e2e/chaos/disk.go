package chaos

import (
	"fmt"
	"os"
	"syscall"
)

// diskSize is what the data may take, in bytes.
const diskSize = 2 << 30

// disk is a file system of its own for the data, so that it can be filled.
type disk struct{ dir string }

// newDisk mounts one at dir. That takes root; without it there is none, and reason says so.
func newDisk(dir string) (d *disk, reason string) {
	if os.Geteuid() != 0 {
		return nil, "a file system can only be mounted by root"
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0755", diskSize)); err != nil {
		return nil, "mounting a file system is not allowed here: " + err.Error()
	}
	return &disk{dir}, ""
}

// fill leaves no room: the file system is made as small as what it holds.
func (d *disk) fill() error {
	var st syscall.Statfs_t
	for range 20 { // somebody may be writing just now
		if err := syscall.Statfs(d.dir, &st); err != nil {
			return err
		}
		used := (st.Blocks - st.Bfree) * uint64(st.Bsize) //nolint:gosec // sizes are positive
		if err := d.resize(used); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%s cannot be made as small as what it holds", d.dir)
}

// free gives the room back.
func (d *disk) free() error { return d.resize(diskSize) }

func (d *disk) resize(bytes uint64) error {
	return syscall.Mount("tmpfs", d.dir, "tmpfs", syscall.MS_REMOUNT, fmt.Sprintf("size=%d", bytes))
}

func (d *disk) unmount() error { return syscall.Unmount(d.dir, syscall.MNT_DETACH) }
