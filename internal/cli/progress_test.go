package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// told makes an event of a type, in whole seconds after the beginning.
func told(t *testing.T, typ qlp.EventType, task string, at int, data any) qlp.Event {
	t.Helper()
	b, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	return qlp.Event{Type: typ, TaskID: task, Time: time.Unix(int64(at), 0), Data: b}
}

func folded(t *testing.T, caps qlp.ModelCaps, events ...qlp.Event) *progress {
	t.Helper()
	p := newProgress(qlp.Intent{ID: "i"}, caps)
	for _, e := range events {
		if err := p.take(e); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func twoTasks() qlp.Plan {
	return qlp.Plan{Stack: "go", Tasks: []qlp.Task{{ID: "domain", Owns: []string{"domain/"}}, {ID: "web", Owns: []string{"web/"}, After: []string{"domain"}}}}
}

// TestTheTreeTellsWhatRuns, for how long, and what it has taken of its caps.
func TestTheTreeTellsWhatRuns(t *testing.T) {
	t.Parallel()
	caps := qlp.ModelCaps{Run: qlp.Budget{Micros: 2_500_000, Calls: 9}, Task: qlp.Budget{Tokens: 5000}}
	p := folded(t, caps,
		told(t, qlp.EventPlanReady, "", 0, twoTasks()),
		told(t, qlp.EventCallSettled, "", 0, qlp.SettledCall{Role: "planner", Tokens: 100, Micros: 1000}),
		told(t, qlp.EventTaskState, "domain", 1, qlp.StateChanged{To: "running"}),
		told(t, qlp.EventCallSettled, "domain", 5, qlp.SettledCall{Role: "coder", Tokens: 900, Micros: 20_000, Repair: true}),
		told(t, qlp.EventCallSettled, "domain", 5, qlp.SettledCall{Role: "coder", Tokens: 900, Micros: 20_000, Recorded: true}),
		told(t, qlp.EventTaskState, "web", 1, qlp.StateChanged{To: "done"}),
	)
	text := p.tree(false, time.Unix(75, 0))
	for _, want := range []string{
		"[running (1m14s, 1 call, 900 of 5000 tokens, $0.02, of it repairs: 1 call, $0.02)] domain",
		"[done] web",
		"models: 2 of 9 calls, 1000 tokens, $0.021 of $2.50, of it repairs: 1 call, $0.02\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if p := folded(t, caps, told(t, qlp.EventPlanReady, "", 0, twoTasks())); strings.Contains(p.tree(false, time.Unix(1, 0)), "models") {
		t.Error("a run that asked no model tells of models")
	}
}

// TestAPauseIsAnOutcome with a code of its own, what was kept, and how to go on.
func TestAPauseIsAnOutcome(t *testing.T) {
	t.Parallel()
	paused := told(t, qlp.EventIntentState, "", 2, qlp.StateChanged{From: "running", To: "paused", Reason: "the run's cap of 3 calls is reached"})
	plan := told(t, qlp.EventPlanReady, "", 0, twoTasks())
	done := told(t, qlp.EventTaskState, "domain", 1, qlp.StateChanged{To: "done"})
	call := told(t, qlp.EventCallSettled, "domain", 1, qlp.SettledCall{Tokens: 7, Micros: 5})
	for _, asJSON := range []bool{false, true} {
		var out bytes.Buffer
		c := &command{out: &out, err: &out, json: asJSON}
		p := folded(t, qlp.ModelCaps{}, plan, done, call, paused)
		if !p.waits() {
			t.Error("a pause does not end the following")
		}
		if err := c.outcome(p, "", time.Second); !errors.Is(err, exitError(exitPaused)) {
			t.Errorf("the outcome is %v", err)
		}
		wants := []string{"paused in 1.0 s: the run's cap of 3 calls", "1 of 2 tasks", "qlp intents resume i", "qlp intents cancel i", "1 call, 7 tokens"}
		if asJSON {
			wants = []string{`"verdict":"paused"`, `"reason":"the run's cap of 3 calls is reached"`, `"spending":{"micros":5`}
		}
		for _, want := range wants {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in:\n%s", want, out.String())
			}
		}
	}
}

// TestACancelSaysWhatIsKept and from where the run can be taken up.
func TestACancelSaysWhatIsKept(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := &command{out: &out, err: &out}
	p := folded(t, qlp.ModelCaps{},
		told(t, qlp.EventPlanReady, "", 0, twoTasks()), told(t, qlp.EventTaskState, "domain", 1, qlp.StateChanged{To: "done"}),
		told(t, qlp.EventTaskState, "web", 1, qlp.StateChanged{To: "canceled"}),
		told(t, qlp.EventRunFinished, "", 2, qlp.RunFinished{State: qlp.StateCanceled, Verdict: qlp.Canceled, Spending: &qlp.RunSpending{Spending: qlp.Spending{Calls: 4}}}))
	if err := c.outcome(p, "", time.Second); !errors.Is(err, exitError(exitCanceled)) {
		t.Errorf("the outcome is %v", err)
	}
	for _, want := range []string{"1 of 2 tasks", "qlp intents retry i --from web", "4 calls"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

// TestTextIsShownByLines, harmless whatever is in it.
func TestTextIsShownByLines(t *testing.T) {
	t.Parallel()
	v := newTexts()
	var got []string
	for _, piece := range []string{"first ", "line\nsec", "ond\x1b[2J line\n\nthe ", "rest"} {
		got = append(got, v.take(told(t, qlp.EventModelText, "web", 0, qlp.ModelText{Text: piece}))...)
	}
	got = append(got, v.rest()...)
	if want := []string{"  web | first line", "  web | second [2J line", "  web | ", "  web | the rest"}; !slices.Equal(got, want) {
		t.Errorf("shown: %q", got)
	}
}

func TestLinesOfModels(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]qlp.Event{
		"model a/m for the coder of web: 7 tokens, $0.50": told(t, qlp.EventCallSettled, "web", 0, qlp.SettledCall{Role: "coder", Provider: "a", Model: "m", Tokens: 7, Micros: 500_000}),
		"model a/m for the planner: 7 tokens, $0.00 (price unknown): refused": told(t, qlp.EventCallSettled, "", 0,
			qlp.SettledCall{Role: "planner", Provider: "a", Model: "m", Tokens: 7, Unpriced: true, Failed: "refused"}),
		"repair of web is stuck: same failure; next: more context": told(t, qlp.EventRepairStuck, "web", 0, qlp.RepairStuck{Pattern: qlp.SameFailure, Next: "more_context"}),
		"repair is stuck: alternating":                             told(t, qlp.EventRepairStuck, "", 0, qlp.RepairStuck{Pattern: qlp.Alternating}),
	} {
		if got := line(e); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
