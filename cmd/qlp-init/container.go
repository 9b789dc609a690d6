package main

import (
	"bytes"
	"os"
	"strconv"
)

// counters are what the kernel has counted for the container so far.
type counters struct{ oomKills, pidsHit int64 }

// counted reads the container's own cgroup, which it sees as the root: of version 2, or of version 1.
func (s *server) counted() counters {
	if !s.contained {
		return counters{}
	}
	const root = "/sys/fs/cgroup/"
	return counters{
		oomKills: max(keyed(root+"memory.events", "oom_kill"), keyed(root+"memory/memory.oom_control", "oom_kill")),
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

// expendable makes a program, and what it starts, be killed before this process when the container's memory is used up.
func expendable(pid int) {
	_ = os.WriteFile("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", []byte("1000"), 0)
}
