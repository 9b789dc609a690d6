package chaos

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	_ "modernc.org/sqlite" // the driver of one database
)

// openSQLite opens a database file to look at it.
func openSQLite(path string) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(5000)")
}

// ReadFacts reads everything in one transaction.
func ReadFacts(ctx context.Context, db *sql.DB) (f Facts, err error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelDefault})
	if err != nil {
		return f, fmt.Errorf("read facts: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	r := reader{ctx, tx, nil}
	f.Intents = rows(&r, `SELECT id, COALESCE(idempotency_key, ''), state, reason, last_seq, created_at FROM intents ORDER BY created_at, id`,
		func(i *Intent) []any { return []any{&i.ID, &i.Key, &i.State, &i.Reason, &i.LastSeq, &i.Created} })
	f.Runs = rows(&r, `SELECT id, intent_id, number, verdict, repairs, evidence, tree, capsule_digest, capsule_size, ended_at IS NOT NULL FROM runs ORDER BY intent_id, number`,
		func(x *Run) []any {
			return []any{&x.ID, &x.IntentID, &x.Number, &x.Verdict, &x.Repairs, &x.Evidence, &x.Tree, &x.Capsule, &x.CapsuleSize, &x.Ended}
		})
	f.Tasks = rows(&r, `SELECT run_id, task_id, state, attempts FROM run_tasks ORDER BY run_id, position`,
		func(t *Task) []any { return []any{&t.RunID, &t.ID, &t.State, &t.Attempts} })
	f.Attempts = rows(&r, `SELECT run_id, task_id, number, state, ended_at IS NOT NULL FROM attempts ORDER BY run_id, task_id, number`,
		func(a *Attempt) []any { return []any{&a.RunID, &a.TaskID, &a.Number, &a.State, &a.Ended} })
	f.Calls = rows(&r, `SELECT id, intent_id, run_id, task_id, attempt, day, role, request, state, priced <> 0, micros, tokens, ms FROM calls ORDER BY started_at, id`,
		func(c *Call) []any {
			return []any{&c.ID, &c.IntentID, &c.RunID, &c.TaskID, &c.Attempt, &c.Day, &c.Role, &c.Request, &c.State, &c.Priced, &c.Micros, &c.Tokens, &c.MS}
		})
	f.Spending = rows(&r, `SELECT scope, micros, unpriced, tokens, calls, ms, reserved_micros, reserved_tokens, reserved_calls, reserved_ms FROM spending ORDER BY scope`,
		func(s *Spending) []any {
			return []any{&s.Scope, &s.Micros, &s.Unpriced, &s.Tokens, &s.Calls, &s.MS, &s.ReservedMicros, &s.ReservedTokens, &s.ReservedCalls, &s.ReservedMS}
		})
	f.Events, f.Trees, f.Jobs = r.events(), r.trees(), r.jobs()
	if r.err != nil {
		return f, fmt.Errorf("read facts: %w", r.err)
	}
	return f, nil
}

// reader reads until the first error.
type reader struct {
	ctx context.Context //nolint:containedctx // of one read, which is over when the function is
	tx  *sql.Tx
	err error
}

func rows[T any](r *reader, query string, into func(*T) []any) (out []T) {
	if r.err != nil {
		return nil
	}
	found, err := r.tx.QueryContext(r.ctx, query)
	if err != nil {
		r.err = err
		return nil
	}
	for found.Next() {
		var one T
		if err := found.Scan(into(&one)...); err != nil {
			r.err = errors.Join(err, found.Close())
			return nil
		}
		out = append(out, one)
	}
	r.err = errors.Join(found.Err(), found.Close())
	return out
}

func (r *reader) events() []Event {
	list := rows(r, `SELECT intent_id, seq, type, at, run_id, task_id, attempt, data FROM events ORDER BY intent_id, seq`,
		func(e *Event) []any {
			return []any{&e.IntentID, &e.Seq, &e.Type, &e.At, &e.RunID, &e.TaskID, &e.Attempt, (*[]byte)(&e.Data)}
		})
	for i, e := range list {
		list[i].At, list[i].Digest, list[i].Data = e.At.UTC(), digestOf(e.Data), small(e.Type, e.Data)
	}
	return list
}

func (r *reader) trees() []Tree {
	type row struct {
		digest  string
		entries []byte
	}
	var out []Tree
	for _, t := range rows(r, `SELECT digest, entries FROM trees ORDER BY digest`, func(t *row) []any { return []any{&t.digest, &t.entries} }) {
		var entries []struct {
			Digest string `json:"digest"`
		}
		if err := json.Unmarshal(t.entries, &entries); err != nil {
			r.err = fmt.Errorf("tree %s: %w", t.digest, err)
			return nil
		}
		tree := Tree{Digest: t.digest}
		for _, e := range entries {
			tree.Files = append(tree.Files, e.Digest)
		}
		out = append(out, tree)
	}
	return out
}

func (r *reader) jobs() map[string]int {
	type row struct {
		state string
		n     int
	}
	out := map[string]int{}
	for _, j := range rows(r, `SELECT CAST(state AS text), COUNT(*) FROM river_job GROUP BY state`, func(j *row) []any { return []any{&j.state, &j.n} }) {
		out[j.state] = j.n
	}
	return out
}
