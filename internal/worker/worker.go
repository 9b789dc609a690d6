// Package worker claims queue jobs and hands each to the engine: one call a kind of job, nothing else.
//
// It never decides what a job means or what comes after it, and never touches the store. It knows how often a job that the
// machine failed is tried again, and what to do with the jobs of a process that was killed.
//
// Arrows: store for the job, qlp, and River for the claiming.
package worker

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"

	"github.com/quantumlayer/qlp/internal/store"
)

// Engine is what the jobs are for.
//
// Each method may be called again for the same job: after an error, and after the process was killed in the middle. It
// does then what is left to do. An error means that the machine failed, not the generated program; the job is tried again
// after a short while, and Abandon is called when that has not helped. When ctx is done, the method returns soon.
type Engine interface {
	Interpret(ctx context.Context, job store.Job) error
	Plan(ctx context.Context, job store.Job) error
	Task(ctx context.Context, job store.Job) error
	Verify(ctx context.Context, job store.Job) error
	Pack(ctx context.Context, job store.Job) error
	// Abandon ends what the job was part of, because of cause. It is tried until it succeeds.
	Abandon(ctx context.Context, job store.Job, cause error) error
}

// Queue is where jobs are claimed. A store's driver hands it over.
type Queue interface {
	// Driver returns what River works with.
	Driver() riverdriver.Driver[*sql.Tx]
	// Reclaim makes jobs available again whose worker was killed, and returns how many.
	Reclaim(ctx context.Context) (int, error)
}

// Config of a worker. The zero value works.
type Config struct {
	Jobs   int             // how many jobs run at once; 4 by default
	Grace  time.Duration   // how long Stop waits for running jobs before it ends their contexts; 5 s by default
	Delays []time.Duration // before the second try, the third and so on; then the job is abandoned. DefaultDelays by default
	// Kills is how often a job may be cut off by the end of its process before it is taken for the reason of it; 100 by
	// default: neither a person who stops and starts a server nor a machine that keeps failing comes near, a job that takes
	// the machine's memory each time does.
	Kills int
	// Stalled, if not nil, is told when outcomes cannot be written, because the disk is full or Abandon has failed, too: the work
	// stands still until the machine is mended. It is tried again all the while.
	Stalled func(error)
}

// DefaultDelays are short: what a machine does not get over within seconds it seldom does without a person. None is longer
// than 5 s, because River's scheduler, which wakes every 5 s, takes over beyond that.
func DefaultDelays() []time.Duration {
	return []time.Duration{100 * time.Millisecond, time.Second, 5 * time.Second}
}

// These say how a job is noticed: at once when this process added it (the driver's bell), else at the next poll, which
// is how retries come due. Polling an empty queue costs 0.1 ms.
const (
	fetchCooldown = time.Millisecond
	fetchPoll     = 250 * time.Millisecond
	// never is longer than any job runs. River takes a job for stuck by the clock alone; ours are known to be orphaned by
	// the lock of the data folder.
	never = 365 * 24 * time.Hour
)

// Worker claims jobs until it is stopped. It is not started twice.
type Worker struct {
	queue  Queue
	engine Engine
	log    *slog.Logger
	cfg    Config
	client *river.Client[*sql.Tx]

	mu      sync.Mutex
	started bool
}

// New returns a worker that has not begun.
func New(queue Queue, engine Engine, log *slog.Logger, cfg Config) (*Worker, error) {
	if cfg.Jobs == 0 {
		cfg.Jobs = 4
	}
	if cfg.Kills == 0 {
		cfg.Kills = 100
	}
	if cfg.Grace == 0 {
		cfg.Grace = 5 * time.Second
	}
	if cfg.Delays == nil {
		cfg.Delays = DefaultDelays()
	}
	w := &Worker{queue: queue, engine: engine, log: log.With("room", "worker"), cfg: cfg}
	workers := river.NewWorkers()
	if err := w.register(workers); err != nil {
		return nil, fmt.Errorf("register workers: %w", err)
	}
	client, err := river.NewClient(queue.Driver(), &river.Config{
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: cfg.Jobs}},
		Workers:              workers,
		FetchCooldown:        fetchCooldown,
		FetchPollInterval:    fetchPoll,
		JobTimeout:           -1, // the engine keeps the time
		RescueStuckJobsAfter: never,
		SoftStopTimeout:      cfg.Grace,
		Logger:               slog.New(demoted{w.log.Handler()}),
	})
	if err != nil {
		return nil, fmt.Errorf("make worker: %w", err)
	}
	w.client = client
	return w, nil
}

// Start takes over the jobs of a process that was killed and begins to claim. The end of ctx does not stop the worker;
// Stop does.
func (w *Worker) Start(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.started {
		return nil
	}
	orphans, err := w.queue.Reclaim(ctx)
	if err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	if orphans > 0 {
		w.log.InfoContext(ctx, "Jobs taken over from a process that ended", "jobs", orphans)
	}
	if err := w.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	w.started = true
	return nil
}

// Stop stops claiming, waits for the running jobs up to the grace, then ends their contexts and waits for them to return,
// up to the end of ctx. Jobs that were cut off are claimed again by the next worker. Safe twice, and without a Start.
func (w *Worker) Stop(ctx context.Context) error {
	w.mu.Lock()
	started := w.started
	w.mu.Unlock()
	if !started {
		return nil
	}
	if err := w.client.Stop(ctx); err != nil {
		return fmt.Errorf("stop worker: %w", err)
	}
	return nil
}

// demoted keeps River's own warnings and errors, as information: the worker itself logs what someone should act on, and River
// repeats the same once for each of its parts. Its progress is left out.
type demoted struct{ slog.Handler }

// Handle passes a record on, one step less loud.
func (h demoted) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelInfo
	return h.Handler.Handle(ctx, r)
}

// Enabled reports whether a level is loud enough.
func (h demoted) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, slog.LevelInfo)
}

// WithAttrs keeps the limit.
func (h demoted) WithAttrs(attrs []slog.Attr) slog.Handler {
	return demoted{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the limit.
func (h demoted) WithGroup(name string) slog.Handler {
	return demoted{h.Handler.WithGroup(name)}
}
