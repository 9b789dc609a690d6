package worker

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/quantumlayer/qlp/internal/store"
)

// member is the worker under one name: one lease, one client. A worker whose lease has run out becomes another one.
type member struct {
	id     string
	client store.QueueClient
}

func (w *Worker) newMember() (*member, error) {
	id := uuid.NewString()
	client, err := w.queue.Client(&river.Config{
		ID:                   id,
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: w.cfg.Jobs}},
		Workers:              w.workers,
		FetchCooldown:        fetchCooldown,
		FetchPollInterval:    fetchPoll,
		JobTimeout:           -1, // the engine keeps the time
		RescueStuckJobsAfter: never,
		SoftStopTimeout:      w.cfg.Grace,
		Logger:               slog.New(demoted{w.log.Handler()}),
	})
	if err != nil {
		return nil, fmt.Errorf("make worker: %w", err)
	}
	return &member{id, client}, nil
}

// keep says that this worker is alive, and looks for others that are not, until ctx is done.
func (w *Worker) keep(ctx context.Context) {
	tick := time.NewTicker(w.queue.Beat())
	defer tick.Stop()
	believed := time.Now() // when the lease was renewed last
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		asked := time.Now()
		known, err := w.renew(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && known:
			believed = asked
			if err := w.reclaim(ctx, false); err != nil && ctx.Err() == nil {
				w.log.InfoContext(ctx, "Dead workers not looked for", "err", err)
			}
		case err == nil, time.Since(believed) > w.queue.Lease():
			w.log.WarnContext(ctx, "Lease lost: jobs under way are dropped, others run them", "for_ms", time.Since(believed).Milliseconds(), "err", err)
			if w.joinAnew(ctx) {
				believed = time.Now()
			}
		default:
			w.log.InfoContext(ctx, "Lease not renewed", "err", err)
		}
	}
}

func (w *Worker) renew(ctx context.Context) (known bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.queue.Beat())
	defer cancel()
	return w.queue.Renew(ctx, w.ID())
}

// joinAnew drops what is under way and begins again under another name, once the queue can be reached. Until then it claims
// nothing and reports false.
func (w *Worker) joinAnew(ctx context.Context) bool {
	// The contexts of the jobs end at once; the queue may be away, so that their ends are not waited for without bound.
	stopping, cancel := context.WithTimeout(ctx, w.queue.Lease())
	defer cancel()
	if err := w.current.Load().client.StopAndCancel(stopping); err != nil {
		w.log.InfoContext(ctx, "Jobs of a lost lease end late", "err", err)
	}
	m, err := w.newMember()
	if err == nil {
		err = w.queue.Join(ctx, m.id)
	}
	if err == nil {
		w.current.Store(m)
		err = m.client.Start(context.WithoutCancel(ctx))
	}
	if err != nil {
		w.log.InfoContext(ctx, "Not joined yet", "err", err)
		return false
	}
	w.log.InfoContext(ctx, "Joined anew")
	return true
}

// reclaim takes over the jobs of dead workers.
func (w *Worker) reclaim(ctx context.Context, first bool) error {
	n, err := w.queue.Reclaim(ctx)
	if err != nil {
		return err
	}
	if n > 0 {
		w.log.InfoContext(ctx, "Jobs taken over from a process that ended", "jobs", n)
	}
	if w.cfg.TookOver != nil && (n > 0 || first) {
		return w.cfg.TookOver(ctx)
	}
	return nil
}
