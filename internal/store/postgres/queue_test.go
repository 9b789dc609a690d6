package postgres_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/enqueue"
	"github.com/quantumlayer/qlp/internal/store/postgres"
	"github.com/quantumlayer/qlp/internal/store/postgres/pgtest"
)

// told is a worker that tells of each job.
type told struct {
	river.WorkerDefaults[task]
	arrived chan store.Job
}

type task struct{ enqueue.Args }

func (task) Kind() string { return string(store.JobTask) }

func (w *told) Work(_ context.Context, job *river.Job[task]) error {
	w.arrived <- job.Args.Job
	return nil
}

// TestWake: workers of another process hear of every job at once, however soon it follows on another: a poll comes long after.
func TestWake(t *testing.T) {
	t.Parallel()
	address := pgtest.Database(t, "")
	open := func() *postgres.Store {
		st, err := postgres.Open(t.Context(), address, postgres.Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = st.Close() })
		return st
	}
	here, there := open(), open()
	w := &told{arrived: make(chan store.Job, 1)}
	workers := river.NewWorkers()
	river.AddWorker(workers, w)
	client, err := there.Queue.Client(&river.Config{
		ID: "there", Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 4}}, Workers: workers,
		FetchCooldown: time.Millisecond, FetchPollInterval: 10 * time.Minute, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := there.Queue.Join(t.Context(), "there"); err != nil {
		t.Fatal(err)
	}
	if err := client.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Stop(context.Background()) }()
	for i := range 50 {
		job := store.Job{Kind: store.JobTask, IntentID: "i", RunID: "r", TaskID: fmt.Sprint(i), Attempt: 1}
		if err := here.Tx(t.Context(), func(tx store.Tx) error { return tx.Enqueue(t.Context(), job) }); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-w.arrived:
			if got != job {
				t.Fatalf("job %+v came, want %+v", got, job)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("job %d did not come", i)
		}
	}
}
