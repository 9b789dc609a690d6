package app

import (
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/llm/llmtest"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

const killedFolder = "QLP_TEST_KILLED_FOLDER"

// TestKilledWhileAModelIsAsked kills -9 a process while the tester is asked, and the next one while a coder mends. Each
// question that was under way is lost, counts its worst case once and is asked again once; nothing else is.
func TestKilledWhileAModelIsAsked(t *testing.T) {
	if dir := os.Getenv(killedFolder); dir != "" {
		untilKilled(t, dir)
	}
	withInit(t)
	s := &stage{name: "killed", script: []string{"plain", "plain", "plain", "silent", "plain", "plain", "plain", "silent"}}
	cfg := raise(t, []*stage{s}, "{first_token: 5m, idle: 5m, total: 10m}")
	tapes, _ := recordedRun(t)
	silent := make(chan struct{}, 2)
	s.endpoint.Answer(func(seen llmtest.Seen) string {
		if seen.Behaviour == "silent" {
			silent <- struct{}{}
		}
		answer, _ := recorded(tapes, seen)
		return answer
	})
	for range 2 {
		killAt(t, cfg.DataDir, silent)
	}
	a := running(t, cfg)
	in, calls := until(t, a, onlyIntent(t, a), rested)
	if in.State != qlp.StateVerified || len(calls) != 12 {
		t.Errorf("%s (%s) after %d calls", in.State, in.Reason, len(calls))
	}
	var lost []string
	for _, c := range calls {
		if c.State != qlp.CallLost {
			continue
		}
		lost = append(lost, c.Role)
		if c.Usage.Total() != c.Reserved.Tokens || c.Micros != c.Reserved.Micros {
			t.Errorf("the lost call of the %s counts %+v and %d micro-dollars, its worst case was %+v", c.Role, c.Usage, c.Micros, c.Reserved)
		}
	}
	if len(lost) != 2 || lost[0] != "tester" || lost[1] != "coder" {
		t.Errorf("lost are the calls of %v", lost)
	}
	checkCalls(t, s, calls)
	checkHistory(t, a, in, len(calls))
	checkSpending(t, a, calls)
}

// untilKilled works on the folder's intent.
func untilKilled(t *testing.T, dir string) {
	cfg := config.Default()
	cfg.DataDir = dir
	a, err := Open(t.Context(), cfg, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := onlyIntent(t, a)
	if id == "" {
		_, words := recordedRun(t)
		in, err := a.engine.Submit(t.Context(), orchestrator.Request{Words: words, Settings: qlp.Settings{Generator: orchestrator.Model}})
		if err != nil {
			t.Fatal(err)
		}
		id = in.ID
	}
	until(t, a, id, rested)
	t.Fatal("the intent came to its end, and nobody killed this process")
}

func killAt(t *testing.T, dir string, now <-chan struct{}) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledWhileAModelIsAsked$")
	child.Env = append(os.Environ(), killedFolder+"="+dir)
	out := &strings.Builder{}
	child.Stdout, child.Stderr = out, out
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	select {
	case <-now:
		if err := child.Process.Kill(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err == nil {
			t.Error("the child ended well, although it was killed")
		}
	case err := <-ended:
		t.Fatalf("the child ended by itself: %v\n%s", err, out)
	}
}

// onlyIntent returns the id of the folder's intent, or "".
func onlyIntent(t *testing.T, a *App) (id string) {
	t.Helper()
	err := a.store.Read(t.Context(), func(r store.Reader) error {
		all, err := r.Intents(t.Context(), store.IntentFilter{Limit: 2})
		if len(all) == 1 {
			id = all[0].ID
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}
