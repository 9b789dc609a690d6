package initbox

import (
	"os"
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox"
)

// NoGroup is the Group of a sandbox whose walls limit and count for it: a container, say.
type NoGroup struct{}

var _ Group = NoGroup{}

// Child implements Group.
func (NoGroup) Child(string, sandbox.Limits, bool) (Group, error) { return NoGroup{}, nil }

// TaskFiles implements Group.
func (NoGroup) TaskFiles() ([]*os.File, error) { return nil, nil }

// Tracks implements Group.
func (NoGroup) Tracks() bool { return false }

// Join implements Group.
func (NoGroup) Join(int) error { return nil }

// Kill implements Group.
func (NoGroup) Kill() {}

// End implements Group.
func (NoGroup) End(time.Duration) error { return nil }

// CPU implements Group.
func (NoGroup) CPU() time.Duration { return 0 }

// Account implements Group.
func (NoGroup) Account() Account { return Account{} }

// Remove implements Group.
func (NoGroup) Remove() {}
