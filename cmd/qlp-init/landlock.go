package main

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Landlock is the kernel's way for a process to give up rights over files for ever, for itself and all it will start. It has
// grown by versions; a kernel without it, or with it switched off, has version 0.

const (
	accessRead = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR | unix.LANDLOCK_ACCESS_FS_EXECUTE
	accessAll  = ^uint64(0) // as far as the kernel knows rights
)

func landlockVersion() int {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(v)
}

// confineFiles applies rules to this thread, which the caller has locked. Without Landlock it leaves files at their own
// permissions; the driver says so.
func confineFiles(rules map[string]uint64) error {
	if landlockVersion() == 0 {
		return nil
	}
	set, err := ruleset(rules, unix.LANDLOCK_SCOPE_SIGNAL|unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET)
	if err != nil {
		return err
	}
	defer unix.Close(set)
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(set), 0, 0); errno != 0 {
		return fmt.Errorf("apply Landlock rules: %w", errno)
	}
	return nil
}

// programRules is the ruleset that each program enters before it is executed, -1 if the kernel has nothing to offer. With
// namespaces it is a second wall behind the read-only mounts. Without, files are confined already, and it keeps programs from
// sending signals to this process, whose user they share.
func programRules() (int, error) {
	version := landlockVersion()
	if given, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); err != nil || given != 1 {
		return -1, nil //nolint:nilerr // the kernel would refuse: whoever started this has not given up privileges
	}
	if bare() {
		if version < 6 {
			return -1, nil
		}
		return ruleset(nil, unix.LANDLOCK_SCOPE_SIGNAL)
	}
	if version < 2 {
		return -1, nil // version 1 forbids to move a file to another directory
	}
	rules := map[string]uint64{"/": accessRead, "/proc": accessAll, "/dev": accessAll}
	for _, p := range places() {
		rules[p] = accessAll
	}
	return ruleset(rules, 0)
}

// ruleset makes rules about files, unless they are nil, and about what scoped names, as far as the kernel knows it.
func ruleset(rules map[string]uint64, scoped uint64) (int, error) {
	version := landlockVersion()
	var all uint64
	if rules != nil {
		all = unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1
		if version >= 2 {
			all |= unix.LANDLOCK_ACCESS_FS_REFER
		}
		if version >= 3 {
			all |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
		}
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: all}
	size := unsafe.Sizeof(attr.Handled_access_fs) // the part that every version knows
	if version >= 6 {
		attr.Scoped = scoped
		size = unsafe.Offsetof(attr.Quiet_access_fs)
	}
	set, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return -1, fmt.Errorf("make Landlock rules: %w", errno)
	}
	for path, access := range rules {
		if err := allow(int(set), path, access, all); err != nil {
			_ = unix.Close(int(set))
			return -1, err
		}
	}
	return int(set), nil
}

// allow gives access to what lies at path and below it.
func allow(set int, path string, access, handled uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil // what is not there needs no rule
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
