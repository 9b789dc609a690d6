package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// endIPC removes the System V objects of uid. They belong to no process, so that they stay, memory and all, when all of a
// sandbox's processes are dead; other drivers have a namespace that ends with them.
func endIPC(uid int) error {
	var failed error
	for _, kind := range []struct {
		name string
		call uintptr
		args func(id uintptr) [4]uintptr
	}{
		{"shm", unix.SYS_SHMCTL, func(id uintptr) [4]uintptr { return [4]uintptr{id, unix.IPC_RMID} }},
		{"msg", unix.SYS_MSGCTL, func(id uintptr) [4]uintptr { return [4]uintptr{id, unix.IPC_RMID} }},
		{"sem", unix.SYS_SEMCTL, func(id uintptr) [4]uintptr { return [4]uintptr{id, 0, unix.IPC_RMID} }},
	} {
		text, err := os.ReadFile("/proc/sysvipc/" + kind.name)
		if err != nil {
			continue // a kernel without them
		}
		for _, id := range ownedBy(string(text), uid) {
			a := kind.args(uintptr(id))
			if _, _, e := unix.Syscall6(kind.call, a[0], a[1], a[2], a[3], 0, 0); e != 0 && e != unix.EINVAL && e != unix.EIDRM {
				failed = errors.Join(failed, fmt.Errorf("remove %s %d: %w", kind.name, id, e))
			}
		}
	}
	return failed
}

// ownedBy reads a table of /proc/sysvipc: a line of headings, then one for each object.
func ownedBy(table string, uid int) []int {
	var ids []int
	idAt, uidAt := -1, -1
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if idAt < 0 {
			for i, heading := range f {
				switch heading {
				case "shmid", "semid", "msqid":
					idAt = i
				case "uid":
					uidAt = i
				}
			}
			if idAt < 0 || uidAt < 0 {
				return nil
			}
			continue
		}
		if len(f) <= max(idAt, uidAt) || f[uidAt] != strconv.Itoa(uid) {
			continue
		}
		if id, err := strconv.Atoi(f[idAt]); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}
