package app

import (
	"context"
	"errors"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// ledger keeps the account of model calls in the store.
type ledger struct {
	store store.Store
	owner func() string // the worker that makes the calls, as the queue knows it
}

// NewLedger returns the ledger of a store, for a process that is the only one.
func NewLedger(st store.Store) llm.Ledger { return ledger{st, func() string { return "" }} }

// Reserve writes the call with its worst case, unless a cap would be passed.
func (l ledger) Reserve(ctx context.Context, call qlp.Call, limits llm.Limits) error {
	call.Owner = l.owner()
	err := l.store.Tx(ctx, func(tx store.Tx) error { return tx.ReserveCall(ctx, call, store.CallCaps(limits)) })
	if over, ok := errors.AsType[*qlp.Exceeded](err); ok {
		return &llm.Error{
			Kind: llm.Spent, Provider: call.Provider, Model: call.Model, Message: over.Error(), Remedy: qlp.RemedyOf(err), Err: over,
		}
	}
	return err
}

// Settle writes how the call ended, once.
func (l ledger) Settle(ctx context.Context, call qlp.Call) error {
	return l.store.Tx(ctx, func(tx store.Tx) error { return tx.SettleCall(ctx, call) })
}

// Answered finds the settled call of the same account, role and request.
func (l ledger) Answered(ctx context.Context, a llm.Account, role llm.Role, request qlp.Digest) (call qlp.Call, found bool, err error) {
	err = l.store.Read(ctx, func(r store.Reader) (err error) {
		call, found, err = r.CallAnswered(ctx, store.AnsweredKey{
			IntentID: a.IntentID, RunID: a.RunID, TaskID: a.TaskID, Attempt: a.Attempt, Role: string(role), Request: request,
		})
		return err
	})
	return call, found, err
}

// Lose marks every reserved call as lost whose worker is gone.
func (l ledger) Lose(ctx context.Context) (n int, err error) {
	for {
		found := false
		err = l.store.Tx(ctx, func(tx store.Tx) (err error) { found, err = tx.LoseCall(ctx); return err })
		if err != nil || !found {
			return n, err
		}
		n++
	}
}
