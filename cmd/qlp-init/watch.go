package main

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

const (
	watchEvery = 20 * time.Millisecond
	fullBelow  = 16 << 10 // bytes; a file system with less is full
	walkEvery  = 10       // looks
	diskSlack  = 64 << 10 // bytes; file systems allocate late
)

// watcher looks at the writable places, and, where no cgroup does the work, at every process, until stopped.
type watcher struct {
	limits wire.Watch
	p      *program
	base   time.Duration // processor time of children, or of the container, before this program
	cpu    func() time.Duration
	seen   wire.Reply
	looks  int
	quit   chan struct{}
	done   chan struct{}

	contained bool
}

func (s *server) watch(limits wire.Watch, p *program) *watcher {
	if limits.Disk > 0 || limits.Inodes > 0 {
		// What an earlier command left too much is not this one's doing, as long as it adds nothing.
		before := usage()
		if limits.Disk > 0 {
			limits.Disk = max(limits.Disk, before.DiskUsed+diskSlack)
		}
		if limits.Inodes > 0 {
			limits.Inodes = max(limits.Inodes, before.InodesUsed)
		}
	}
	cpu := childrenCPU
	if s.contained {
		cpu = containerCPU
	}
	w := &watcher{limits: limits, p: p, base: cpu(), cpu: cpu, quit: make(chan struct{}), done: make(chan struct{}), contained: s.contained}
	go w.run()
	return w
}

// stop looks a last time, while what the program left is still there.
func (w *watcher) stop() wire.Reply {
	close(w.quit)
	<-w.done
	w.looks = 0
	w.look()
	return w.seen
}

func (w *watcher) run() {
	defer close(w.done)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-w.quit:
			return
		case <-tick.C:
			w.look()
		}
	}
}

func (w *watcher) look() {
	for _, place := range places() {
		var st unix.Statfs_t
		if unix.Statfs(place, &st) != nil {
			continue
		}
		w.seen.DiskFull = w.seen.DiskFull || int64(st.Bavail)*st.Bsize < fullBelow
		w.seen.InodeFull = w.seen.InodeFull || st.Files > 0 && st.Ffree == 0
	}
	if w.limits == (wire.Watch{}) {
		return
	}
	now := processes()
	if own := w.cpu() - w.base; w.contained {
		now.cpu = own // dead or alive, the container has counted it
		w.seen.CPU = int64(own)
	} else {
		now.cpu += own
	}
	w.seen.PidsPeak = max(w.seen.PidsPeak, now.pids)
	w.seen.MemPeak = max(w.seen.MemPeak, now.memory)
	l := w.limits
	switch {
	case w.seen.Watched != "":
	case l.Memory > 0 && now.memory > l.Memory:
		w.seen.Watched = wire.WatchedMemory
	case l.CPU > 0 && int64(now.cpu) > l.CPU:
		w.seen.Watched = wire.WatchedCPU
	case l.Pids > 0 && now.pids > l.Pids:
		w.seen.Watched = wire.WatchedPids
	case l.Inodes > 0 || l.Disk > 0:
		w.lookAtDisk()
	}
	if w.seen.Watched != "" {
		_ = unix.Kill(-w.p.pid, unix.SIGKILL)
		killRest()
	}
}

// lookAtDisk is done every time where the file system itself keeps count, and now and then where files must be walked.
func (w *watcher) lookAtDisk() {
	w.looks++
	if bare() && w.looks%walkEvery != 1 {
		return
	}
	u, l := usage(), w.limits
	switch {
	case l.Inodes > 0 && u.InodesUsed > l.Inodes:
		w.seen.Watched, w.seen.InodeFull = wire.WatchedInodes, true
	case l.Disk > 0 && u.DiskUsed > l.Disk:
		w.seen.Watched, w.seen.DiskFull = wire.WatchedDisk, true
	}
}

type totals struct {
	pids   int
	memory int64
	cpu    time.Duration
}

// processes adds up everything but this process.
func processes() totals {
	var sum totals
	var own map[int]bool
	if bare() {
		own = descendants()
	}
	dir, err := os.Open("/proc")
	if err != nil {
		return sum
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err != nil || pid == 1 || own != nil && !own[pid] {
			continue
		}
		fields := statFields(name)
		if len(fields) < 18 {
			continue
		}
		for _, i := range [...]int{11, 12, 13, 14} { // utime, stime, cutime, cstime
			sum.cpu += time.Duration(number(fields[i])) * 10 * time.Millisecond
		}
		sum.pids += int(number(fields[17]))
		if status, err := os.ReadFile("/proc/" + name + "/status"); err == nil {
			// What several processes share counts for each: too much is the safe side.
			sum.memory += (statusKB(status, "RssAnon:") + statusKB(status, "RssShmem:")) * 1024
		}
	}
	return sum
}

// statFields are the fields of a process's stat behind its name; none if it has gone.
func statFields(pid string) [][]byte {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return nil
	}
	// The name is in parentheses and may hold anything, also spaces and parentheses.
	return bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
}

func statusKB(status []byte, key string) int64 {
	_, rest, ok := bytes.Cut(status, []byte(key))
	f := bytes.Fields(rest[:min(len(rest), 40)])
	if !ok || len(f) == 0 {
		return 0
	}
	return number(f[0])
}

func number(b []byte) int64 {
	n, _ := strconv.ParseInt(string(b), 10, 64)
	return n
}

func childrenCPU() time.Duration {
	var ru unix.Rusage
	if unix.Getrusage(unix.RUSAGE_CHILDREN, &ru) != nil {
		return 0
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

// usage adds up the writable places; one file system seen at several of them counts once.
func usage() wire.Reply {
	if bare() {
		return bareUsage()
	}
	var r wire.Reply
	seen := map[uint64]bool{}
	for _, place := range places() {
		var st unix.Stat_t
		var fs unix.Statfs_t
		if unix.Stat(place, &st) != nil || seen[st.Dev] || unix.Statfs(place, &fs) != nil {
			continue
		}
		seen[st.Dev] = true
		r.DiskUsed += int64(fs.Blocks-fs.Bfree) * fs.Bsize
		r.InodesUsed += int64(fs.Files - fs.Ffree)
	}
	return r
}
