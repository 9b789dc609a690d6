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

// How a server is watched for having become idle. What it does when nobody asks anything of it takes 1 % of a processor.
const (
	settleAfter = 3 * time.Second  // it is over its start then, whether it has work by then or not
	settleEvery = 10 * time.Second // how long it must have been calm
	settleBelow = settleEvery / 20 // it is calm if it used less of a processor than this in that time
)

// keepSmall settles this process after its start, and again when it has become calm after a time of work. used tells how much of
// a processor it has used since it began.
func keepSmall(ctx context.Context, used func() time.Duration, settle func()) {
	if !pause(ctx, settleAfter) {
		return
	}
	settle()
	worked := false
	for last := used(); pause(ctx, settleEvery); {
		now := used()
		calm := now-last < settleBelow
		last = now
		if calm && worked {
			settle()
		}
		worked = !calm
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func processorTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0 // it counts as calm: nothing is lost but memory
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// settle gives the machine back what only the start, or a time of work, needed: the garbage of it, and the pages of this program that
// it ran through. Those are a file's: what is needed again comes back from the system's cache, page by page.
func settle() {
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
