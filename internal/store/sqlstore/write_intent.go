package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlstore/query"
)

type transaction struct {
	reader
	tx       *sql.Tx
	conn     *sql.Conn
	appended map[string]bool // intents with new events: whoever follows them is woken after the commit
	enqueued bool            // jobs: the workers are woken after the commit
	put      []qlp.Embedding
}

var _ store.Tx = (*transaction)(nil)

// one answers for a statement that had to change one row.
func (t *transaction) one(ctx context.Context, changed int64, err error, what, noun, id string) error {
	if err != nil {
		return t.store.fault(ctx, what, err)
	}
	if changed == 0 {
		return fmt.Errorf("%s: %w", what, qlp.Errorf(qlp.NotFound, "there is no %s %.80q", noun, id))
	}
	return nil
}

// Intent returns the intent, and keeps other transactions from deciding about it up to the end of this one.
func (t *transaction) Intent(ctx context.Context, id string) (qlp.Intent, error) {
	if lock := t.store.cfg.LockIntent; lock != "" {
		if _, err := t.tx.ExecContext(ctx, lock, id); err != nil {
			return qlp.Intent{}, t.store.fault(ctx, "lock intent "+id, err)
		}
	}
	return t.reader.Intent(ctx, id)
}

// InsertIntent adds an intent in state received.
func (t *transaction) InsertIntent(ctx context.Context, in qlp.Intent, key string, request qlp.Digest) error {
	if in.ID == "" {
		return qlp.Errorf(qlp.Invalid, "an intent needs an id")
	}
	settings, err := encode(in.Settings)
	if err != nil {
		return err
	}
	p := query.InsertIntentParams{
		ID: in.ID, Words: in.Words, Settings: settings, State: string(qlp.StateReceived), Reason: in.Reason, Needs: in.Needs,
		Revision: int64(max(in.Revision, 1)), Parent: optional(in.Parent), IdempotencyKey: optional(key), Request: string(request),
		CreatedAt: micro(in.Created), UpdatedAt: micro(in.Updated), Tenant: cmp.Or(in.Tenant, qlp.DefaultTenant),
	}
	if in.Created.IsZero() {
		p.CreatedAt = t.store.now()
	}
	if in.Updated.IsZero() {
		p.UpdatedAt = p.CreatedAt
	}
	if in.Spec != nil {
		if p.Spec.String, err = encode(in.Spec); err != nil {
			return err
		}
		p.Spec.Valid = true
	}
	if in.Plan != nil {
		if p.Plan.String, err = encode(in.Plan); err != nil {
			return err
		}
		p.Plan.Valid = true
	}
	return t.store.fault(ctx, "insert intent "+in.ID, t.q.InsertIntent(ctx, p))
}

// MoveIntent changes the intent's state.
func (t *transaction) MoveIntent(ctx context.Context, id string, from, to qlp.State, reason string) error {
	what := "move intent " + id
	if err := from.Move(to); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	changed, err := t.q.MoveIntent(ctx, query.MoveIntentParams{
		ID: id, Previous: string(from), Next: string(to), Reason: reason, UpdatedAt: t.store.now(),
	})
	if err != nil || changed == 1 {
		return t.store.fault(ctx, what, err)
	}
	state, err := t.q.GetIntentState(ctx, id)
	if err != nil {
		return t.missing(ctx, err, "intent", id)
	}
	return fmt.Errorf("%s: %w", what, qlp.Errorf(qlp.Conflict, "the intent is %s, not %s", state, from))
}

// SetSpec stores the intent's spec.
func (t *transaction) SetSpec(ctx context.Context, id string, spec qlp.Spec) error {
	text, err := encode(spec)
	if err != nil {
		return err
	}
	n, err := t.q.SetSpec(ctx, optional(text), t.store.now(), id)
	return t.one(ctx, n, err, "set spec of intent "+id, "intent", id)
}

// SetPlan stores the intent's plan.
func (t *transaction) SetPlan(ctx context.Context, id string, plan qlp.Plan) error {
	text, err := encode(plan)
	if err != nil {
		return err
	}
	n, err := t.q.SetPlan(ctx, optional(text), t.store.now(), id)
	return t.one(ctx, n, err, "set plan of intent "+id, "intent", id)
}

