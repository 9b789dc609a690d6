// Package owner names what a process makes outside of itself, so that another process can tell later whether its maker is still
// there.
//
// It never takes a process for gone that it cannot see: one in another pid namespace, say.
//
// Arrows: the standard library.
package owner

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Name names a process by its number and its start: the number alone comes back, and means something else in another pid
// namespace.
func Name(pid int) string {
	return fmt.Sprintf("%s-%d-%s", pidNamespace(), pid, startTime(pid))
}

// Orphaned reads a name that begins with one made by Name, and says whether that process is gone.
func Orphaned(name string) bool {
	f := strings.Split(name, "-")
	if len(f) < 3 || f[0] != pidNamespace() {
		return false
	}
	pid, err := strconv.Atoi(f[1])
	return err == nil && startTime(pid) != f[2]
}

// Boot names the machine's run since it was switched on; "" if that cannot be told.
func Boot() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func pidNamespace() string {
	link, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return "0"
	}
	return strings.Trim(strings.TrimPrefix(link, "pid:"), "[]")
}

// startTime is the process's start in clock ticks since boot, "" if there is no such process.
func startTime(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	text := string(b)
	f := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(f) < 20 {
		return ""
	}
	return f[19]
}
