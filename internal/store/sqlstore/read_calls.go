package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlstore/query"
)

// CallAnswered finds the first settled model call of the key.
func (r *reader) CallAnswered(ctx context.Context, key store.AnsweredKey) (qlp.Call, bool, error) {
	row, err := r.q.FindAnswered(ctx, query.FindAnsweredParams{
		IntentID: key.IntentID, RunID: key.RunID, TaskID: key.TaskID, Attempt: int64(key.Attempt), Role: key.Role, Request: string(key.Request),
	})
	if errors.Is(err, sql.ErrNoRows) {
		return qlp.Call{}, false, nil
	}
	if err != nil {
		return qlp.Call{}, false, r.store.fault(ctx, "find answered call", err)
	}
	return callOf(row), true, nil
}

// Calls returns the model calls of a run or of an intent, in the order in which they began.
func (r *reader) Calls(ctx context.Context, id string) ([]qlp.Call, error) {
	rows, err := r.q.ListCalls(ctx, id)
	if err == nil && len(rows) == 0 {
		rows, err = r.q.ListCallsOfIntent(ctx, id)
	}
	if err != nil {
		return nil, r.store.fault(ctx, "list calls of "+id, err)
	}
	out := make([]qlp.Call, len(rows))
	for i, row := range rows {
		out[i] = callOf(row)
	}
	return out, nil
}

// Spending returns what a scope has taken.
func (r *reader) Spending(ctx context.Context, scope string) (qlp.Spending, error) {
	row, err := r.q.GetSpending(ctx, scope)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return qlp.Spending{}, r.store.fault(ctx, "read spending of "+scope, err)
	}
	return spendingOf(row), nil
}

func spendingOf(row query.Spending) qlp.Spending {
	return qlp.Spending{
		Micros: row.Micros, Unpriced: row.Unpriced, Tokens: row.Tokens, Calls: row.Calls, MS: row.Ms,
		Reserved: qlp.Budget{Micros: row.ReservedMicros, Tokens: row.ReservedTokens, Calls: row.ReservedCalls, Seconds: seconds(row.ReservedMs)},
	}
}

// RunSpending returns what a run took, its first attempts and its repairs apart.
func (r *reader) RunSpending(ctx context.Context, runID string) (out store.RunSpending, err error) {
	rows, err := r.q.SumCalls(ctx, runID)
	if err != nil {
		return out, r.store.fault(ctx, "sum calls of "+runID, err)
	}
	for _, row := range rows {
		s := qlp.Spending{
			Micros: row.Micros, Unpriced: row.Unpriced, Tokens: row.Tokens, Calls: row.Calls, MS: row.Ms,
			Reserved: qlp.Budget{Micros: row.ReservedMicros, Tokens: row.ReservedTokens, Calls: row.ReservedCalls, Seconds: seconds(row.ReservedMs)},
		}
		if row.Repair == 0 {
			out.First = s
		} else {
			out.Repair = s
		}
	}
	return out, nil
}

// seconds rounds milliseconds up.
func seconds(ms int64) int64 { return (ms + 999) / 1000 }

func callOf(row query.Call) qlp.Call {
	return qlp.Call{
		ID: row.ID, IntentID: row.IntentID, RunID: row.RunID, TaskID: row.TaskID, Attempt: int(row.Attempt), Role: row.Role,
		Repair: row.Repair != 0, Provider: row.Provider, Model: row.Model, Request: qlp.Digest(row.Request), Answer: qlp.Digest(row.Answer),
		State: qlp.CallState(row.State), Reason: row.Reason,
		Reserved: qlp.Budget{Micros: row.ReservedMicros, Tokens: row.ReservedTokens, Calls: 1, Seconds: seconds(row.ReservedMs)},
		Usage:    qlp.Usage{Input: row.Input, Cached: row.Cached, Output: row.Output, Estimated: row.Estimated != 0},
		Micros:   row.Micros, Priced: row.Priced != 0, Started: row.StartedAt.UTC(), Ended: timeOf(row.EndedAt),
	}
}
