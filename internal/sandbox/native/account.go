package native

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox/initbox"
)

// Account implements initbox.Group.
func (g *group) Account() initbox.Account {
	var a initbox.Account
	a.CPU = g.CPU()
	if dir := g.dirs[ctlMemory]; dir != "" {
		if g.h.v2[ctlMemory] {
			a.Memory, a.Peak = readInt(dir, "memory.current"), readInt(dir, "memory.peak")
			a.OOMKills = int(readKey(dir, "memory.events", "oom_kill"))
		} else {
			a.Memory, a.Peak = readInt(dir, "memory.usage_in_bytes"), readInt(dir, "memory.max_usage_in_bytes")
			a.OOMKills = int(readKey(dir, "memory.oom_control", "oom_kill"))
		}
	}
	if dir := g.dirs[ctlPids]; dir != "" {
		a.Pids, a.PidsPeak = int(readInt(dir, "pids.current")), int(readInt(dir, "pids.peak"))
		a.PidsHit = readKey(dir, "pids.events", "max") > 0
	}
	return a
}

// CPU implements initbox.Group.
func (g *group) CPU() time.Duration {
	dir := g.dirs[ctlCPUAcct]
	switch {
	case dir == "":
		return 0
	case g.h.v2[ctlCPUAcct]:
		return time.Duration(readKey(dir, "cpu.stat", "usage_usec")) * time.Microsecond
	}
	return time.Duration(readInt(dir, "cpuacct.usage"))
}

func readInt(dir, name string) int64 {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	return n
}

// readKey reads one number of a file of "key number" lines.
func readKey(dir, name, key string) int64 {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), " "); ok && k == key {
			n, _ := strconv.ParseInt(v, 10, 64)
			return n
		}
	}
	return 0
}
