package orchestrator

import (
	"context"
	"fmt"

	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// Plan makes an intent's plan, and starts its first run unless a person wants to see the plan before.
func (e *Engine) Plan(ctx context.Context, job store.Job) error {
	return e.step(ctx, job, "plan", func(ctx context.Context, in qlp.Intent) error {
		if in.State != qlp.StateInterpreting && in.State != qlp.StatePlanned || in.Spec == nil {
			return e.ensureNext(ctx, in)
		}
		plan, err := e.plan(ctx, in)
		if err != nil && qlp.CodeOf(err) != qlp.Invalid {
			return fmt.Errorf("plan intent %s: %w", in.ID, err)
		}
		return e.change(ctx, in.ID, func(tx store.Tx, in qlp.Intent) error {
			if err != nil && in.State == qlp.StateInterpreting {
				return e.needInput(ctx, tx, in, qlp.NeedsInput{Outcome: string(interpreter.Refused), Reason: explained(err), Needs: interpreter.NeedsModel})
			}
			return e.planned(ctx, tx, in, plan)
		})
	})
}

func (e *Engine) plan(ctx context.Context, in qlp.Intent) (qlp.Plan, error) {
	st, err := e.stackFor(*in.Spec)
	if err != nil {
		return qlp.Plan{}, err
	}
	by, err := chosen(e.Planners, "planner", e.generatorName(in.Settings))
	if err != nil {
		return qlp.Plan{}, err
	}
	plan, err := by(ctx, PlanRequest{
		Spec: *in.Spec, Stack: st, Intent: in.ID, Caps: e.caps(in).Models, Provider: in.Settings.Provider, Progress: e.progress(in, "", 0),
	})
	return plan, asked(err)
}

// stackFor returns the stack that builds the Spec.
func (e *Engine) stackFor(spec qlp.Spec) (qlp.Stack, error) {
	if e.StackFor == nil {
		return e.Stack(spec.Stack)
	}
	return e.StackFor(spec.Kind, spec.Stack)
}

// knows refuses a stack that builds nothing: neither a service nor a program.
func (e *Engine) knows(name string) error {
	_, err := e.Stack(name)
	if err != nil && e.StackFor != nil {
		if _, other := e.StackFor(qlp.KindCLI, name); other == nil {
			return nil
		}
	}
	return err
}

func (e *Engine) planned(ctx context.Context, tx store.Tx, in qlp.Intent, plan qlp.Plan) error {
	if in.State == qlp.StateInterpreting {
		if err := tx.SetPlan(ctx, in.ID, plan); err != nil {
			return err
		}
		if _, err := tx.Append(ctx, e.event(in, qlp.EventPlanReady, plan)); err != nil {
			return err
		}
		if err := e.moveIntent(ctx, tx, in, qlp.StatePlanned, ""); err != nil {
			return err
		}
		in.State, in.Plan = qlp.StatePlanned, &plan
	}
	if in.State != qlp.StatePlanned {
		return nil
	}
	if in.Settings.Approve == qlp.ApprovePlan {
		return e.moveIntent(ctx, tx, in, qlp.StateAwaitingApproval, "")
	}
	return e.startRun(ctx, tx, in, newRun(in, 1))
}

// newRun returns a run of the intent's plan with nothing done.
func newRun(in qlp.Intent, number int) qlp.Run {
	run := qlp.Run{IntentID: in.ID, Number: number}
	for _, t := range in.Plan.Tasks {
		run.Tasks = append(run.Tasks, qlp.TaskRun{TaskID: t.ID, State: qlp.TaskPending})
	}
	return run
}

// startRun writes a new run and lets its first tasks go.
func (e *Engine) startRun(ctx context.Context, tx store.Tx, in qlp.Intent, run qlp.Run) error {
	run.ID, run.StartedAt = e.NewID(), e.Clock()
	if err := tx.InsertRun(ctx, run); err != nil {
		return err
	}
	in.Run = &run
	if _, err := tx.Append(ctx, e.event(in, qlp.EventRunStarted, nil)); err != nil {
		return err
	}
	if err := e.moveIntent(ctx, tx, in, qlp.StateRunning, ""); err != nil {
		return err
	}
	in.State = qlp.StateRunning
	return e.apply(ctx, tx, in, advance(in))
}
