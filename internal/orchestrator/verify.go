package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/validator"
)

// errCapped is the cause of a validation's context whose run has reached a cap.
var errCapped = errors.New("cap reached")

// Verify judges the merged project and decides: a capsule, a repair, or the end.
func (e *Engine) Verify(ctx context.Context, job store.Job) error {
	return e.step(ctx, job, "verify", func(ctx context.Context, in qlp.Intent) error {
		if in.State != qlp.StateVerifying || in.Run.Verdict != "" || job.Attempt != in.Run.Repairs+1 {
			return e.ensureNext(ctx, in)
		}
		tree, frozen, err := project(in)
		if err != nil {
			return e.conclude(ctx, in, nil, verification{failure: err.Error()})
		}
		if in.Run.Tree == tree.Digest() && len(in.Run.Checks) > 0 {
			// The repair wrote what was there before: the answers are there, too.
			// So they are where a review has stopped at a cap.
			return e.reviewAndConclude(ctx, in, tree, verification{again: true})
		}
		v, err := e.validateInTurn(ctx, in, tree, frozen)
		if err != nil {
			return err
		}
		return e.reviewAndConclude(ctx, in, tree, v)
	})
}

// validateInTurn validates when there is a place: a review, which waits for a model, takes none.
func (e *Engine) validateInTurn(ctx context.Context, in qlp.Intent, tree, frozen qlp.Tree) (verification, error) {
	release, err := slot(ctx, e.validating)
	if err != nil {
		return verification{}, err
	}
	defer release()
	return e.validate(ctx, in, tree, frozen)
}

func (e *Engine) reviewAndConclude(ctx context.Context, in qlp.Intent, tree qlp.Tree, v verification) error {
	v, err := e.review(ctx, in, tree, v)
	if err != nil {
		return err
	}
	return e.conclude(ctx, in, tree, v)
}

// verification is what a validation came to.
type verification struct {
	report   validator.Report
	evidence qlp.Digest
	again    bool   // nothing has changed since the last one
	read     bool   // a review has been added
	capped   string // the cap that ended it, or that allows no repair
	failure  string // why there was nothing to validate
}

func (e *Engine) validate(ctx context.Context, in qlp.Intent, tree, frozen qlp.Tree) (verification, error) {
	files, err := e.load(ctx, tree)
	if err != nil {
		return verification{}, err
	}
	st, err := e.Stack(in.Plan.Stack)
	if err != nil {
		return verification{}, err
	}
	left := e.timeLeft(in)
	if left <= 0 {
		return verification{capped: e.capText(in, 0)}, nil
	}
	seen, err := e.seenChecks(ctx, in)
	if err != nil {
		return verification{}, err
	}
	bounded, cancel := context.WithTimeoutCause(ctx, left, errCapped)
	defer cancel()
	subject := validator.Subject{Spec: *in.Spec, Plan: *in.Plan, Stack: st, Files: files, Frozen: frozen}
	report, err := e.Validator.Validate(bounded, subject, func(c qlp.Check) { e.tell(ctx, in, seen, c) })
	switch {
	case ctx.Err() != nil:
		return verification{}, context.Cause(ctx)
	case errors.Is(context.Cause(bounded), errCapped):
		return verification{capped: e.capText(in, left)}, nil
	case err != nil:
		return verification{}, fmt.Errorf("validate: %w", err)
	}
	v := verification{report: report, capped: ""}
	if in.Run.SandboxMS+report.SandboxMS >= int64(e.caps(in).SandboxSeconds)*1000 {
		v.capped = fmt.Sprintf("cap reached: %d sandbox seconds", e.caps(in).SandboxSeconds)
	}
	v.evidence, err = e.keepReport(ctx, report)
	return v, err
}

// keepReport stores the whole report, whose logs are blobs of their own.
func (e *Engine) keepReport(ctx context.Context, r validator.Report) (qlp.Digest, error) {
	for _, l := range r.Logs {
		if _, err := e.Blobs.Put(ctx, l.Content); err != nil {
			return "", fmt.Errorf("keep log: %w", err)
		}
	}
	b, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("encode report: %w", err)
	}
	digest, err := e.Blobs.Put(ctx, b)
	if err != nil {
		return "", fmt.Errorf("keep report: %w", err)
	}
	return digest, nil
}

// conclude writes a verification and what follows from it.
func (e *Engine) conclude(ctx context.Context, in qlp.Intent, tree qlp.Tree, v verification) error {
	caps := e.caps(in)
	return e.change(ctx, in.ID, func(tx store.Tx, in qlp.Intent) error {
		if in.State != qlp.StateVerifying || in.Run.Verdict != "" {
			return nil
		}
		if v.failure != "" {
			return e.apply(ctx, tx, in, endRun(in, qlp.VerdictFailed, v.failure))
		}
		if v.evidence == "" && !v.again { // a cap ended it before there was an answer
			return e.apply(ctx, tx, in, endRun(in, qlp.Unverified, v.capped))
		}
		if !v.again || v.read {
			run, err := e.record(ctx, tx, in, tree, v)
			if err != nil {
				return err
			}
			in.Run = &run
		}
		attempts, err := tx.Attempts(ctx, in.Run.ID, "")
		if err != nil {
			return err
		}
		if capped := e.wallReached(in); v.capped == "" {
			v.capped = capped
		}
		return e.apply(ctx, tx, in, judged(in, in.Run.Checks, attempts, caps, v.capped, e.generatorName(in.Settings) != Offline))
	})
}

