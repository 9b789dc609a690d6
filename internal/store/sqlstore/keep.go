package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlstore/query"
)

// These bound what is read, and what is locked, at a time.
const (
	scanned = 500
	dropped = 100
)

// Digests calls fn with every digest that a row speaks of.
func (s *Store) Digests(ctx context.Context, fn func(d qlp.Digest, kept bool)) error {
	return s.Read(ctx, func(r store.Reader) error {
		q := r.(*reader).q //nolint:forcetypeassert // this store's own
		for _, scan := range []func(context.Context, *query.Queries, func(qlp.Digest, bool)) error{
			scanTrees, scanRuns, scanExecutions, scanChecks, scanCalls, scanEvents,
		} {
			if err := scan(ctx, q, fn); err != nil {
				return s.fault(ctx, "read which digests are referred to", err)
			}
		}
		return nil
	})
}

// pages calls next for page after page, until one is not full.
func pages[T any](next func() ([]T, error), each func(T)) error {
	for {
		rows, err := next()
		if err != nil {
			return err
		}
		for _, row := range rows {
			each(row)
		}
		if len(rows) < scanned {
			return nil
		}
	}
}

func tell(fn func(qlp.Digest, bool), kept bool, texts ...string) {
	for _, text := range texts {
		for d := range qlp.Digests(text) {
			fn(d, kept)
		}
	}
}

func scanTrees(ctx context.Context, q *query.Queries, fn func(qlp.Digest, bool)) error {
	after := ""
	return pages(func() ([]query.Tree, error) { return q.ScanTrees(ctx, after, scanned) }, func(t query.Tree) {
		after = t.Digest
		tell(fn, true, t.Entries)
	})
}

func scanRuns(ctx context.Context, q *query.Queries, fn func(qlp.Digest, bool)) error {
	after := ""
	return pages(func() ([]query.ScanRunsRow, error) { return q.ScanRuns(ctx, after, scanned) }, func(r query.ScanRunsRow) {
		after = r.ID
		tell(fn, true, r.Evidence, r.CapsuleDigest)
		tell(fn, false, r.Tree)
	})
}

func scanExecutions(ctx context.Context, q *query.Queries, fn func(qlp.Digest, bool)) error {
	run, position := "", int64(0)
	return pages(func() ([]query.ScanExecutionsRow, error) { return q.ScanExecutions(ctx, run, position, scanned) }, func(x query.ScanExecutionsRow) {
		run, position = x.RunID, x.Position
		tell(fn, true, x.Body)
	})
}

func scanChecks(ctx context.Context, q *query.Queries, fn func(qlp.Digest, bool)) error {
	run, position := "", int64(0)
	return pages(func() ([]query.ScanChecksRow, error) { return q.ScanChecks(ctx, run, position, scanned) }, func(c query.ScanChecksRow) {
		run, position = c.RunID, c.Position
		tell(fn, false, c.Body)
	})
}

func scanCalls(ctx context.Context, q *query.Queries, fn func(qlp.Digest, bool)) error {
	after := ""
	return pages(func() ([]query.ScanCallsRow, error) { return q.ScanCalls(ctx, after, scanned) }, func(c query.ScanCallsRow) {
		after = c.ID
		tell(fn, true, c.Answer)
		tell(fn, false, c.Request)
	})
}

func scanEvents(ctx context.Context, q *query.Queries, fn func(qlp.Digest, bool)) error {
	intent, seq := "", int64(0)
	return pages(func() ([]query.ScanEventsRow, error) { return q.ScanEvents(ctx, intent, seq, scanned) }, func(e query.ScanEventsRow) {
		intent, seq = e.IntentID, e.Seq
		tell(fn, false, e.Data)
	})
}

// keep runs fn in a transaction, with its queries.
func (s *Store) keep(ctx context.Context, fn func(t *transaction) error) error {
	return s.Tx(ctx, func(tx store.Tx) error { return fn(tx.(*transaction)) }) //nolint:forcetypeassert // this store's own
}

// DropTrees deletes the trees that nothing refers to.
func (s *Store) DropTrees(ctx context.Context) (int, error) {
	n, after := 0, ""
	for {
		var idle []string
		err := s.Read(ctx, func(r store.Reader) (err error) {
			idle, err = r.(*reader).q.ListIdleTrees(ctx, after, dropped) //nolint:forcetypeassert // this store's own
			return err
		})
		if err != nil {
			return n, s.fault(ctx, "find trees that nothing refers to", err)
		}
		if len(idle) == 0 {
			return n, nil
		}
		after = idle[len(idle)-1]
		gone := 0
		err = s.keep(ctx, func(t *transaction) error {
			gone = 0
			if lock := s.cfg.LockTrees; lock != "" {
				if _, err := t.tx.ExecContext(ctx, lock); err != nil {
					return s.fault(ctx, "wait for those who put trees", err)
				}
			}
			for _, digest := range idle {
				deleted, err := t.q.DeleteIdleTree(ctx, digest)
				if err != nil {
					return s.fault(ctx, "delete tree "+digest, err)
				}
				gone += int(deleted)
			}
			return nil
		})
		if err != nil {
			return n, err
		}
		n += gone
	}
}

