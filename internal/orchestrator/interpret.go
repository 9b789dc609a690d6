package orchestrator

import (
	"context"
	"fmt"

	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// Interpret turns an intent's words into its Spec, or into questions or a refusal.
func (e *Engine) Interpret(ctx context.Context, job store.Job) error {
	return e.step(ctx, job, "interpret", func(ctx context.Context, in qlp.Intent) error {
		switch {
		case in.State != qlp.StateReceived && in.State != qlp.StateInterpreting:
			return e.ensureNext(ctx, in)
		case in.State == qlp.StateInterpreting && in.Spec != nil && !in.Settings.GivenSpec:
			return e.ensureNext(ctx, in)
		}
		result := interpreter.Result{Outcome: interpreter.Understood, Spec: in.Spec}
		if !in.Settings.GivenSpec {
			var err error
			if result, err = e.interpret(ctx, in); err != nil {
				return fmt.Errorf("interpret intent %s: %w", in.ID, err)
			}
		}
		similar := e.offer(ctx, in)
		return e.change(ctx, in.ID, func(tx store.Tx, in qlp.Intent) error { return e.interpreted(ctx, tx, in, result, similar) })
	})
}

func (e *Engine) interpret(ctx context.Context, in qlp.Intent) (interpreter.Result, error) {
	by, err := chosen(e.Interpreters, "interpreter", e.generatorName(in.Settings))
	if err != nil {
		return interpreter.Result{}, err
	}
	result, err := by.Interpret(ctx, in.Words, interpreter.Options{
		Stack: in.Settings.Stack, DefaultStack: e.cfg.DefaultStack,
		Intent: in.ID, Caps: e.caps(in).Models, Provider: in.Settings.Provider, Progress: e.progress(in, "", 0),
	})
	if qlp.CodeOf(err) == qlp.Invalid {
		return interpreter.Result{Outcome: interpreter.Refused, Reason: err.Error() + ": " + qlp.RemedyOf(err)}, nil
	}
	return result, asked(err)
}

func (e *Engine) interpreted(ctx context.Context, tx store.Tx, in qlp.Intent, result interpreter.Result, similar *qlp.SimilarFound) error {
	if in.State == qlp.StateReceived {
		if err := e.moveIntent(ctx, tx, in, qlp.StateInterpreting, ""); err != nil {
			return err
		}
		in.State = qlp.StateInterpreting
	}
	if in.State != qlp.StateInterpreting {
		return nil
	}
	if similar != nil {
		if _, err := tx.Append(ctx, e.event(in, qlp.EventSimilarFound, similar)); err != nil {
			return err
		}
	}
	if result.Outcome != interpreter.Understood {
		return e.needInput(ctx, tx, in, qlp.NeedsInput{
			Outcome: string(result.Outcome), Questions: result.Questions, Reason: result.Reason, Needs: result.Needs,
		})
	}
	compared, err := origin(ctx, tx, in, *result.Spec)
	if err != nil {
		return err
	}
	if compared != nil {
		if _, err := tx.Append(ctx, e.event(in, qlp.EventOriginCompared, compared)); err != nil {
			return err
		}
	}
	if err := tx.SetSpec(ctx, in.ID, *result.Spec); err != nil {
		return err
	}
	if _, err := tx.Append(ctx, e.event(in, qlp.EventSpecReady, result.Spec)); err != nil {
		return err
	}
	return tx.Enqueue(ctx, store.Job{Kind: store.JobPlan, IntentID: in.ID, Pause: pauses(in)})
}

// needInput ends an intent's way until its words change.
func (e *Engine) needInput(ctx context.Context, tx store.Tx, in qlp.Intent, needs qlp.NeedsInput) error {
	if needs.Needs != "" {
		if err := tx.SetNeeds(ctx, in.ID, needs.Needs); err != nil {
			return err
		}
	}
	if _, err := tx.Append(ctx, e.event(in, qlp.EventNeedsInput, needs)); err != nil {
		return err
	}
	reason := needs.Reason
	if reason == "" && len(needs.Questions) > 0 {
		reason = needs.Questions[0].Text
	}
	return e.moveIntent(ctx, tx, in, qlp.StateNeedsInput, reason)
}
