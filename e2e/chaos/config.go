package chaos

import (
	"fmt"
	"io"
	"time"
)

// The databases.
const (
	SQLite   = "sqlite"   // one process, which is started again after each kill
	Postgres = "postgres" // several replicas, of which callers take any that answers
)

// Config says what is played, and how rough it gets.
type Config struct {
	Binary     string // qlp, with qlp-init and its tools beside it
	Work       string // a folder for data, logs and capsules; it is made, and kept when something is found
	Database   string
	URL        string // of a private PostgreSQL server, as a superuser
	Recordings string // the folder of a recorded run with models, and beside it the intent of that run: FOLDER.intent
	Seed       uint64

	Intents  int           // at least so many are handed in; more while faults are left
	Kills    int           // with SIGKILL
	Freezes  int           // with SIGSTOP, for longer than a lease, and then SIGCONT
	Cuts     int           // of the connection to the database
	Fills    int           // of the disk
	Replicas int           // of PostgreSQL; SQLite has one
	Open     int           // intents at a time
	Reruns   int           // capsules whose commands are run again
	For      time.Duration // after which no new fault is made; 0 means until all are made
	Lease    time.Duration // after which a process that does not beat is taken for dead
	Settle   time.Duration // that the last intents get to end after the last fault
	Keep     bool          // the work folder, also when nothing is found
	Progress io.Writer     // is told now and then how far it is; nil is nobody
}

// WithDefaults fills in what is not set. Faults that follow from the number of kills are set with -1.
func (c Config) WithDefaults() Config {
	if c.Database == "" {
		c.Database = SQLite
	}
	if c.Replicas == 0 {
		c.Replicas = 3
	}
	if c.Database == SQLite {
		c.Replicas, c.Cuts = 1, 0
	}
	if c.Open == 0 {
		c.Open = 2 + 2*c.Replicas
	}
	if c.Lease == 0 {
		c.Lease = 9 * time.Second
	}
	if c.Settle == 0 {
		c.Settle = 5 * time.Minute
	}
	share := func(n *int, of int) {
		if *n < 0 {
			*n = c.Kills/of + 1
		}
	}
	share(&c.Freezes, 30)
	share(&c.Cuts, 15)
	share(&c.Fills, 60)
	if c.Progress == nil {
		c.Progress = io.Discard
	}
	return c
}

func (c Config) say(format string, args ...any) {
	_, _ = fmt.Fprintf(c.Progress, format+"\n", args...)
}
