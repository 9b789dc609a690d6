package native

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Moving another process between cgroups takes a lock that stops every fork and exit on the machine, for milliseconds if
// it is busy. On version 1 a task may instead move itself, alone, without the lock, by writing 0 to `tasks`. The spawner's
// thread does so before it forks bubblewrap, and a command's child before it executes the program, in a file that the
// driver opened: since Linux 5.16 the opener's rights count. On version 2 there is no such way, and join is used.

// selfEntry says whether children may enter by themselves.
func (h *hierarchy) selfEntry() bool {
	return len(h.base) > 0 && len(h.v2) == 0 && h.kernelAtLeast(5, 16)
}

func (h *hierarchy) kernelAtLeast(major, minor int) bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	var a, b int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &a, &b); err != nil {
		return false
	}
	return a > major || a == major && b >= minor
}

// TaskFiles opens the files through which a child enters g. The caller closes them.
func (g *group) TaskFiles() ([]int, error) {
	var files []int
	for _, dir := range g.distinct() {
		fd, err := uninterrupted(func() (int, error) { return unix.Open(filepath.Join(dir, "tasks"), unix.O_WRONLY|unix.O_CLOEXEC, 0) })
		if err != nil {
			closeAll(files)
			return nil, fmt.Errorf("open cgroup of command: %w", err)
		}
		files = append(files, fd)
	}
	return files, nil
}

// enter moves the calling thread into g, and leave moves it back to where the process belongs. The thread must be locked.
func (g *group) enter() error {
	for _, dir := range g.distinct() {
		if err := writeFile(filepath.Join(dir, "tasks"), "0"); err != nil {
			return fmt.Errorf("enter cgroup: %w", err)
		}
	}
	return nil
}

func (g *group) leave() error {
	for _, base := range (&group{dirs: g.h.base}).distinct() {
		// QLP's own directory was made in the group that this process is in.
		if err := writeFile(filepath.Join(filepath.Dir(base), "tasks"), "0"); err != nil {
			return fmt.Errorf("leave cgroup: %w", err)
		}
	}
	return nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}
