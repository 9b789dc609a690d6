package app

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// checkCalls compares the ledger's rows of an intent with what its endpoint counted: a row for each request, none open, none
// beyond its worst case, and no question answered and paid for twice.
func checkCalls(t *testing.T, s *stage, calls []qlp.Call) {
	t.Helper()
	sent := 0
	settled := map[string]bool{}
	for _, c := range calls {
		if !strings.Contains(c.Reason, "is left alone") {
			sent++
		}
		if c.State == qlp.CallReserved || c.Ended == nil || c.Provider != s.name || !c.Priced {
			t.Errorf("a call is left open or is another's: %+v", c)
		}
		if strings.Contains(c.Reason, hostileKey) {
			t.Errorf("the key is in the ledger: %s", c.Reason)
		}
		if u := c.Usage; u.Input < 0 || u.Output < 0 || u.Cached < 0 || u.Total() > c.Reserved.Tokens || c.Micros < 0 || c.Micros > c.Reserved.Micros {
			t.Errorf("a call of the %s took %+v and %d micro-dollars, its worst case was %+v", c.Role, u, c.Micros, c.Reserved)
		}
		if c.State != qlp.CallSettled {
			continue
		}
		key := fmt.Sprint(c.RunID, c.TaskID, c.Attempt, c.Role, c.Request)
		if settled[key] {
			t.Errorf("the same question of the %s was paid for twice", c.Role)
		}
		settled[key] = true
	}
	if got := s.endpoint.Calls(); got != sent {
		t.Errorf("the endpoint counted %d requests, the ledger has %d calls that were sent", got, sent)
	}
}

// checkHistory looks for holes in an intent's events, attempts that are doubled or open, and the key.
func checkHistory(t *testing.T, a *App, in qlp.Intent, calls int) {
	t.Helper()
	err := a.store.Read(t.Context(), func(r store.Reader) error {
		told := 0
		for seq := int64(0); ; {
			events, err := r.Events(t.Context(), in.ID, seq, 500)
			if err != nil {
				return err
			}
			if len(events) == 0 {
				break
			}
			for _, ev := range events {
				if seq++; ev.Seq != seq {
					t.Fatalf("event %d follows on %d", ev.Seq, seq-1)
				}
				if ev.Type == qlp.EventCallSettled {
					told++
				}
				if strings.Contains(string(ev.Data), hostileKey) {
					t.Errorf("the key is in the event %s", ev.Data)
				}
			}
		}
		if told != calls {
			t.Errorf("%d events tell of %d calls", told, calls)
		}
		return checkAttempts(t, r, in)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkAttempts(t *testing.T, r store.Reader, in qlp.Intent) error {
	t.Helper()
	if whole, err := json.Marshal(in); err != nil || strings.Contains(string(whole), hostileKey) {
		t.Errorf("the key is in the intent: %v", err)
	}
	if in.Run == nil {
		return nil
	}
	attempts, err := r.Attempts(t.Context(), in.Run.ID, "")
	last := map[string]int{}
	for _, at := range attempts {
		if last[at.TaskID]++; at.Number != last[at.TaskID] {
			t.Errorf("attempt %d at %s follows on %d", at.Number, at.TaskID, last[at.TaskID]-1)
		}
		if at.State == qlp.AttemptRunning && in.State == qlp.StateVerified {
			t.Errorf("attempt %d at %s is still running", at.Number, at.TaskID)
		}
	}
	return err
}

// checkSpending compares what is kept of every scope with the sum of its rows. calls are all of the data folder's.
func checkSpending(t *testing.T, a *App, calls []qlp.Call) {
	t.Helper()
	want := map[string]qlp.Spending{}
	for _, c := range calls {
		day := c.Started.Format(time.DateOnly)
		scopes := []string{store.ScopeDay(day), store.ScopeTeam(day[:7])}
		if c.RunID == "" {
			scopes = append(scopes, store.ScopeRun(c.IntentID))
		} else {
			scopes = append(scopes, store.ScopeRun(c.RunID))
		}
		if c.TaskID != "" {
			scopes = append(scopes, store.ScopeTask(c.RunID, c.TaskID))
		}
		for _, scope := range scopes {
			s := want[scope]
			s.Micros, s.Tokens, s.Calls = s.Micros+c.Micros, s.Tokens+c.Usage.Total(), s.Calls+1
			s.MS += c.Ended.Sub(c.Started).Milliseconds()
			want[scope] = s
		}
	}
	err := a.store.Read(t.Context(), func(r store.Reader) error {
		for scope, w := range want {
			got, err := r.Spending(t.Context(), scope)
			if err != nil {
				return err
			}
			if got != w {
				t.Errorf("%s: %+v is kept, the rows sum up to %+v", scope, got, w)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
