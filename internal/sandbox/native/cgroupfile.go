package native

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Files of cgroups are made while they are read, and never block. The os package would offer each of them to the runtime's
// poller all the same: three times the system calls, and a wakened thread, for some thirty files a command. Hence the raw calls.

// uninterrupted repeats a call that a signal ended.
func uninterrupted(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// readFile reads all of a small file.
func readFile(path string) ([]byte, error) {
	fd, err := uninterrupted(func() (int, error) { return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	b := make([]byte, 0, 1024)
	for {
		if len(b) == cap(b) {
			b = append(b, make([]byte, cap(b))...)[:len(b)]
		}
		n, err := uninterrupted(func() (int, error) { return unix.Read(fd, b[len(b):cap(b)]) })
		if err != nil {
			return nil, &os.PathError{Op: "read", Path: path, Err: err}
		}
		if n == 0 {
			return b, nil
		}
		b = b[:len(b)+n]
	}
}

// writeFile writes to a file that must be there: cgroup files appear with their directory.
func writeFile(path, value string) error {
	fd, err := uninterrupted(func() (int, error) { return unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	if _, err := uninterrupted(func() (int, error) { return unix.Write(fd, []byte(value)) }); err != nil {
		return &os.PathError{Op: "write", Path: path, Err: err}
	}
	return nil
}

func exists(path string) bool { return unix.Access(path, unix.F_OK) == nil }

func readText(dir, name string) string {
	b, _ := readFile(filepath.Join(dir, name))
	return string(b)
}

func readInt(dir, name string) int64 {
	n, _ := strconv.ParseInt(strings.TrimSpace(readText(dir, name)), 10, 64)
	return n
}

// readKey reads one number of a file of "key number" lines.
func readKey(dir, name, key string) int64 {
	for line := range strings.Lines(readText(dir, name)) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), " "); ok && k == key {
			n, _ := strconv.ParseInt(v, 10, 64)
			return n
		}
	}
	return 0
}

// members are the processes of one group, without those of the groups below.
func members(dir string) []int {
	var pids []int
	for line := range strings.Lines(readText(dir, "cgroup.procs")) {
		// QLP's own spawner is a member for a moment.
		if pid, err := strconv.Atoi(strings.TrimSpace(line)); err == nil && pid > 1 && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// below are the directories in dir. The kernel counts them in the number of links, so that most groups need no look inside.
func below(dir string) []string {
	var st unix.Stat_t
	if unix.Lstat(dir, &st) != nil || st.Nlink <= 2 {
		return nil
	}
	entries, _ := os.ReadDir(dir)
	var dirs []string
	for _, e := range entries {
		if e.IsDir() {
			dirs = append(dirs, filepath.Join(dir, e.Name()))
		}
	}
	return dirs
}
