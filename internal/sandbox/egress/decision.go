package egress

import (
	"sync"
	"time"
)

// Decision is what the proxy decided about one connection, and what went through it.
type Decision struct {
	At       time.Time `json:"at"`
	Method   string    `json:"method"` // CONNECT, GET or HEAD; as it was sent, cut short
	Host     string    `json:"host"`
	Port     int       `json:"port"`
	Address  string    `json:"address,omitempty"` // that was dialled
	Allowed  bool      `json:"allowed"`
	Reason   string    `json:"reason"`
	Sent     int64     `json:"sent"`     // bytes out of the sandbox
	Received int64     `json:"received"` // bytes into it
	MS       int64     `json:"ms"`
}

// maxDecisions bounds what a hostile program can have written down; the rest is counted.
const maxDecisions = 10_000

// book keeps the decisions of one job.
type book struct {
	mu    sync.Mutex
	lines []Decision
	more  int
}

func (b *book) add(d Decision) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines) == maxDecisions {
		b.more++
		return
	}
	b.lines = append(b.lines, d)
}

func (b *book) all() ([]Decision, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Decision(nil), b.lines...), b.more
}
