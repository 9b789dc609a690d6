package app

import (
	"bufio"
	"context"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// settleAfter is when a server is over its start, whether it has work by then or not.
const settleAfter = 3 * time.Second

// settle gives the machine back what only the start needed: the garbage of it, and the pages of this program that it ran through once.
// Those are a file's: what is needed again comes back from the system's cache, page by page.
func settle(ctx context.Context, after time.Duration) {
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return
	case <-timer.C:
	}
	debug.FreeOSMemory()
	self, err := os.Executable()
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return // nothing is lost but memory
	}
	defer func() { _ = maps.Close() }()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		if from, size, ok := readOnly(lines.Text(), self); ok {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, size, unix.MADV_DONTNEED)
		}
	}
}

// readOnly reads a line of /proc/self/maps: where a part of the program is that nobody can have written to.
func readOnly(line, program string) (from, size uintptr, ok bool) {
	f := strings.Fields(line)
	if len(f) != 6 || f[5] != program || f[1] != "r-xp" && f[1] != "r--p" {
		return 0, 0, false
	}
	begin, end, _ := strings.Cut(f[0], "-")
	a, aerr := strconv.ParseUint(begin, 16, 64)
	b, berr := strconv.ParseUint(end, 16, 64)
	return uintptr(a), uintptr(b - a), aerr == nil && berr == nil && b > a
}