// Expired returns runs that may be cleared.
func (s *Store) Expired(ctx context.Context, before time.Time, after string, limit int) (out []store.ExpiredRun, err error) {
	err = s.Read(ctx, func(r store.Reader) error {
		rows, err := r.(*reader).q.ListExpired(ctx, after, micro(before), int32(max(limit, 1))) //nolint:forcetypeassert,gosec // this store's own; a page
		for _, row := range rows {
			out = append(out, store.ExpiredRun{ID: row.ID, IntentID: row.IntentID})
		}
		return s.fault(ctx, "list expired runs", err)
	})
	return out, err
}

// Expire clears a run whose time has come.
func (s *Store) Expire(ctx context.Context, run store.ExpiredRun, before time.Time) (cleared bool, err error) {
	err = s.keep(ctx, func(t *transaction) error {
		cleared = false
		in, err := t.Intent(ctx, run.IntentID) // and its row stays as it is up to the end
		if err != nil || !in.State.Over() || !in.Updated.Before(before) {
			return err
		}
		was, err := t.Run(ctx, run.ID)
		if err != nil || was.IntentID != in.ID || was.Capsule != nil {
			return err
		}
		executions, err := t.Executions(ctx, run.ID)
		if err != nil {
			return err
		}
		data, err := encode(qlp.RunExpired{Executions: len(executions)})
		if err != nil {
			return err
		}
		for _, remove := range []func(context.Context, string) error{t.q.ClearRun, t.q.ClearTasks, t.q.ClearAttempts, t.q.DeleteExecutions} {
			if err := remove(ctx, run.ID); err != nil {
				return s.fault(ctx, "clear run "+run.ID, err)
			}
		}
		cleared = true
		_, err = t.Append(ctx, qlp.Event{IntentID: in.ID, RunID: run.ID, Type: qlp.EventRunExpired, Data: []byte(data)})
		return err
	})
	if qlp.CodeOf(err) == qlp.NotFound { // erased meanwhile
		return false, nil
	}
	return cleared && err == nil, err
}

// Owned counts what a tenant owns.
func (s *Store) Owned(ctx context.Context, tenant string) (out store.Owned, err error) {
	err = s.Read(ctx, func(r store.Reader) (err error) {
		out, err = owned(ctx, r.(*reader).q, tenant) //nolint:forcetypeassert // this store's own
		return s.fault(ctx, "count what the tenant owns", err)
	})
	return out, err
}

func owned(ctx context.Context, q *query.Queries, tenant string) (store.Owned, error) {
	row, err := q.CountOwned(ctx, tenant)
	if err != nil {
		return store.Owned{}, err
	}
	calls, err := q.CountCallsUnderWay(ctx, tenant)
	return store.Owned{Intents: int(row.Intents), Active: int(row.Active), Calls: int(calls)}, err
}

// Scopes returns what the tenant's intents, runs and tasks have spent.
func (s *Store) Scopes(ctx context.Context, tenant string) (map[string]qlp.Spending, error) {
	out := map[string]qlp.Spending{}
	err := s.Read(ctx, func(r store.Reader) error {
		rows, err := r.(*reader).q.ListScopes(ctx, tenant) //nolint:forcetypeassert // this store's own
		for _, row := range rows {
			out[row.Scope] = spendingOf(row)
		}
		return s.fault(ctx, "list what the tenant has spent", err)
	})
	return out, err
}

// Erase removes every row of the tenant's.
func (s *Store) Erase(ctx context.Context, tenant string) (intents int, err error) {
	err = s.keep(ctx, func(t *transaction) error {
		if lock := s.cfg.LockTenant; lock != "" { // nobody may move an intent of the tenant's on meanwhile
			if _, err := t.tx.ExecContext(ctx, lock, tenant); err != nil {
				return s.fault(ctx, "lock the tenant's intents", err)
			}
		}
		has, err := owned(ctx, t.q, tenant)
		if err != nil {
			return s.fault(ctx, "count what the tenant owns", err)
		}
		running, err := s.cfg.Queue.Forget(ctx, t.tx, tenant)
		if err != nil {
			return s.fault(ctx, "delete the tenant's queue jobs", err)
		}
		if has.Active > 0 || has.Calls > 0 || running > 0 {
			return qlp.Errorf(qlp.Conflict, "the tenant has %d active intents, %d model calls under way and %d running jobs", has.Active, has.Calls, running).
				WithRemedy("wait for their end, or cancel them")
		}
		intents, err = s.eraseRows(ctx, t.q, tenant)
		return s.fault(ctx, "erase the tenant's rows", err)
	})
	return intents, err
}

func (s *Store) eraseRows(ctx context.Context, q *query.Queries, tenant string) (int, error) {
	scopes, err := q.ListScopes(ctx, tenant)
	if err != nil {
		return 0, err
	}
	for _, scope := range scopes {
		err = errors.Join(err, q.EraseScope(ctx, scope.Scope))
	}
	if err != nil {
		return 0, err
	}
	for _, erase := range []func(context.Context, string) error{ // who refers comes before what is referred to
		q.EraseCalls, q.EraseExecutions, q.EraseChecks, q.EraseAttempts, q.EraseTasks, q.EraseRuns, q.EraseEvents, q.ForgetParents,
	} {
		if err := erase(ctx, tenant); err != nil {
			return 0, err
		}
	}
	n, err := q.EraseIntents(ctx, tenant) // embeddings follow by themselves
	if err != nil {
		return 0, fmt.Errorf("intents: %w", err)
	}
	return int(n), nil
}
