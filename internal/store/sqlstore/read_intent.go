package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlstore/query"
)

// MaxPage is the most that one page of intents holds.
const MaxPage = 200

// MaxEvents is the most events that are read at once, whatever limit is asked for.
const MaxEvents = 10_000

type reader struct {
	store *Store
	q     *query.Queries
}

// missing answers for a row that is not there, and for every other error of a query.
func (r *reader) missing(ctx context.Context, err error, noun, id string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return qlp.Errorf(qlp.NotFound, "there is no %s %.80q", noun, id)
	}
	return r.store.fault(ctx, fmt.Sprintf("read %s %.80q", noun, id), err)
}

// Intent returns the intent with its latest run.
func (r *reader) Intent(ctx context.Context, id string) (qlp.Intent, error) {
	row, err := r.q.GetIntent(ctx, id)
	if err != nil {
		return qlp.Intent{}, r.missing(ctx, err, "intent", id)
	}
	in, err := intentOf(row)
	if err != nil {
		return qlp.Intent{}, fmt.Errorf("read intent %s: %w", id, err)
	}
	runID, err := r.q.GetLatestRunID(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return in, nil
	}
	if err != nil {
		return qlp.Intent{}, r.store.fault(ctx, "read latest run of "+id, err)
	}
	run, err := r.Run(ctx, runID)
	if err != nil {
		return qlp.Intent{}, err
	}
	in.Run = &run
	return in, nil
}

// State returns where the intent stands.
func (r *reader) State(ctx context.Context, id string) (qlp.State, error) {
	state, err := r.q.GetIntentState(ctx, id)
	if err != nil {
		return "", r.missing(ctx, err, "intent", id)
	}
	return qlp.State(state), nil
}

// Owner returns the tenant of an intent or a run.
func (r *reader) Owner(ctx context.Context, id string) (string, error) {
	tenant, err := r.q.GetOwner(ctx, id)
	if err != nil {
		return "", r.missing(ctx, err, "intent or run", id)
	}
	return tenant, nil
}

// Intents returns a page, newest first.
func (r *reader) Intents(ctx context.Context, f store.IntentFilter) ([]qlp.Intent, error) {
	if f.Limit < 1 || f.Limit > MaxPage {
		return nil, qlp.Errorf(qlp.Invalid, "a page holds 1 to %d intents, not %d", MaxPage, f.Limit)
	}
	before := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	if f.After != "" {
		created, err := r.q.GetIntentCreated(ctx, f.After)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, qlp.Errorf(qlp.Invalid, "the page after %.80q cannot be found: there is no such intent", f.After)
		}
		if err != nil {
			return nil, r.missing(ctx, err, "intent", f.After)
		}
		before = created.UTC()
	}
	rows, err := r.page(ctx, f, before)
	if err != nil {
		return nil, r.store.fault(ctx, "list intents", err)
	}
	out := make([]qlp.Intent, len(rows))
	for i, row := range rows {
		out[i], err = intentOf(query.GetIntentRow{
			ID: row.ID, Words: row.Words, Settings: row.Settings, State: row.State, Reason: row.Reason, Needs: row.Needs,
			Revision: row.Revision, Parent: row.Parent, CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt, Tenant: row.Tenant,
		})
		if err != nil {
			return nil, fmt.Errorf("read intent %s: %w", row.ID, err)
		}
	}
	return out, nil
}

func (r *reader) page(ctx context.Context, f store.IntentFilter, before time.Time) ([]query.ListIntentsRow, error) {
	most := int32(f.Limit) //nolint:gosec // at most MaxPage
	tenant := cmp.Or(f.Tenant, qlp.DefaultTenant)
	if f.State == "" {
		return r.q.ListIntents(ctx, query.ListIntentsParams{Tenant: tenant, Before: before, BeforeID: f.After, Most: most})
	}
	rows, err := r.q.ListIntentsInState(ctx, query.ListIntentsInStateParams{
		Tenant: tenant, State: string(f.State), Before: before, BeforeID: f.After, Most: most,
	})
	out := make([]query.ListIntentsRow, len(rows))
	for i, row := range rows {
		out[i] = query.ListIntentsRow(row)
	}
	return out, err
}

// IntentByKey finds the intent of an idempotency key.
func (r *reader) IntentByKey(ctx context.Context, key string) (string, qlp.Digest, error) {
	row, err := r.q.GetIntentByKey(ctx, optional(key))
	if err != nil {
		return "", "", r.missing(ctx, err, "intent with the idempotency key", key)
	}
	return row.ID, qlp.Digest(row.Request), nil
}

// Events returns the intent's events after a sequence number, in order.
func (r *reader) Events(ctx context.Context, intentID string, after int64, limit int) ([]qlp.Event, error) {
	most := int32(min(max(limit, 0), MaxEvents))
	rows, err := r.q.ListEvents(ctx, intentID, after, most)
	if err != nil {
		return nil, r.store.fault(ctx, "read events of "+intentID, err)
	}
	if len(rows) == 0 {
		_, err := r.q.GetIntentState(ctx, intentID)
		return nil, r.missing(ctx, err, "intent", intentID)
	}
	out := make([]qlp.Event, len(rows))
	for i, row := range rows {
		out[i] = eventOf(row)
	}
	return out, nil
}

// Unfinished returns the intents that are active and do not wait for a person, oldest first.
func (r *reader) Unfinished(ctx context.Context) ([]string, error) {
	ids, err := r.q.ListUnfinished(ctx)
	return ids, r.store.fault(ctx, "list unfinished intents", err)
}

// Tree returns the files of a tree.
func (r *reader) Tree(ctx context.Context, digest qlp.Digest) (qlp.Tree, error) {
	text, err := r.q.GetTree(ctx, string(digest))
	if err != nil {
		return nil, r.missing(ctx, err, "tree", string(digest))
	}
	var tree qlp.Tree
	return tree, decode("tree", text, &tree)
}
