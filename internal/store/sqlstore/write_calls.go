package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlstore/query"
)

// callScope is one of a call's scopes with its cap.
type callScope struct {
	name string
	cap  qlp.Budget
	// before is what counts against the cap and is in another scope's row: a run pays for the calls that made its Spec and plan.
	before qlp.Spending
}

// scopesOf lists the scopes of a call from the widest to the narrowest. Everybody locks their rows in this order, so that
// two reservations at once wait for each other and never in a circle.
func scopesOf(call qlp.Call, day string, caps store.CallCaps, before qlp.Spending) []callScope {
	out := []callScope{{name: store.ScopeTeam(day[:len("2026-05")]), cap: caps.Team}, {name: store.ScopeDay(day), cap: caps.Day}}
	switch {
	case call.RunID != "":
		out = append(out, callScope{store.ScopeRun(call.RunID), caps.Run, before})
	case call.IntentID != "":
		out = append(out, callScope{name: store.ScopeRun(call.IntentID), cap: caps.Run})
	}
	if call.RunID != "" && call.TaskID != "" {
		out = append(out, callScope{name: store.ScopeTask(call.RunID, call.TaskID), cap: caps.Task})
	}
	return out
}

// ReserveCall writes a call and its worst case.
func (t *transaction) ReserveCall(ctx context.Context, call qlp.Call, caps store.CallCaps) error {
	what := "reserve call " + call.ID
	if call.ID == "" || call.Role == "" {
		return qlp.Errorf(qlp.Invalid, "a call needs an id and a role")
	}
	if call.Started.IsZero() {
		call.Started = t.store.now()
	}
	day := call.Started.UTC().Format(time.DateOnly)
	written, err := t.q.InsertCall(ctx, query.InsertCallParams{
		ID: call.ID, IntentID: call.IntentID, RunID: call.RunID, TaskID: call.TaskID, Attempt: int64(call.Attempt), Day: day,
		Role: call.Role, Repair: bit(call.Repair), Provider: call.Provider, Model: call.Model, Request: string(call.Request),
		ReservedMicros: call.Reserved.Micros, ReservedTokens: call.Reserved.Tokens, ReservedMs: call.Reserved.Seconds * 1000,
		Priced: bit(call.Priced), StartedAt: micro(call.Started), Owner: call.Owner,
	})
	if err != nil {
		return t.store.fault(ctx, what, err)
	}
	if written == 0 {
		return fmt.Errorf("%s: %w", what, qlp.Errorf(qlp.Conflict, "the ledger has this call already"))
	}
	var before qlp.Spending
	if call.RunID != "" && call.IntentID != "" {
		if before, err = t.Spending(ctx, store.ScopeRun(call.IntentID)); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	for _, s := range scopesOf(call, day, caps, before) {
		if err := t.reserveScope(ctx, call, s); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

func (t *transaction) reserveScope(ctx context.Context, call qlp.Call, s callScope) error {
	if !call.Priced && s.cap.Micros > 0 && s.cap.Tokens == 0 {
		return qlp.Errorf(qlp.Exhausted, "%w", &qlp.Exceeded{Scope: s.name, What: qlp.CapPrice, Limit: s.cap.Micros}).
			WithRemedy("set a token cap, or add the price")
	}
	fits := exceeded(call, s, qlp.Spending{}, 0) == nil // the first call of a scope has no row to be compared with
	if fits {
		n, err := t.q.ReserveScope(ctx, query.ReserveScopeParams{
			Scope: s.name, Micros: call.Reserved.Micros, Tokens: call.Reserved.Tokens, Ms: call.Reserved.Seconds * 1000,
			MostMicros: left(s.cap.Micros, s.before.Micros), MostTokens: left(s.cap.Tokens, s.before.Tokens),
			MostCalls: left(s.cap.Calls, s.before.Calls), MostMs: left(s.cap.Seconds*1000, s.before.MS),
		})
		if err != nil || n == 1 {
			return t.store.fault(ctx, "reserve in "+s.name, err)
		}
	}
	spent, err := t.Spending(ctx, s.name)
	if err != nil {
		return err
	}
	over := exceeded(call, s, spent, spent.Reserved.Seconds*1000)
	if over == nil {
		return qlp.Errorf(qlp.Internal, "the ledger refused a reservation in %s that fits", s.name)
	}
	return qlp.Errorf(qlp.Exhausted, "%w", over).WithRemedy("raise the cap and resume, or wait for the calls under way")
}

// left is what a cap leaves beside what was spent elsewhere; no cap stays none. Where nothing is left, exceeded has said so before.
func left(most, before int64) int64 {
	if most == 0 {
		return 0
	}
	return max(most-before, 1)
}

// exceeded returns the first cap of a scope that the call would pass, or nil.
func exceeded(call qlp.Call, s callScope, spent qlp.Spending, reservedMS int64) *qlp.Exceeded {
	for _, c := range []qlp.Exceeded{
		{What: qlp.CapMicros, Limit: s.cap.Micros, Spent: s.before.Micros + spent.Micros, Reserved: spent.Reserved.Micros, Asked: call.Reserved.Micros},
		{What: qlp.CapTokens, Limit: s.cap.Tokens, Spent: s.before.Tokens + spent.Tokens, Reserved: spent.Reserved.Tokens, Asked: call.Reserved.Tokens},
		{What: qlp.CapCalls, Limit: s.cap.Calls, Spent: s.before.Calls + spent.Calls, Reserved: spent.Reserved.Calls, Asked: 1},
		{What: qlp.CapMS, Limit: s.cap.Seconds * 1000, Spent: s.before.MS + spent.MS, Reserved: reservedMS, Asked: call.Reserved.Seconds * 1000},
	} {
		if c.Limit > 0 && c.Spent+c.Reserved+c.Asked > c.Limit {
			c.Scope = s.name
			return &c
		}
	}
	return nil
}

// SettleCall writes how a reserved call ended.
func (t *transaction) SettleCall(ctx context.Context, call qlp.Call) error {
	what := "settle call " + call.ID
	switch call.State {
	case qlp.CallSettled, qlp.CallFailed, qlp.CallLost:
	case qlp.CallReserved:
		fallthrough
	default:
		return fmt.Errorf("%s: %w", what, qlp.Errorf(qlp.Invalid, "a call cannot end as %q", call.State))
	}
	row, err := t.q.GetCall(ctx, call.ID)
	if err != nil {
		return t.missing(ctx, err, "call", call.ID)
	}
	started, ended := micro(call.Started), micro(t.store.now())
	if call.Started.IsZero() {
		started = row.StartedAt
	}
	if call.Ended != nil {
		ended = micro(*call.Ended)
	}
	// From the times as they are kept: the row and the sums must say the same.
	ms := max(ended.Sub(started).Milliseconds(), 0)
	n, err := t.q.SettleCall(ctx, query.SettleCallParams{
		ID: call.ID, State: string(call.State), Reason: call.Reason, Answer: string(call.Answer),
		Input: call.Usage.Input, Cached: call.Usage.Cached, Output: call.Usage.Output, Estimated: bit(call.Usage.Estimated),
		Micros: call.Micros, Priced: bit(call.Priced), Tokens: call.Usage.Total(), Ms: ms,
		StartedAt: started, EndedAt: optionalTime(&ended),
	})
	if err != nil || n == 0 { // 0: it has ended already
		return t.store.fault(ctx, what, err)
	}
	for _, s := range scopesOf(callOf(row), row.Day, store.CallCaps{}, qlp.Spending{}) {
		n, err := t.q.SettleScope(ctx, query.SettleScopeParams{
			Scope: s.name, Micros: call.Micros, Unpriced: bit(!call.Priced), Tokens: call.Usage.Total(), Ms: ms,
			ReservedMicros: row.ReservedMicros, ReservedTokens: row.ReservedTokens, ReservedMs: row.ReservedMs,
		})
		if err := t.one(ctx, n, err, what, "spending of", s.name); err != nil {
			return err
		}
	}
	call.Ended = &ended
	return t.tellSettled(ctx, callOf(row), call)
}

// tellSettled appends the event of a call that has ended, for whoever follows its intent. row says whose call it was.
func (t *transaction) tellSettled(ctx context.Context, row, call qlp.Call) error {
	if row.IntentID == "" {
		return nil
	}
	call.Role, call.Provider, call.Model, call.Repair = row.Role, row.Provider, row.Model, row.Repair
	data, err := encode(qlp.SettledOf(call))
	if err != nil {
		return err
	}
	_, err = t.Append(ctx, qlp.Event{
		IntentID: row.IntentID, Type: qlp.EventCallSettled, RunID: row.RunID, TaskID: row.TaskID, Attempt: row.Attempt, Data: json.RawMessage(data),
	})
	if qlp.CodeOf(err) == qlp.NotFound { // of no intent that is kept here: nobody follows it
		return nil
	}
	return err
}

// LoseCall ends one reserved call, whose worker is gone, as lost.
func (t *transaction) LoseCall(ctx context.Context) (bool, error) {
	rows, err := t.q.FindLostCall(ctx)
	if err != nil || len(rows) == 0 {
		return false, t.store.fault(ctx, "find lost calls", err)
	}
	row := rows[0]
	call := callOf(row)
	call.State, call.Reason = qlp.CallLost, "the process that made it ended before the answer was written down"
	call.Usage = qlp.Usage{Input: row.ReservedTokens, Estimated: true} // how much of it was the answer, nobody knows
	call.Micros = row.ReservedMicros
	ended := call.Started.Add(min(time.Duration(row.ReservedMs)*time.Millisecond, max(t.store.now().Sub(call.Started), 0)))
	call.Ended = &ended
	return true, t.SettleCall(ctx, call)
}

// bit is how a yes or no is kept: both databases have integers.
func bit(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