// SetNeeds stores what a refused intent needs.
func (t *transaction) SetNeeds(ctx context.Context, id, needs string) error {
	n, err := t.q.SetNeeds(ctx, needs, t.store.now(), id)
	return t.one(ctx, n, err, "set needs of intent "+id, "intent", id)
}

// SetSettings stores the intent's settings.
func (t *transaction) SetSettings(ctx context.Context, id string, settings qlp.Settings) error {
	text, err := encode(settings)
	if err != nil {
		return err
	}
	n, err := t.q.SetSettings(ctx, text, t.store.now(), id)
	return t.one(ctx, n, err, "set settings of intent "+id, "intent", id)
}

// SetPause stores the intent's latest pause.
func (t *transaction) SetPause(ctx context.Context, id string, pause qlp.Pause) error {
	text, err := encode(pause)
	if err != nil {
		return err
	}
	n, err := t.q.SetPause(ctx, optional(text), t.store.now(), id)
	return t.one(ctx, n, err, "set pause of intent "+id, "intent", id)
}

// Append writes events, each with the next number of its intent.
func (t *transaction) Append(ctx context.Context, events ...qlp.Event) ([]qlp.Event, error) {
	at := t.store.now()
	count := make(map[string]int64, 1)
	for _, ev := range events {
		count[ev.IntentID]++
	}
	next := make(map[string]int64, 1)
	out := make([]qlp.Event, len(events))
	for i, ev := range events {
		if _, taken := next[ev.IntentID]; !taken {
			// One statement takes the numbers of all the intent's events; its row stays locked up to the end of the
			// transaction, so that numbers become visible in their order and a rollback leaves no hole.
			last, err := t.q.TakeSequence(ctx, count[ev.IntentID], ev.IntentID)
			if errors.Is(err, sql.ErrNoRows) {
				return nil, qlp.Errorf(qlp.NotFound, "there is no intent %.80q", ev.IntentID)
			}
			if err != nil {
				return nil, t.store.fault(ctx, "number events of "+ev.IntentID, err)
			}
			next[ev.IntentID] = last - count[ev.IntentID] + 1
		}
		ev.Seq, ev.Time = next[ev.IntentID], at
		next[ev.IntentID]++
		err := t.q.InsertEvent(ctx, query.InsertEventParams{
			IntentID: ev.IntentID, Seq: ev.Seq, Type: string(ev.Type), At: at,
			RunID: ev.RunID, TaskID: ev.TaskID, Attempt: int64(ev.Attempt), Data: string(ev.Data),
		})
		if err != nil {
			return nil, t.store.fault(ctx, fmt.Sprintf("append event %s of %s", ev.Type, ev.IntentID), err)
		}
		out[i] = ev
		if t.appended == nil {
			t.appended = make(map[string]bool, 1)
		}
		t.appended[ev.IntentID] = true
	}
	return out, nil
}

// PutEmbedding makes the intent findable.
func (t *transaction) PutEmbedding(ctx context.Context, e qlp.Embedding) error {
	if t.store.cfg.Index == nil {
		return nil
	}
	if err := t.store.cfg.Index.Put(ctx, t.tx, e); err != nil {
		return t.store.fault(ctx, "put embedding of "+e.IntentID, err)
	}
	t.put = append(t.put, e)
	return nil
}

// Enqueue adds a queue job.
func (t *transaction) Enqueue(ctx context.Context, job store.Job) error {
	t.enqueued = true
	return t.store.fault(ctx, fmt.Sprintf("enqueue %s job", job.Kind), t.store.cfg.Queue.Insert(ctx, t.conn, t.tx, job))
}

// CancelJobs removes the intent's jobs that no worker has begun.
func (t *transaction) CancelJobs(ctx context.Context, intentID string) error {
	return t.store.fault(ctx, "cancel jobs of "+intentID, t.store.cfg.Queue.Remove(ctx, t.tx, intentID))
}
