package app

import (
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/llmtest"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// scene is a stage and what has to come of it.
type scene struct {
	stage
	state  qlp.State
	reason string // a part of it
	calls  [2]int // the fewest and the most
	check  func(t *testing.T, a *App, in qlp.Intent, calls []qlp.Call)
	resume *qlp.ModelCaps // what a paused intent is resumed with, after the endpoint has become good; nil: it is not
}

// TestHostileEndpointAgainstThePipeline plays everything that an endpoint may do against the whole: intents of one app at the
// same time, each at an endpoint of its own whose good answers are those of a recorded run. Each comes to the right end, and
// the ledger is right to the call.
func TestHostileEndpointAgainstThePipeline(t *testing.T) {
	withInit(t)
	scenes := append(atTheInterpreter(), onTheWay()...)
	var stages []*stage
	for i := range scenes {
		stages = append(stages, &scenes[i].stage)
	}
	cfg := raise(t, stages, "{first_token: 15s, idle: 15s, total: 10m}")
	_, words := recordedRun(t)
	a := running(t, cfg)
	ids := map[string]string{}
	for _, s := range scenes {
		settings := s.settings
		settings.Generator, settings.Provider = orchestrator.Model, s.name
		in, err := a.engine.Submit(t.Context(), orchestrator.Request{Words: words, Settings: settings})
		if err != nil {
			t.Fatal(err)
		}
		ids[s.name] = in.ID
	}
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) { s.ends(t, a, ids[s.name]) })
	}
	stop(t, a)
	a = running(t, cfg) // what was left alone after its failures is asked again by a new process
	for _, s := range scenes {
		if s.resume != nil {
			t.Run(s.name+" and on", func(t *testing.T) { s.goesOn(t, a, ids[s.name]) })
		}
	}
	var all []qlp.Call
	for _, id := range ids {
		_, calls := until(t, a, id, rested)
		all = append(all, calls...)
	}
	checkSpending(t, a, all)
}

func (s *scene) ends(t *testing.T, a *App, id string) {
	in, calls := until(t, a, id, rested)
	if in.State != s.state || !strings.Contains(in.Reason, s.reason) {
		t.Errorf("%s (%s), want %s (…%s…)", in.State, in.Reason, s.state, s.reason)
	}
	if len(calls) < s.calls[0] || len(calls) > s.calls[1] {
		t.Errorf("%d calls, want %d to %d: %+v", len(calls), s.calls[0], s.calls[1], calls)
	}
	checkCalls(t, &s.stage, calls)
	checkHistory(t, a, in, len(calls))
	if s.check != nil {
		s.check(t, a, in, calls)
	}
}

// goesOn resumes what is paused; its endpoint is as it should be from here on.
func (s *scene) goesOn(t *testing.T, a *App, id string) {
	s.endpoint.Always(named(t, "plain"))
	before := s.endpoint.Calls()
	if err := a.engine.ResumeIntent(t.Context(), id, *s.resume); err != nil {
		t.Fatal(err)
	}
	in, calls := until(t, a, id, rested)
	want := qlp.StateVerified
	if s.settings.Approve != "" {
		want = qlp.StateAwaitingApproval
	}
	if in.State != want || s.endpoint.Calls() == before {
		t.Errorf("%s (%s) after %d more requests", in.State, in.Reason, s.endpoint.Calls()-before)
	}
	checkCalls(t, &s.stage, calls)
	checkHistory(t, a, in, len(calls))
}

// planOnly ends an intent's way when it has its Spec and its plan.
func planOnly() qlp.Settings { return qlp.Settings{Approve: qlp.ApprovePlan} }

// atTheInterpreter plays every behaviour once at the first question of an intent; those that an answer, another try or a
// word to the model gets over lead to the same plan.
func atTheInterpreter() []scene {
	var out []scene
	for _, b := range llmtest.Behaviours() {
		s := scene{stage: stage{name: b.Name, script: []string{b.Name}, settings: planOnly()}, state: qlp.StateAwaitingApproval, calls: [2]int{3, 3}}
		switch {
		case b.Kind.Again(), b.Wrong, b.Finish == llm.Cut, b.Kind == llm.Unauthorized, b.Kind == llm.Unknown: // what a person can mend is tried again, too
			s.calls = [2]int{4, 4}
		case b.Kind != "":
			s.state, s.reason, s.calls = qlp.StateNeedsInput, string(b.Kind), [2]int{1, 1}
		case b.Mends:
			s.calls[1] = 4 // what could mean two things is told back, and not guessed
		}
		s.check = func(t *testing.T, _ *App, _ qlp.Intent, calls []qlp.Call) { checkFirst(t, b, calls) }
		out = append(out, s)
	}
	return out
}

// checkFirst looks at the ledger's entry of the call that the behaviour was played at.
func checkFirst(t *testing.T, b llmtest.Behaviour, calls []qlp.Call) {
	t.Helper()
	first := calls[0]
	want := qlp.CallSettled
	if b.Kind != "" {
		want = qlp.CallFailed
	}
	if first.Role != string(llm.Interpreter) || first.State != want || !strings.Contains(first.Reason, string(b.Kind)) {
		t.Errorf("the first call is %s (%s) of the %s", first.State, first.Reason, first.Role)
	}
	if first.State == qlp.CallSettled && first.Usage.Estimated != b.Estimated {
		t.Errorf("usage %+v", first.Usage)
	}
	if b.After > 0 && calls[1].Started.Sub(*first.Ended) < b.After-2e9 {
		t.Errorf("asked again after %s, the endpoint said %s", calls[1].Started.Sub(*first.Ended), b.After)
	}
}
