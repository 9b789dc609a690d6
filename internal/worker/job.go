package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// River tells kinds of jobs apart by type.
type (
	interpretArgs struct{ store.Job }
	planArgs      struct{ store.Job }
	taskArgs      struct{ store.Job }
	verifyArgs    struct{ store.Job }
	packArgs      struct{ store.Job }
	embedArgs     struct{ store.Job }
)

// Kind names the kind for River.
func (interpretArgs) Kind() string { return string(store.JobInterpret) }

// Kind names the kind for River.
func (planArgs) Kind() string { return string(store.JobPlan) }

// Kind names the kind for River.
func (taskArgs) Kind() string { return string(store.JobTask) }

// Kind names the kind for River.
func (verifyArgs) Kind() string { return string(store.JobVerify) }

// Kind names the kind for River.
func (packArgs) Kind() string { return string(store.JobPack) }

// Kind names the kind for River.
func (embedArgs) Kind() string { return string(store.JobEmbed) }

func (w *Worker) register(workers *river.Workers) error {
	return errors.Join(
		river.AddWorkerSafely(workers, &handler[interpretArgs]{w: w, job: func(a interpretArgs) store.Job { return a.Job }, call: w.engine.Interpret}),
		river.AddWorkerSafely(workers, &handler[planArgs]{w: w, job: func(a planArgs) store.Job { return a.Job }, call: w.engine.Plan}),
		river.AddWorkerSafely(workers, &handler[taskArgs]{w: w, job: func(a taskArgs) store.Job { return a.Job }, call: w.engine.Task}),
		river.AddWorkerSafely(workers, &handler[verifyArgs]{w: w, job: func(a verifyArgs) store.Job { return a.Job }, call: w.engine.Verify}),
		river.AddWorkerSafely(workers, &handler[packArgs]{w: w, job: func(a packArgs) store.Job { return a.Job }, call: w.engine.Pack}),
		river.AddWorkerSafely(workers, &handler[embedArgs]{w: w, job: func(a embedArgs) store.Job { return a.Job }, call: w.engine.Embed}),
	)
}

// handler is River's worker of one kind.
type handler[A river.JobArgs] struct {
	river.WorkerDefaults[A]
	w    *Worker
	job  func(A) store.Job
	call func(context.Context, store.Job) error
}

// Work runs one try of a job.
func (h *handler[A]) Work(ctx context.Context, j *river.Job[A]) error {
	return h.w.work(ctx, j.JobRow, h.job(j.Args), h.call)
}

// NextRetry says when a job that has just failed is due again.
func (h *handler[A]) NextRetry(j *river.Job[A]) time.Time {
	return time.Now().Add(h.w.delay(len(j.Errors) + 1))
}

// abandonDelay is the longest time between two tries of an Abandon that fails, as it does while a disk is full: River's
// limit of tries is then most of a day away.
const abandonDelay = time.Minute

// delay returns the time between the nth failure and the next try. When only Abandon is left to be tried, it doubles.
func (w *Worker) delay(failures int) time.Duration {
	tries := len(w.cfg.Delays)
	if failures <= tries {
		return w.cfg.Delays[failures-1]
	}
	longest := time.Second
	if tries > 0 {
		longest = w.cfg.Delays[tries-1]
	}
	return min(longest<<min(failures-tries, 16), abandonDelay)
}

// work calls the engine and answers River: nil is done, a cancel is given up, any other error is tried again.
func (w *Worker) work(ctx context.Context, row *rivertype.JobRow, job store.Job, call func(context.Context, store.Job) error) error {
	log := w.log.With("kind", job.Kind, "intent_id", job.IntentID, "run_id", job.RunID, "task_id", job.TaskID, "attempt", job.Attempt)
	failures, kills := len(row.Errors), row.Attempt-1-len(row.Errors)
	start := time.Now()
	var err error
	switch {
	case failures > len(w.cfg.Delays): // it was given up, but Abandon itself failed
		err = errors.New(row.Errors[len(row.Errors)-1].Error)
	case kills >= w.cfg.Kills:
		err = qlp.Errorf(qlp.Internal, "the process ended %d times in the middle of this %s job", kills, job.Kind)
		failures = len(w.cfg.Delays)
	default:
		err = protect(ctx, func() error { return call(ctx, job) })
	}
	if err == nil {
		log.DebugContext(ctx, "Job done", "duration_ms", time.Since(start).Milliseconds())
		return nil
	}
	if p, ok := errors.AsType[*panicError](err); ok {
		log.ErrorContext(ctx, "Engine panicked", "err", err, "stack", p.stack)
	}
	if ctx.Err() != nil {
		// The worker is being stopped. This was no failure: River makes the job available, for the next worker.
		log.InfoContext(ctx, "Job cut off by the stop of the worker")
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	failures++
	if qlp.CodeOf(err) == qlp.Exhausted { // a full disk: not even the failure can be written down
		w.stalled(err)
	}
	if failures <= len(w.cfg.Delays) {
		log.WarnContext(ctx, "Job failed and is tried again", "try", failures, "in_ms", w.delay(failures).Milliseconds(), "err", err)
		return err
	}
	log.ErrorContext(ctx, "Job given up", "tries", failures, "err", err)
	if aerr := protect(ctx, func() error { return w.engine.Abandon(ctx, job, err) }); aerr != nil {
		log.ErrorContext(ctx, "Job could not be abandoned and is tried again", "err", aerr)
		w.stalled(aerr)
		return err
	}
	return river.JobCancel(err)
}

func (w *Worker) stalled(err error) {
	if w.cfg.Stalled != nil {
		w.cfg.Stalled(err)
	}
}

// protect turns a panic into an error that holds the stack.
func protect(ctx context.Context, fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &panicError{value: r, stack: string(debug.Stack())}
		}
	}()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fn()
}

// panicError is a panic of the engine: a fault of ours. The stack is for the log; it is in no message.
type panicError struct {
	value any
	stack string
}

// Error returns the panic's value.
func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }
