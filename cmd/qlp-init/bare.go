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
	if err := confineFiles(rulesOf(args[0], append(args[2:], self))); err != nil {
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

// rulesOf lets dir be written, and the system's programs and readable be read. Nothing else can be opened.
func rulesOf(dir string, readable []string) map[string]uint64 {
	rules := map[string]uint64{dir: accessAll}
	for _, p := range append(settings(), "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/proc", "/sys/fs/cgroup", "/sys/devices/system/cpu") {
		rules[p] = accessRead
	}
	for _, p := range readable {
		rules[p] = accessRead
	}
	for _, p := range []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"} {
		rules[p] = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE
	}
	return rules
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
