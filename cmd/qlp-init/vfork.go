package main

import "golang.org/x/sys/unix"

// vfork makes the system call with one argument that is not zero, and keeps its own return address off the stack, where a child
// that shares the stack would overwrite it. The syscall package has the same function, for itself alone.
//
//go:noescape
func vfork(trap, flags uintptr) (pid uintptr, errno unix.Errno)
