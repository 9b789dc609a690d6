package main

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// counters are what the kernel has counted for the container so far.
type counters struct{ oomKills, pidsHit, peak int64 }

// counted reads the container's own cgroup, which it sees as the root: of version 2, or of version 1.
func (s *server) counted() counters {
	if !s.contained {
		return counters{}
	}
	const root = "/sys/fs/cgroup/"
	return counters{
		oomKills: max(keyed(root+"memory.events", "oom_kill"), keyed(root+"memory/memory.oom_control", "oom_kill")),
		peak:     max(single(root+"memory.peak"), single(root+"memory/memory.max_usage_in_bytes")),
		pidsHit:  max(keyed(root+"pids.events", "max"), keyed(root+"pids/pids.events", "max")),
	}
}

// keyed reads one number of a file of "key number" lines; 0 if it is not there.
func keyed(path, key string) int64 {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		if k, v, ok := bytes.Cut(bytes.TrimSpace(line), []byte(" ")); ok && string(k) == key {
			return number(v)
		}
	}
	return 0
}

// containerCPU is the processor time of everything in the container so far.
func containerCPU() time.Duration {
	if usec := keyed("/sys/fs/cgroup/cpu.stat", "usage_usec"); usec > 0 {
		return time.Duration(usec) * time.Microsecond
	}
	return time.Duration(single("/sys/fs/cgroup/cpuacct/cpuacct.usage"))
}

// single reads a file that holds one number; 0 if it is not there.
func single(path string) int64 {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	return number(bytes.TrimSpace(b))
}

// expendable makes a program, and what it starts, be killed before this process when the container's memory is used up.
func expendable(pid int) {
	_ = os.WriteFile("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", []byte("1000"), 0)
}
