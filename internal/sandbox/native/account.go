package native

import (
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