// record writes what a validation found; the time that it took counts once.
func (e *Engine) record(ctx context.Context, tx store.Tx, in qlp.Intent, tree qlp.Tree, v verification) (qlp.Run, error) {
	run := *in.Run
	if err := tx.PutTree(ctx, tree); err != nil {
		return run, err
	}
	if err := tx.ReplaceChecks(ctx, run.ID, v.report.Checks, v.report.Executions); err != nil {
		return run, err
	}
	run.Tree, run.Evidence, run.Checks = tree.Digest(), v.evidence, v.report.Checks
	if !v.again {
		run.SandboxMS += v.report.SandboxMS
	}
	return run, tx.UpdateRun(ctx, run)
}

// seenChecks returns the checks that this verification has told of already, before its process was killed.
func (e *Engine) seenChecks(ctx context.Context, in qlp.Intent) (map[string]bool, error) {
	seen := map[string]bool{}
	err := e.Store.Read(ctx, func(r store.Reader) error {
		for after := int64(0); ; {
			events, err := r.Events(ctx, in.ID, after, 500)
			if err != nil || len(events) == 0 {
				return err
			}
			for _, ev := range events {
				after = ev.Seq
				var state qlp.StateChanged
				var check qlp.Check
				switch {
				case ev.Type == qlp.EventIntentState && json.Unmarshal(ev.Data, &state) == nil && state.To == string(qlp.StateVerifying):
					clear(seen)
				case ev.Type == qlp.EventCheckFinished && json.Unmarshal(ev.Data, &check) == nil:
					seen[check.Key()] = true
				}
			}
		}
	})
	return seen, err
}

// tell writes the event of a check while the validation goes on. One that cannot be written is told by the run's end.
func (e *Engine) tell(ctx context.Context, in qlp.Intent, seen map[string]bool, c qlp.Check) {
	if seen[c.Key()] {
		return
	}
	seen[c.Key()] = true
	err := e.change(ctx, in.ID, func(tx store.Tx, now qlp.Intent) error {
		if now.State != qlp.StateVerifying {
			return nil
		}
		_, err := tx.Append(ctx, e.event(in, qlp.EventCheckFinished, c))
		return err
	})
	if err != nil && ctx.Err() == nil {
		e.Log.Warn("Check not told", "room", "orchestrator", "intent_id", in.ID, "err", err)
	}
}

// timeLeft is how long the run may still use sandboxes: the least that its caps leave. A validation runs commands side by
// side, so their sum may pass the cap on sandbox seconds by what is under way; it is then the last one.
func (e *Engine) timeLeft(in qlp.Intent) time.Duration {
	caps := e.caps(in)
	wall := time.Duration(caps.WallSeconds)*time.Second - e.elapsed(in)
	sandbox := time.Duration(caps.SandboxSeconds)*time.Second - time.Duration(in.Run.SandboxMS)*time.Millisecond
	return min(wall, sandbox)
}

// elapsed is how long the run has been going on, without the time that it was paused.
func (e *Engine) elapsed(in qlp.Intent) time.Duration {
	return e.Clock().Sub(in.Run.StartedAt) - time.Duration(in.Run.PausedMS)*time.Millisecond
}

// wallReached says which cap on time the run has reached, or "".
func (e *Engine) wallReached(in qlp.Intent) string {
	if in.Run == nil {
		return ""
	}
	if caps := e.caps(in); e.elapsed(in) >= time.Duration(caps.WallSeconds)*time.Second {
		return fmt.Sprintf("cap reached: %d seconds", caps.WallSeconds)
	}
	return ""
}

func (e *Engine) capText(in qlp.Intent, had time.Duration) string {
	if text := e.wallReached(in); text != "" {
		return text
	}
	return fmt.Sprintf("cap reached: %d sandbox seconds (the last %s were not enough)", e.caps(in).SandboxSeconds, had.Round(time.Millisecond))
}

// endCapped ends a run that has reached a cap before its project was whole.
func (e *Engine) endCapped(ctx context.Context, in qlp.Intent, capped string) error {
	err := e.change(ctx, in.ID, func(tx store.Tx, in qlp.Intent) error {
		if in.State != qlp.StateRunning {
			return nil
		}
		return e.apply(ctx, tx, in, endRun(in, qlp.Unverified, capped))
	})
	e.running.cancel(in.ID)
	return err
}
