package sandbox

import "time"

// Level is how strong the wall is, strongest first: vm, gvisor, namespaces, process.
type Level string

// The levels.
const (
	LevelVM         Level = "vm"         // an own kernel
	LevelGVisor     Level = "gvisor"     // a kernel in user space
	LevelNamespaces Level = "namespaces" // the host's kernel, own namespaces, system call filter
	LevelProcess    Level = "process"    // the host's kernel, own user id, resource limits, system call filter
)

// AtLeast says whether l is as strong as want. An unknown level is weaker than all.
func (l Level) AtLeast(want Level) bool { return l.rank() >= want.rank() && l.rank() > 0 }

// Known says whether l is one of the levels.
func (l Level) Known() bool { return l.rank() > 0 }

func (l Level) rank() int {
	switch l {
	case LevelVM:
		return 4
	case LevelGVisor:
		return 3
	case LevelNamespaces:
		return 2
	case LevelProcess:
		return 1
	}
	return 0
}

// Capabilities is what a driver can do on this machine.
type Capabilities struct {
	Isolation Level
	Engine    string
	// Enforcement is what a Result's Enforcement will be with the default limits.
	Enforcement map[string]string
	// Dial says whether services can be reached.
	Dial bool
	// Egress says whether the driver serves Spec.Egress, the only network there can be.
	Egress bool
}

// Usage is what a sandbox has used, over all commands.
type Usage struct {
	CPU        time.Duration
	Memory     int64 // bytes now, including files in the writable places
	PeakMemory int64
	Pids       int   // processes and threads now
	DiskUsed   int64 // bytes in the writable places
	InodesUsed int64
}

// Finding is one thing that a driver's doctor looked at, by running it.
type Finding struct {
	Check  string `json:"check"`         // "network unreachable"
	OK     bool   `json:"ok"`            //
	Detail string `json:"detail"`        // what was seen
	Fix    string `json:"fix,omitempty"` // what to do, if not OK
}
