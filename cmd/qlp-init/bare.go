package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

const filterFD = 4

// confine restricts this process for ever, and everything it will start, and goes on as the server. args are the sandbox's
// directory, the number of processors to keep to (0 for all), and further paths that may be read.
func confine(args []string) error {
	if len(args) < 2 {
		return errors.New("bare needs a directory and a number of processors")
	}
	// What is set on this thread alone holds for the whole process once it executes a program in its place.
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up privileges: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own program: %w", err)
	}
	filter, err := io.ReadAll(os.NewFile(filterFD, "filter"))
	if err != nil {
		return fmt.Errorf("read system call filter: %w", err)
	}
	if err := landlock(args[0], append(args[2:], self)); err != nil {
		return err
	}
	if len(filter) == 0 || len(filter)%8 != 0 {
		return fmt.Errorf("a system call filter of %d bytes", len(filter))
	}
	prog := unix.SockFprog{Len: uint16(len(filter) / 8), Filter: (*unix.SockFilter)(unsafe.Pointer(&filter[0]))}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)), 0, 0); err != nil {
		return fmt.Errorf("load system call filter: %w", err)
	}
	argv := []string{self, serveIn, args[0]}
	if args[1] != "0" {
		argv = append(argv, args[1])
	}
	return fmt.Errorf("start the server: %w", unix.Exec(self, argv, nil))
}

// landlock lets dir be written, the system's programs and readable be read, and nothing else be opened. A kernel without it
// leaves it at the file system's own permissions; the driver says so.
func landlock(dir string, readable []string) error {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return nil //nolint:nilerr // there is none here
	}
	all := uint64(unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1)
	if version >= 2 {
		all |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if version >= 3 {
		all |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: all}
	size := unsafe.Sizeof(attr.Handled_access_fs) // the part that every version knows
	if version >= 6 {
		attr.Scoped = unix.LANDLOCK_SCOPE_SIGNAL | unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
		size = unsafe.Offsetof(attr.Quiet_access_fs)
	}
	set, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return fmt.Errorf("make Landlock rules: %w", errno)
	}
	defer unix.Close(int(set))
	const read = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR | unix.LANDLOCK_ACCESS_FS_EXECUTE
	rules := map[string]uint64{dir: all}
	for _, p := range append(settings(), "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/proc", "/sys/fs/cgroup", "/sys/devices/system/cpu") {
		rules[p] = read
	}
	for _, p := range readable {
		rules[p] = read
	}
	for _, p := range []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"} {
		rules[p] = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE
	}
	for path, access := range rules {
		if err := allow(int(set), path, access, all); err != nil {
			return err
		}
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, set, 0, 0); errno != 0 {
		return fmt.Errorf("apply Landlock rules: %w", errno)
	}
	return nil
}

// settings are the parts of /etc that programs below /usr need to start; the rest may hold secrets.
func settings() []string {
	list := []string{
		"/etc/passwd", "/etc/group", "/etc/hosts", "/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/ld.so.cache", "/etc/ld.so.conf",
		"/etc/ld.so.conf.d", "/etc/localtime", "/etc/alternatives", "/etc/mime.types", "/etc/ssl/certs", "/etc/ssl/openssl.cnf",
		"/etc/pki/tls/certs", "/etc/pki/java/cacerts", "/etc/crypto-policies/back-ends", "/etc/maven/m2.conf", "/etc/maven/logging",
	}
	java, _ := filepath.Glob("/etc/java-*")
	return append(list, java...)
}

func allow(set int, path string, access, handled uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil //nolint:nilerr // what is not there needs no rule
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fmt.Errorf("look at %s: %w", path, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		access &= unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: access & handled, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(set), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if errno != 0 {
		return fmt.Errorf("let %s be used: %w", path, errno)
	}
	return nil
}
