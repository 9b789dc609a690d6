package app

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
)

// TestSpending adds what was taken before there was a run, by first attempts, and by repairs, which are shown apart, too.
func TestSpending(t *testing.T) {
	t.Parallel()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "qlp.db"), sqlite.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	in := qlp.Intent{ID: "intent", Run: &qlp.Run{ID: "run"}}
	of := func(in qlp.Intent) *qlp.RunSpending {
		var out *qlp.RunSpending
		err := st.Read(t.Context(), func(r store.Reader) (err error) {
			out, err = spending(t.Context(), r, in)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := of(in); got != nil {
		t.Errorf("before any call: %+v", got)
	}
	l := NewLedger(st)
	for i, c := range []qlp.Call{{Role: "interpreter"}, {Role: "coder", RunID: "run", TaskID: "web"}, {Role: "coder", RunID: "run", TaskID: "web", Repair: true}} {
		start := time.Date(2026, 5, 4, 10, i, 0, 0, time.UTC)
		end := start.Add(time.Second)
		c.ID, c.IntentID, c.Attempt, c.Provider, c.Model, c.Priced, c.Started = newID(), "intent", 1, "p", "m", true, start
		c.Request, c.Reserved = qlp.DigestOf([]byte{byte(i)}), qlp.Budget{Micros: 1000, Tokens: 500, Calls: 1, Seconds: 60}
		if err := l.Reserve(context.Background(), c, llm.Limits{}); err != nil {
			t.Fatal(err)
		}
		c.State, c.Usage, c.Micros, c.Ended = qlp.CallSettled, qlp.Usage{Input: 10, Output: 5}, 100*int64(i+1), &end
		if err := l.Settle(context.Background(), c); err != nil {
			t.Fatal(err)
		}
	}
	want := qlp.RunSpending{
		Spending: qlp.Spending{Micros: 600, Tokens: 45, Calls: 3, MS: 3000},
		Repair:   qlp.Spending{Micros: 300, Tokens: 15, Calls: 1, MS: 1000},
	}
	if got := of(in); got == nil || *got != want {
		t.Errorf("spent %+v", got)
	}
	in.Run = nil
	if got := of(in); got == nil || got.Calls != 1 || got.Micros != 100 {
		t.Errorf("before the run: %+v", got)
	}
}
