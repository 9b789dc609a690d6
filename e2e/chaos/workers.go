package chaos

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"
)

// askQueue bounds a question to the queue: a kill does not wait for it longer than it aims.
const askQueue = time.Second

// working says how many jobs a replica is at work on, as the queue has it; -1 where it cannot be told.
func (s *stage) working(ctx context.Context, r *replica) int {
	ctx, cancel := context.WithTimeout(ctx, askQueue)
	defer cancel()
	var n int
	err := s.database.db.QueryRowContext(ctx, `SELECT count(*) FROM river_job j JOIN workers w ON w.id = j.attempted_by[array_upper(j.attempted_by, 1)]
		WHERE j.state = 'running' AND w.host = $1`, hostOf(r)).Scan(&n)
	if err != nil {
		return -1
	}
	return n
}

// worker is the replica that is at work on an intent; nil where none is, or it cannot be told.
func (s *stage) worker(ctx context.Context, intent string) *replica {
	ctx, cancel := context.WithTimeout(ctx, askQueue)
	defer cancel()
	var host string
	err := s.database.db.QueryRowContext(ctx, `SELECT w.host FROM river_job j JOIN workers w ON w.id = j.attempted_by[array_upper(j.attempted_by, 1)]
		WHERE j.state = 'running' AND j.args ->> 'intent_id' = $1 ORDER BY j.id DESC LIMIT 1`, intent).Scan(&host)
	if err != nil {
		return nil
	}
	_, pid, _ := strings.Cut(host, "/")
	for _, r := range s.fleet.replicas {
		if strconv.Itoa(r.pid()) == pid {
			return r
		}
	}
	return nil
}

// hostOf is the name under which a replica's process joins the workers.
func hostOf(r *replica) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return host + "/" + strconv.Itoa(r.pid())
}
