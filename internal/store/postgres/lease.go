package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// These bound a take-over: a worker that has not beaten for lease is dead, and is found out within one more beat of another. With
// the jobs' claiming, that is well within 15 s.
const (
	beat  = 3 * time.Second
	lease = 9 * time.Second
)

// Beat is the time between two beats of a worker.
func (q *Queue) Beat() time.Duration { return beat }

// Lease is the time after which a worker that has not beaten is dead.
func (q *Queue) Lease() time.Duration { return lease }

// Join makes a worker known, by the database's clock.
func (q *Queue) Join(ctx context.Context, id string) error {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	_, err = q.pool.Exec(ctx, `INSERT INTO workers (id, host, started_at, beat_at) VALUES ($1, $2, timezone('utc', clock_timestamp()), timezone('utc', clock_timestamp()))`,
		id, fmt.Sprintf("%s/%d", host, os.Getpid()))
	if err != nil {
		return fmt.Errorf("join the workers: %w", translate(err))
	}
	return nil
}

// Renew says that a worker is alive. known is false when it was taken for dead before.
func (q *Queue) Renew(ctx context.Context, id string) (known bool, err error) {
	tag, err := q.pool.Exec(ctx, `UPDATE workers SET beat_at = timezone('utc', clock_timestamp()) WHERE id = $1`, id)
	if err != nil {
		return false, fmt.Errorf("renew lease: %w", translate(err))
	}
	return tag.RowsAffected() == 1, nil
}

// Leave makes a worker unknown, and what it still runs available at once.
func (q *Queue) Leave(ctx context.Context, id string) error {
	if _, err := q.pool.Exec(ctx, `DELETE FROM workers WHERE id = $1`, id); err != nil {
		return fmt.Errorf("leave the workers: %w", translate(err))
	}
	_, err := q.Reclaim(ctx)
	return err
}

// Reclaim removes workers that are dead, and makes the jobs available again, at once, that are marked as running and whose worker
// is not known. It returns how many there were. Many may call it at once, at any time.
//
// The attempt that was cut off counts as begun and not as failed: River's error list stays as it is.
func (q *Queue) Reclaim(ctx context.Context) (jobs int, err error) {
	err = pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM workers WHERE beat_at < timezone('utc', clock_timestamp()) - $1::interval`, lease)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE river_job SET state = 'available', scheduled_at = now()
			WHERE state = 'running' AND NOT EXISTS (SELECT FROM workers w WHERE w.id = attempted_by[array_upper(attempted_by, 1)])`)
		jobs = int(tag.RowsAffected())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("reclaim jobs: %w", translate(err))
	}
	return jobs, nil
}

// fenced is River's driver for one worker. What that worker has to say about jobs counts only while it is known: one that slept
// through its lease must not end a job that another one runs now.
type fenced struct {
	*riverpgxv5.Driver
	queue  *Queue
	worker string
}

func newFenced(q *Queue, worker string) *fenced {
	return &fenced{Driver: riverpgxv5.New(q.pool), queue: q, worker: worker}
}

// GetExecutor returns River's own, behind the fence.
func (d *fenced) GetExecutor() riverdriver.Executor {
	return guarded{d.Driver.GetExecutor(), d}
}

type guarded struct {
	riverdriver.Executor
	of *fenced
}

// JobGetAvailable claims jobs.
func (g guarded) JobGetAvailable(ctx context.Context, p *riverdriver.JobGetAvailableParams) (*riverdriver.JobGetAvailableResult, error) {
	result, err := g.Executor.JobGetAvailable(ctx, p)
	if err != nil && ctx.Err() == nil && qlp.CodeOf(translate(err)) != qlp.Unavailable { // a server that is away comes back
		g.of.queue.fault(err)
	}
	return result, err
}

// JobSetStateIfRunningMany writes how jobs ended, unless the worker is not known any more: then it is as if they were gone.
func (g guarded) JobSetStateIfRunningMany(ctx context.Context, p *riverdriver.JobSetStateIfRunningManyParams) (rows []*rivertype.JobRow, err error) {
	tx, err := g.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	var known int
	switch err := tx.QueryRow(ctx, `SELECT 1 FROM workers WHERE id = $1 FOR SHARE`, g.of.worker).Scan(&known); {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if rows, err = tx.JobSetStateIfRunningMany(ctx, p); err != nil {
		return nil, err
	}
	return rows, tx.Commit(ctx)
}
