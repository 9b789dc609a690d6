package app

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
)

const spender = "QLP_TEST_SPENDER"

// spend reserves and settles calls until it is killed, and tells of every step that it was told is done.
func spend(t *testing.T, path string) {
	st, err := sqlite.Open(t.Context(), path, sqlite.Config{})
	if err != nil {
		t.Fatal(err)
	}
	l := NewLedger(st)
	for i := 0; ; i++ {
		call := qlp.Call{
			ID: newID(), IntentID: "in", RunID: "run", TaskID: fmt.Sprint("task", i%3), Attempt: 1, Role: "coder", Priced: true, Repair: i%4 == 0,
			Provider: "p", Model: "m", Request: qlp.DigestOf([]byte{byte(i)}), Reserved: qlp.Budget{Micros: 1000, Tokens: 700, Seconds: 60}, Started: time.Now().UTC(),
		}
		if err := l.Reserve(t.Context(), call, llm.Limits{}); err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintln(os.Stdout, "told reserved", call.ID) // to the parent
		call.State, call.Usage, call.Micros = qlp.CallSettled, qlp.Usage{Input: 100, Output: int64(i % 7)}, int64(100+i%11)
		if err := l.Settle(t.Context(), call); err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintln(os.Stdout, "told settled", call.ID)
	}
}

// TestLedgerOutlivesAKill kills -9 a process at random moments, many times. Whatever it was told is reserved or settled is
// there once, whatever was under way is lost and counts its worst case, and every scope is the sum of its rows.
func TestLedgerOutlivesAKill(t *testing.T) {
	t.Parallel()
	if path := os.Getenv(spender); path != "" {
		spend(t, path)
	}
	path := filepath.Join(t.TempDir(), "qlp.db")
	told := map[string]string{}
	rounds := 25
	lost := 0
	for round := range rounds {
		killSpender(t, path, told, 1+rand.IntN(60))
		st, err := sqlite.Open(t.Context(), path, sqlite.Config{})
		if err != nil {
			t.Fatal(err)
		}
		n, err := NewLedger(st).Lose(t.Context())
		if err != nil || n > 1 {
			t.Fatalf("round %d: %d calls were lost: %v", round, n, err)
		}
		lost += n
		checkLedger(t, st, told)
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if lost == 0 {
		t.Errorf("in %d kills, none came between a reservation and its settlement: the test shows nothing", rounds)
	}
	t.Logf("%d kills, %d calls, %d of them lost", rounds, len(told), lost)
}

func killSpender(t *testing.T, path string, told map[string]string, lines int) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLedgerOutlivesAKill$")
	child.Env = append(os.Environ(), spender+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for in := bufio.NewScanner(out); in.Scan(); {
		what, id, ok := strings.Cut(strings.TrimPrefix(in.Text(), "told "), " ")
		if !ok || !strings.HasPrefix(in.Text(), "told ") {
			continue
		}
		told[id] = what
		if seen++; seen == lines {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait()
	if seen < lines {
		t.Fatalf("the child ended by itself after %d steps", seen)
	}
}

func checkLedger(t *testing.T, st store.Store, told map[string]string) {
	t.Helper()
	err := st.Read(t.Context(), func(r store.Reader) error {
		calls, err := r.Calls(t.Context(), "run")
		if err != nil {
			return err
		}
		want := map[string]qlp.Spending{}
		states := map[string]qlp.CallState{}
		for _, c := range calls {
			if states[c.ID] != "" {
				t.Errorf("the call %s is there twice", c.ID)
			}
			states[c.ID] = c.State
			day := c.Started.Format(time.DateOnly)
			for _, scope := range []string{store.ScopeRun("run"), store.ScopeTask("run", c.TaskID), store.ScopeDay(day), store.ScopeTeam(day[:7])} {
				s := want[scope]
				s.Micros, s.Tokens, s.Calls = s.Micros+c.Micros, s.Tokens+c.Usage.Total(), s.Calls+1
				s.MS += c.Ended.Sub(c.Started).Milliseconds()
				want[scope] = s
			}
			if c.State == qlp.CallLost && (c.Micros != 1000 || c.Usage.Total() != 700) {
				t.Errorf("a lost call counts %+v", c)
			}
		}
		for id, what := range told {
			if got := states[id]; what == "settled" && got != qlp.CallSettled || got != qlp.CallSettled && got != qlp.CallLost {
				t.Errorf("the call %s was told to be %s, and is %q", id, what, got)
			}
		}
		return compareSpending(t, r, want)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func compareSpending(t *testing.T, r store.Reader, want map[string]qlp.Spending) error {
	t.Helper()
	for scope, w := range want {
		got, err := r.Spending(context.Background(), scope)
		if err != nil {
			return err
		}
		if got != w {
			t.Errorf("%s: %+v is kept, the rows sum up to %+v", scope, got, w)
		}
	}
	split, err := r.RunSpending(context.Background(), "run")
	sum := split.First
	sum.Micros, sum.Tokens, sum.Calls, sum.MS = sum.Micros+split.Repair.Micros, sum.Tokens+split.Repair.Tokens, sum.Calls+split.Repair.Calls, sum.MS+split.Repair.MS
	if w := want[store.ScopeRun("run")]; sum != w || split.Repair.Calls == 0 && w.Calls > 4 {
		t.Errorf("first attempts and repairs are %+v, the run %+v", split, w)
	}
	return err
}
