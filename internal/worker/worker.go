// Package worker claims queue jobs and hands each to the engine: one call a kind of job, nothing else.
//
// It never decides what a job means or what comes after it, and never touches the store. It knows how often a job that the
// machine failed is tried again, and what to do with the jobs of a process that was killed.
//
// Arrows: store for the job, qlp, and River for the claiming.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"

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
	Embed(ctx context.Context, job store.Job) error
	// Abandon ends what the job was part of, because of cause. It is tried until it succeeds.
	Abandon(ctx context.Context, job store.Job, cause error) error
}

// Queue is where jobs are claimed. A store's driver hands it over.
type Queue interface {
	// Client returns River's client for a worker, whose id is the config's.
	Client(cfg *river.Config) (store.QueueClient, error)
	// Lease is the time for which a worker is believed to be alive after a beat, Beat the time between two. Both are 0 where one
	// process is the only one: then it holds no lease, and reclaims at its start alone.
	Lease() time.Duration
	Beat() time.Duration
	// Join makes a worker known, Renew says that it is alive. Renew returns false when it was taken for dead: others run its jobs.
	Join(ctx context.Context, id string) error
	Renew(ctx context.Context, id string) (known bool, err error)
	// Leave makes a worker unknown, and the jobs available at once that it still runs.
	Leave(ctx context.Context, id string) error
	// Reclaim makes jobs available again whose worker is dead, and returns how many.
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
	// TookOver, if not nil, is called at the start, and whenever jobs of a worker were reclaimed that is dead, to tidy up what else
	// it left.
	TookOver func(ctx context.Context) error
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
	// the lock of the data folder, or by a lease that has run out.
	never = 365 * 24 * time.Hour
)

// Worker claims jobs until it is stopped. It is not started twice.
type Worker struct {
	queue   Queue
	engine  Engine
	log     *slog.Logger
	cfg     Config
	workers *river.Workers
	current atomic.Pointer[member]

	mu      sync.Mutex
	started bool
	stopped bool
	stop    context.CancelFunc // of the beating
	beating sync.WaitGroup
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
	w := &Worker{queue: queue, engine: engine, log: log.With("room", "worker"), cfg: cfg, workers: river.NewWorkers(), stop: func() {}}
	if err := w.register(w.workers); err != nil {
		return nil, fmt.Errorf("register workers: %w", err)
	}
	m, err := w.newMember()
	if err != nil {
		return nil, err
	}
	w.current.Store(m)
	return w, nil
}

// ID is what the queue knows this worker by just now.
func (w *Worker) ID() string { return w.current.Load().id }

// Start takes over the jobs of workers that are dead and begins to claim. The end of ctx does not stop the worker; Stop does.
func (w *Worker) Start(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.started {
		return nil
	}
	m := w.current.Load()
	if err := w.queue.Join(ctx, m.id); err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	if err := w.reclaim(ctx, true); err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	if err := m.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	w.started = true
	if w.queue.Lease() > 0 {
		beating, stop := context.WithCancel(context.WithoutCancel(ctx))
		w.stop = stop
		w.beating.Go(func() { w.keep(beating) })
	}
	return nil
}

// Stop stops claiming, waits for the running jobs up to the grace, then ends their contexts and waits for them to return,
// up to the end of ctx. Jobs that were cut off are claimed again by the next worker. Safe twice, and without a Start.
func (w *Worker) Stop(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.started || w.stopped {
		return nil
	}
	w.stopped = true
	// The lease is held while running jobs get their grace.
	m := w.current.Load()
	err := m.client.Stop(ctx)
	w.stop()
	w.beating.Wait()
	if last := w.current.Load(); last != m { // it had to join anew meanwhile
		err = errors.Join(last.client.StopAndCancel(ctx))
		m = last
	}
	if lerr := w.queue.Leave(context.WithoutCancel(ctx), m.id); lerr != nil {
		w.log.InfoContext(ctx, "Lease not given back; it runs out by itself", "err", lerr)
	}
	if err != nil {
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
