package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/enqueue"
)

// Queue keeps queue jobs in River's tables, in the same database as the store.
type Queue struct {
	pool    *pgxpool.Pool
	inserts *river.Client[pgx.Tx] // which do no more than that
	onFault atomic.Pointer[func(error)]
	wake    func() // rings the store's bell
}

func newQueue(pool *pgxpool.Pool, log *slog.Logger) (*Queue, error) {
	client, err := river.NewClient(silent{riverpgxv5.New(nil)}, &river.Config{Logger: log, MaxAttempts: enqueue.MaxAttempts})
	if err != nil {
		return nil, fmt.Errorf("open queue: %w", err)
	}
	return &Queue{pool: pool, inserts: client, wake: func() {}}, nil
}

// silent keeps River from telling of a job within the transaction that adds it. It would do so no more than once in a while, so that
// a job which follows soon on another waits for the next poll, and would let commits through one by one; Wake tells of every one.
type silent struct{ *riverpgxv5.Driver }

// SupportsListener returns false.
func (silent) SupportsListener() bool { return false }

// SupportsListenNotify returns false.
func (silent) SupportsListenNotify() bool { return false }

// OnFault has fn called when jobs cannot be claimed, with an error that says why and what to do.
func (q *Queue) OnFault(fn func(error)) { q.onFault.Store(&fn) }

func (q *Queue) fault(err error) {
	if fn := q.onFault.Load(); fn != nil {
		(*fn)(fmt.Errorf("claim jobs: %w", translate(err)))
	}
}

// Insert adds a job in the transaction that is open on conn. While an equal one waits or runs, it adds nothing.
func (q *Queue) Insert(ctx context.Context, conn *sql.Conn, _ *sql.Tx, job store.Job) error {
	if err := enqueue.Check(job); err != nil {
		return err
	}
	return withConn(conn, func(c *pgx.Conn) error {
		_, err := q.inserts.InsertTx(ctx, &borrowed{conn: c}, enqueue.Args{Job: job}, enqueue.Once())
		return err
	})
}

// Remove deletes the intent's jobs that no worker has begun, in tx.
func (q *Queue) Remove(ctx context.Context, tx *sql.Tx, intentID string) error {
	_, err := tx.ExecContext(ctx,
		`DELETE FROM river_job WHERE state IN ('available', 'pending', 'retryable', 'scheduled') AND args ->> 'intent_id' = $1`, intentID)
	return err
}

// Wake has the workers of every process look for jobs. It does not block; what is lost on the way is found by their polls.
func (q *Queue) Wake() { q.wake() }

// Forget deletes the jobs of a tenant's intents that do not run, in tx, and returns how many run.
func (q *Queue) Forget(ctx context.Context, tx *sql.Tx, tenant string) (running int, err error) {
	const of = ` args ->> 'intent_id' IN (SELECT id FROM intents WHERE tenant = $1)`
	if _, err := tx.ExecContext(ctx, `DELETE FROM river_job WHERE state <> 'running' AND`+of, tenant); err != nil {
		return 0, err
	}
	return running, tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM river_job WHERE`+of, tenant).Scan(&running)
}

// Client returns River's client for a worker, whose id is the config's. It may finish jobs for as long as that worker is known.
func (q *Queue) Client(cfg *river.Config) (store.QueueClient, error) {
	return river.NewClient(newFenced(q, cfg.ID), cfg)
}

// Waiting returns the jobs that nobody has begun, in the order in which they were added. It is for tests and for people who
// look into a queue; workers claim.
func (q *Queue) Waiting(ctx context.Context) ([]store.Job, error) {
	rows, err := q.pool.Query(ctx, `SELECT args FROM river_job WHERE state IN ('available', 'pending', 'retryable', 'scheduled') ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read waiting jobs: %w", translate(err))
	}
	jobs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (job store.Job, err error) {
		var text []byte
		return job, errors.Join(row.Scan(&text), json.Unmarshal(text, &job))
	})
	if err != nil {
		return nil, fmt.Errorf("read waiting jobs: %w", translate(err))
	}
	return jobs, nil
}
