package app

import (
	"context"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// spending returns what models have taken for an intent's latest run, and before it for its Spec and plan; nil where none was
// asked.
func spending(ctx context.Context, r store.Reader, in qlp.Intent) (*qlp.RunSpending, error) {
	before, err := r.Spending(ctx, store.ScopeRun(in.ID))
	if err != nil {
		return nil, err
	}
	out := qlp.RunSpending{Spending: before}
	if in.Run != nil {
		run, err := r.RunSpending(ctx, in.Run.ID)
		if err != nil {
			return nil, err
		}
		out.Spending, out.Repair = added(added(before, run.First), run.Repair), run.Repair
	}
	if out.Calls == 0 && out.Reserved.Calls == 0 {
		return nil, nil
	}
	return &out, nil
}

func added(a, b qlp.Spending) qlp.Spending {
	return qlp.Spending{
		Micros: a.Micros + b.Micros, Unpriced: a.Unpriced + b.Unpriced, Tokens: a.Tokens + b.Tokens, Calls: a.Calls + b.Calls, MS: a.MS + b.MS,
		Reserved: qlp.Budget{
			Micros: a.Reserved.Micros + b.Reserved.Micros, Tokens: a.Reserved.Tokens + b.Reserved.Tokens,
			Calls: a.Reserved.Calls + b.Reserved.Calls, Seconds: a.Reserved.Seconds + b.Reserved.Seconds,
		},
	}
}
