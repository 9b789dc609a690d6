package main

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The runtime keeps these for packages that fork by themselves.

//go:linkname beforeFork syscall.runtime_BeforeFork
func beforeFork()

//go:linkname afterFork syscall.runtime_AfterFork
func afterFork()

//go:linkname afterForkInChild syscall.runtime_AfterForkInChild
func afterForkInChild()

// Stages that the child reports in the high half of its word when it fails; 0 is none.
const (
	failSetup = iota + 1
	failDir
	failExec
)

// child is everything the forked child needs, made beforehand: it may not allocate.
type child struct {
	path    *byte
	argv    []*byte
	envv    []*byte
	dir     *byte
	rlimits []rlimit
	stdio   [3]int
	groups  []int // task files to write itself into
	join    int   // the socket to report on and to wait at, or -1
	rules   int   // of Landlock, to enter before execve, or -1
	errs    int   // the write end of a pipe that execve closes
}

type rlimit struct {
	resource uintptr
	limit    unix.Rlimit
}

func newChild(path string, argv, env [][]byte, dir string) (*child, error) {
	c := &child{join: -1, rules: -1}
	var err error
	if c.path, err = unix.BytePtrFromString(path); err != nil {
		return nil, err
	}
	if c.dir, err = unix.BytePtrFromString(dir); err != nil {
		return nil, err
	}
	if c.argv, err = pointers(argv); err != nil {
		return nil, err
	}
	c.envv, err = pointers(env)
	return c, err
}

func pointers(list [][]byte) ([]*byte, error) {
	out := make([]*byte, 0, len(list)+1)
	for _, b := range list {
		p, err := unix.BytePtrFromString(string(b))
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return append(out, nil), nil
}

// fork starts the child. os/exec cannot do it: between fork and execve this child sets its own resource limits and enters its
// cgroups and rules. Until execve the child borrows this process's memory and the thread that forked (a vfork), which saves
// copying the page tables; but one that waits for the driver gets its own, because it would hold up the whole process.
func fork(c *child) (int, error) {
	how := uintptr(unix.CLONE_VFORK | unix.CLONE_VM)
	if c.join >= 0 {
		how = 0
	}
	pid, errno := split(c, how|uintptr(unix.SIGCHLD))
	afterFork()
	if errno != 0 {
		return 0, fmt.Errorf("fork: %w", errno)
	}
	return int(pid), nil
}

// split forks. The child does all of its work in this frame, and never returns. The parent returns at once, because a child that
// borrows its memory has written all over the frame; only what vfork itself returns comes from after that.
//
//go:noinline
//go:norace
//go:nocheckptr
func split(c *child, flags uintptr) (pid uintptr, errno unix.Errno) {
	var (
		n, word uintptr
		stage   uintptr
		i       int
		b       [1]byte
	)
	beforeFork() // from here on no function may need more stack
	pid, errno = vfork(unix.SYS_CLONE, flags)
	if errno != 0 || pid != 0 {
		return pid, errno
	}
	// In the child: raw system calls only, no allocation.
	afterForkInChild()
	stage = failSetup
	if _, _, errno = unix.RawSyscall(unix.SYS_SETSID, 0, 0, 0); errno != 0 {
		goto fail
	}
	for i = 0; i < 3; i++ {
		if _, _, errno = unix.RawSyscall(unix.SYS_DUP3, uintptr(c.stdio[i]), uintptr(i), 0); errno != 0 {
			goto fail
		}
	}
	// The driver opened these files, and its rights count. A task that moves itself needs none of the kernel's global lock.
	b[0] = '0'
	for i = 0; i < len(c.groups); i++ {
		if _, _, errno = unix.RawSyscall(unix.SYS_WRITE, uintptr(c.groups[i]), uintptr(unsafe.Pointer(&b)), 1); errno != 0 {
			goto fail
		}
	}
	b[0] = 0
	if c.join >= 0 {
		_, _, errno = unix.RawSyscall(unix.SYS_WRITE, uintptr(c.join), uintptr(unsafe.Pointer(&b)), 1)
		if errno != 0 {
			goto fail
		}
		n, _, errno = unix.RawSyscall(unix.SYS_READ, uintptr(c.join), uintptr(unsafe.Pointer(&b)), 1)
		if errno != 0 || n != 1 {
			if errno == 0 {
				errno = unix.ECANCELED
			}
			goto fail
		}
	}
	for i = 0; i < len(c.rlimits); i++ {
		if _, _, errno = unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, c.rlimits[i].resource,
			uintptr(unsafe.Pointer(&c.rlimits[i].limit)), 0, 0, 0); errno != 0 {
			goto fail
		}
	}
	_, _, _ = unix.RawSyscall(unix.SYS_UMASK, 0o022, 0, 0)
	stage = failDir
	if _, _, errno = unix.RawSyscall(unix.SYS_CHDIR, uintptr(unsafe.Pointer(c.dir)), 0, 0); errno != 0 {
		goto fail
	}
	stage = failSetup
	if c.rules >= 0 {
		if _, _, errno = unix.RawSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(c.rules), 0, 0); errno != 0 {
			goto fail
		}
	}
	stage = failExec
	_, _, errno = unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(c.path)),
		uintptr(unsafe.Pointer(&c.argv[0])), uintptr(unsafe.Pointer(&c.envv[0])))
fail:
	word = stage<<16 | uintptr(errno)
	_, _, _ = unix.RawSyscall(unix.SYS_WRITE, uintptr(c.errs), uintptr(unsafe.Pointer(&word)), 4)
	for {
		_, _, _ = unix.RawSyscall(unix.SYS_EXIT_GROUP, 127, 0, 0)
	}
}

// readFailure waits for execve (nil) or for what the child says went wrong.
func readFailure(fd int) (stage int, err error) {
	var b [4]byte
	for {
		n, err := unix.Read(fd, b[:])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return failSetup, err
		case n == 0:
			return 0, nil
		case n != 4:
			return failSetup, unix.EIO
		}
		word := *(*uint32)(unsafe.Pointer(&b)) // written by the same machine
		return int(word >> 16), unix.Errno(word & 0xffff)
	}
}
