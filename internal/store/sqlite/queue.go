package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"

	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/enqueue"
)

// Queue keeps queue jobs in River's tables, in the same file as the store.
type Queue struct {
	db     *sql.DB
	client *river.Client[*sql.Tx] // inserts only
	driver *driver

	translator translator
	onFault    func(error)
}

func newQueue(db *sql.DB, log *slog.Logger, t translator) (*Queue, error) {
	q := &Queue{db: db, translator: t}
	d := newDriver(db, q.fault)
	client, err := river.NewClient(riverdriver.Driver[*sql.Tx](d), &river.Config{Logger: log, MaxAttempts: enqueue.MaxAttempts})
	if err != nil {
		return nil, fmt.Errorf("open queue: %w", err)
	}
	q.client, q.driver = client, d
	return q, nil
}

// OnFault has fn called when jobs cannot be claimed, with an error that says why and what to do. Call it before a worker
// starts.
func (q *Queue) OnFault(fn func(error)) { q.onFault = fn }

func (q *Queue) fault(err error) {
	if q.onFault != nil {
		q.onFault(fmt.Errorf("claim jobs: %w", q.translator.translate(err)))
	}
}

// Insert adds a job in tx. While a job with the same kind, intent, run, task and attempt waits or runs, it adds nothing.
func (q *Queue) Insert(ctx context.Context, _ *sql.Conn, tx *sql.Tx, job store.Job) error {
	if err := enqueue.Check(job); err != nil {
		return err
	}
	_, err := q.client.InsertTx(ctx, tx, enqueue.Args{Job: job}, enqueue.Once())
	return err
}

// Remove deletes the intent's jobs that no worker has begun, in tx. The condition is on River's own columns; args is
// JSONB that River wrote.
func (q *Queue) Remove(ctx context.Context, tx *sql.Tx, intentID string) error {
	_, err := tx.ExecContext(ctx,
		`DELETE FROM river_job WHERE state IN ('available', 'pending', 'retryable', 'scheduled') AND args ->> '$.intent_id' = $1`, intentID)
	return err
}

// Forget deletes the jobs of a tenant's intents that do not run, in tx, and returns how many run.
func (q *Queue) Forget(ctx context.Context, tx *sql.Tx, tenant string) (running int, err error) {
	const of = ` args ->> '$.intent_id' IN (SELECT id FROM intents WHERE tenant = $1)`
	if _, err := tx.ExecContext(ctx, `DELETE FROM river_job WHERE state <> 'running' AND`+of, tenant); err != nil {
		return 0, err
	}
	return running, tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM river_job WHERE`+of, tenant).Scan(&running)
}

// Wake tells the workers of this process that jobs were committed.
func (q *Queue) Wake() { q.driver.bell.ring() }

// Client returns River's client for a worker.
func (q *Queue) Client(cfg *river.Config) (store.QueueClient, error) {
	return river.NewClient(riverdriver.Driver[*sql.Tx](q.driver), cfg)
}

// Lease is 0: this process is the only one, and needs none.
func (q *Queue) Lease() time.Duration { return 0 }

// Beat is 0 as well.
func (q *Queue) Beat() time.Duration { return 0 }

// Join has nothing to do.
func (q *Queue) Join(context.Context, string) error { return nil }

// Renew has nothing to do.
func (q *Queue) Renew(context.Context, string) (bool, error) { return true, nil }

// Leave has nothing to do.
func (q *Queue) Leave(context.Context, string) error { return nil }

// Reclaim makes every job that is marked as running available again, at once, and returns how many there were. It is
// called before the workers start: the folder's lock says that no other process can be running them, so their worker
// was killed. Its election as River's leader is ended too, which would otherwise be waited out.
//
// The attempt that was cut off counts as begun and not as failed: River's error list stays as it is.
func (q *Queue) Reclaim(ctx context.Context) (int, error) {
	tx, err := q.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("reclaim jobs: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	res, err := tx.ExecContext(ctx,
		`UPDATE river_job SET state = 'available', scheduled_at = datetime('now', 'subsec') WHERE state = 'running'`)
	if err != nil {
		return 0, fmt.Errorf("reclaim jobs: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM river_leader`); err != nil {
		return 0, fmt.Errorf("reclaim jobs: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("reclaim jobs: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return 0, fmt.Errorf("reclaim jobs: %w", err)
	}
	return int(n), nil
}

// Waiting returns the jobs that nobody has begun, in the order in which they were added. It is for tests and for people
// who look into a queue; workers claim.
func (q *Queue) Waiting(ctx context.Context) ([]store.Job, error) {
	rows, err := q.db.QueryContext(ctx,
		`SELECT json(args) FROM river_job WHERE state IN ('available', 'pending', 'retryable', 'scheduled') ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read waiting jobs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var jobs []store.Job
	for rows.Next() {
		var text string
		var job store.Job
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("read waiting jobs: %w", err)
		}
		if err := json.Unmarshal([]byte(text), &job); err != nil {
			return nil, fmt.Errorf("read waiting jobs: %w", err)
		}
		jobs = append(jobs, job)
	}
	return jobs, rows.Err()
}
