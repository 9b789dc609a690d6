package initbox

import (
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox"
)

// Engine is what the driver knows of one sandbox and its init does not. Its methods are safe for concurrent use.
type Engine interface {
	// Command makes the counters of command number n. lower says that it may use fewer processors than the sandbox.
	Command(n int, l sandbox.Limits, lower bool) (Group, error)
	// Account is what the whole sandbox has used.
	Account() Account
	// Break kills the init, because what state it is in nobody knows any more. Destroy is called afterwards all the same.
	Break()
	// Complaint is what the engine or the init said when it failed, for the text of errors; it may be empty.
	Complaint() string
}

// Witness is an Engine that can tell why its init is gone. OutOfMemory says that the kernel killed it for want of memory, together
// with the program whose memory it was: then what happened is known, and only the report is missing.
type Witness interface {
	OutOfMemory() bool
}

// Group is what the engine can do for one command with its descendants, beyond what the init does. Uncounted is the one of
// engines that can do nothing.
type Group interface {
	// Join moves a child that waits before it executes the program, by its number outside. Only asked if Config.Join is set.
	Join(pid int) error
	// TaskFiles are descriptors that are handed to the child, which enters by writing "0" to each. The caller closes them.
	TaskFiles() ([]int, error)
	// KillNow signals what is in the group now; Kill repeats it until the group is empty.
	KillNow()
	Kill(timeout time.Duration) error
	// Account is what the group has used, and CPU the part of it that is looked at often.
	Account() Account
	CPU() time.Duration
	// Remove deletes the group. It may take a moment, and is called in the background.
	Remove()
}

// Account is what the kernel counted for a group. Fields that it does not keep are 0.
type Account struct {
	CPU      time.Duration
	Memory   int64
	Peak     int64
	Pids     int
	PidsPeak int
	PidsHit  bool // a fork was refused
	OOMKills int
}

// Uncounted is the Group of an engine without counters: the init's own records are all there is.
type Uncounted struct{}

var _ Group = Uncounted{}

// Join implements Group.
func (Uncounted) Join(int) error { return nil }

// TaskFiles implements Group.
func (Uncounted) TaskFiles() ([]int, error) { return nil, nil }

// KillNow implements Group.
func (Uncounted) KillNow() {}

// Kill implements Group.
func (Uncounted) Kill(time.Duration) error { return nil }

// Account implements Group.
func (Uncounted) Account() Account { return Account{} }

// CPU implements Group.
func (Uncounted) CPU() time.Duration { return 0 }

// Remove implements Group.
func (Uncounted) Remove() {}
