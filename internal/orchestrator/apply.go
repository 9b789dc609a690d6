package orchestrator

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// apply writes a decision: the moves, their events, the run's own row, the attempts that end with it, and the jobs. in is
// the state that the decision was made from, read in the same transaction.
func (e *Engine) apply(ctx context.Context, tx store.Tx, in qlp.Intent, d decision) error {
	for _, m := range d.tasks {
		if err := e.moveTask(ctx, tx, in.Run, m); err != nil {
			return err
		}
	}
	if in.Run != nil && (d.repair || d.verdict != "") {
		run := *in.Run
		if d.repair {
			run.Repairs++
		}
		if d.verdict != "" {
			now := e.Clock()
			run.Verdict, run.Reason, run.EndedAt = d.verdict, d.reason, &now
		}
		if err := tx.UpdateRun(ctx, run); err != nil {
			return err
		}
		in.Run = &run
	}
	if d.repair {
		event := e.event(in, qlp.EventRepairPlanned, qlp.StateChanged{Reason: d.reason})
		event.TaskID = d.tasks[0].id
		if _, err := tx.Append(ctx, event); err != nil {
			return err
		}
	}
	if err := e.tellStuck(ctx, tx, in, d); err != nil {
		return err
	}
	if d.intent != "" {
		if err := e.moveIntent(ctx, tx, in, d.intent, d.reason); err != nil {
			return err
		}
	}
	for _, j := range d.jobs {
		if err := tx.Enqueue(ctx, j); err != nil {
			return err
		}
	}
	return nil
}

// tellStuck names the ways in which the repairs go in circles.
func (e *Engine) tellStuck(ctx context.Context, tx store.Tx, in qlp.Intent, d decision) error {
	for _, s := range d.stuck {
		event := e.event(in, qlp.EventRepairStuck, s)
		if d.repair {
			event.TaskID = d.tasks[0].id
		}
		if _, err := tx.Append(ctx, event); err != nil {
			return err
		}
	}
	return nil
}

// moveIntent changes the state and tells of it; the end of the way has an event of its own.
func (e *Engine) moveIntent(ctx context.Context, tx store.Tx, in qlp.Intent, to qlp.State, reason string) error {
	if err := tx.MoveIntent(ctx, in.ID, in.State, to, reason); err != nil {
		return err
	}
	events := []qlp.Event{e.event(in, qlp.EventIntentState, qlp.StateChanged{From: string(in.State), To: string(to), Reason: reason})}
	if to.Over() {
		end := qlp.RunFinished{State: to, Reason: reason}
		if in.Run != nil {
			end.Verdict, end.Capsule, end.Checks = in.Run.Verdict, in.Run.Capsule, in.Run.Checks
		}
		if e.Spending != nil {
			spent, err := e.Spending(ctx, tx, in)
			if err != nil {
				return fmt.Errorf("read spending of intent %s: %w", in.ID, err)
			}
			end.Spending = spent
		}
		events = append(events, e.event(in, qlp.EventRunFinished, end))
	}
	_, err := tx.Append(ctx, events...)
	return err
}

// moveTask changes a task's state and tells of it. An attempt that is under way ends with its task.
func (e *Engine) moveTask(ctx context.Context, tx store.Tx, run *qlp.Run, m taskMove) error {
	if m.from == qlp.TaskRunning && m.to == qlp.TaskCanceled {
		attempts, err := tx.Attempts(ctx, run.ID, m.id)
		if err != nil {
			return err
		}
		for _, a := range attempts {
			if a.State == qlp.AttemptRunning {
				if err := e.endAttempt(ctx, tx, run.IntentID, a, qlp.AttemptCanceled, "the run ended"); err != nil {
					return err
				}
			}
		}
	}
	if err := tx.MoveTask(ctx, run.ID, m.id, m.from, m.to, m.reason); err != nil {
		return err
	}
	event := e.event(qlp.Intent{ID: run.IntentID, Run: run}, qlp.EventTaskState, qlp.StateChanged{From: string(m.from), To: string(m.to), Reason: m.reason})
	event.TaskID = m.id
	_, err := tx.Append(ctx, event)
	return err
}

func (e *Engine) endAttempt(ctx context.Context, tx store.Tx, intentID string, a qlp.Attempt, state qlp.AttemptState, reason string) error {
	now := e.Clock()
	a.State, a.Reason, a.EndedAt = state, reason, &now
	if err := tx.EndAttempt(ctx, a); err != nil {
		return err
	}
	event := e.event(qlp.Intent{ID: intentID}, qlp.EventAttemptFinished, qlp.AttemptFinished{State: state, Reason: reason, Files: len(a.Tree)})
	event.RunID, event.TaskID, event.Attempt = a.RunID, a.TaskID, a.Number
	_, err := tx.Append(ctx, event)
	return err
}

// event makes an event of the intent, and of its run if it has one. data is one of the centre's own types.
func (e *Engine) event(in qlp.Intent, typ qlp.EventType, data any) qlp.Event {
	event := qlp.Event{IntentID: in.ID, Type: typ}
	if in.Run != nil {
		event.RunID = in.Run.ID
	}
	if data != nil {
		b, err := json.Marshal(data)
		if err != nil { // our own types always marshal
			panic(fmt.Sprintf("marshal %T: %v", data, err))
		}
		event.Data = b
	}
	return event
}
