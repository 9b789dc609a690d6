package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	_ "modernc.org/sqlite" // River's driver works with it

	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/worker"
)

// within is the server's address with another database.
func within(server, name string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

func isPostgres(address string) bool { return strings.HasPrefix(address, "postgres") }

type nothing struct {
	Num int `json:"num"`
}

func (nothing) Kind() string { return "nothing" }

type nothingWorker struct {
	river.WorkerDefaults[nothing]
}

func (nothingWorker) Work(context.Context, *river.Job[nothing]) error { return nil }

// riverAlone is what `river bench` does, as River's own program does it and with its settings: jobs are put in, then the clock starts and
// they are worked off; one counts when its completion is told.
func riverAlone(ctx context.Context, db database, jobs, workers int) (float64, error) {
	address, remove, err := db.fresh(ctx)
	if err != nil {
		return 0, err
	}
	defer remove()
	if isPostgres(address) {
		pool, err := pgxpool.New(ctx, address)
		if err != nil {
			return 0, err
		}
		defer pool.Close()
		return burn(ctx, riverpgxv5.New(pool), jobs, workers)
	}
	pool, err := sql.Open("sqlite", "file:"+address+"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(5000)")
	if err != nil {
		return 0, err
	}
	defer func() { _ = pool.Close() }()
	pool.SetMaxOpenConns(1) // as River's manual wants it
	return burn(ctx, riversqlite.New(pool), jobs, workers)
}

func burn[T any](ctx context.Context, driver riverdriver.Driver[T], jobs, workers int) (float64, error) {
	quiet := slog.New(slog.DiscardHandler)
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet})
	if err != nil {
		return 0, err
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return 0, err
	}
	known := river.NewWorkers()
	river.AddWorker(known, nothingWorker{})
	client, err := river.NewClient(driver, &river.Config{
		FetchCooldown: 2 * time.Millisecond, FetchPollInterval: 20 * time.Millisecond, Logger: quiet, Workers: known,
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
	})
	if err != nil {
		return 0, err
	}
	told, stop := client.SubscribeConfig(&river.SubscribeConfig{ChanSize: jobs + 1, Kinds: []river.EventKind{river.EventKindJobCompleted, river.EventKindJobFailed}})
	defer stop()
	for done := 0; done < jobs; {
		batch := make([]river.InsertManyParams, min(5000, jobs-done))
		for i := range batch {
			batch[i].Args = nothing{done + i}
		}
		if _, err := client.InsertMany(ctx, batch); err != nil {
			return 0, err
		}
		done += len(batch)
	}
	start := time.Now()
	if err := client.Start(ctx); err != nil {
		return 0, err
	}
	for range jobs {
		if e := <-told; e.Kind != river.EventKindJobCompleted {
			return 0, fmt.Errorf("job %d: %s", e.Job.ID, e.Kind)
		}
	}
	took := time.Since(start)
	return float64(jobs) / took.Seconds(), client.Stop(ctx)
}

// idle is an engine that counts its jobs.
type idle struct {
	left atomic.Int64
	done chan struct{}
}

func (e *idle) one() error {
	if e.left.Add(-1) == 0 {
		close(e.done)
	}
	return nil
}

func (e *idle) Interpret(context.Context, store.Job) error      { return e.one() }
func (e *idle) Plan(context.Context, store.Job) error           { return e.one() }
func (e *idle) Task(context.Context, store.Job) error           { return e.one() }
func (e *idle) Verify(context.Context, store.Job) error         { return e.one() }
func (e *idle) Pack(context.Context, store.Job) error           { return e.one() }
func (e *idle) Embed(context.Context, store.Job) error          { return nil }
func (e *idle) Abandon(context.Context, store.Job, error) error { return nil }

// workerAlone is QLP's queue and worker as a server has them, with nothing behind. A job counts when it has been worked, its completion is
// written in the next batch.
func workerAlone(ctx context.Context, db database, jobs int) (float64, error) {
	address, remove, err := db.fresh(ctx)
	if err != nil {
		return 0, err
	}
	defer remove()
	st, err := openStore(ctx, address)
	if err != nil {
		return 0, err
	}
	defer func() { _ = st.Close() }()
	e := &idle{done: make(chan struct{})}
	e.left.Store(int64(jobs))
	for i := range jobs / 50 {
		err := st.Tx(ctx, func(tx store.Tx) error {
			for k := range 50 {
				if err := tx.Enqueue(ctx, store.Job{Kind: store.JobTask, IntentID: fmt.Sprint(i), RunID: "r", TaskID: "t", Attempt: k}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	w, err := worker.New(st.queue, e, slog.New(slog.DiscardHandler), worker.Config{})
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if err := w.Start(ctx); err != nil {
		return 0, err
	}
	<-e.done
	took := time.Since(start)
	return float64(jobs) / took.Seconds(), w.Stop(ctx)
}
