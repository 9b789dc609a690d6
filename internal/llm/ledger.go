package llm

import (
	"context"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Limits are the caps that a call must keep, from the narrowest to the widest. Until there are accounts, the team is everybody
// who uses this installation.
type Limits struct {
	Task qlp.Budget // of the run's task
	Run  qlp.Budget // of the run, with the calls that made its Spec and plan
	Day  qlp.Budget // of the UTC day
	Team qlp.Budget // of the UTC calendar month
}

// Ledger keeps the account of calls. It outlives the process, whatever kills it.
//
// Reserve writes the call with its worst case, in one transaction with the check of every limit: two calls at once cannot
// pass a limit together. A limit that would be passed is an *Error of kind Spent that names it, what is left and what was
// asked; nothing is written then. Settle writes how the call ended, once; a second time changes nothing. Answered finds the
// settled call of the same account (intent, run, task, attempt), role and request, so that an attempt which was killed and
// is made again pays for no answer twice. Lose marks every reserved call of an earlier process as lost: call it once, before
// the first call. Safe for concurrent use.
type Ledger interface {
	Reserve(ctx context.Context, call qlp.Call, limits Limits) error
	Settle(ctx context.Context, call qlp.Call) error
	Answered(ctx context.Context, account Account, role Role, request qlp.Digest) (call qlp.Call, found bool, err error)
	Lose(ctx context.Context) (calls int, err error)
}
