package orchestrator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/interpreter/grammar"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/planner"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// purse is what a ledger does for rooms that ask models: it counts calls against the cap, and pays for no answer twice. It stands
// outside the process that a test ends.
type purse struct {
	mu       sync.Mutex
	answered map[string]bool
	refused  int
}

// ask pays for one call, unless it was paid for before.
func (p *purse) ask(what string, caps qlp.ModelCaps) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answered == nil {
		p.answered = map[string]bool{}
	}
	spent := int64(len(p.answered))
	if p.answered[what] {
		return nil
	}
	if most := caps.Run.Calls; most > 0 && spent >= most {
		p.refused++
		why := &qlp.BudgetReached{Scope: "run", Cap: "calls", Limit: most, Spent: spent, Asked: 1, Reason: fmt.Sprintf("the run's cap of %d calls is reached", most)}
		return &qlp.Error{Code: qlp.Exhausted, Message: why.Reason, Remedy: "raise it: qlp intents resume", Err: why}
	}
	p.answered[what] = true
	return nil
}

func (p *purse) spent() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.answered)
}

// paying is a generator that pays for each attempt.
type paying struct {
	generator.Generator
	purse *purse
}

func (p paying) Generate(ctx context.Context, req generator.Request) ([]qlp.File, error) {
	if err := p.purse.ask(fmt.Sprint("task ", req.Task.ID, " ", req.Attempt), req.Caps); err != nil {
		return nil, err
	}
	return p.Generator.Generate(ctx, req)
}

// payingInterpreter is the grammar, for money.
type payingInterpreter struct {
	interpreter.Interpreter
	purse *purse
}

func (p payingInterpreter) Interpret(ctx context.Context, words string, o interpreter.Options) (interpreter.Result, error) {
	if err := p.purse.ask("interpret", o.Caps); err != nil {
		return interpreter.Result{}, err
	}
	return p.Interpreter.Interpret(ctx, words, o)
}

// modelled gives a rig the parts of the model generator, all of which pay out of one purse.
func modelled(r *rig, p *purse, g generator.Generator) {
	r.generators[orchestrator.Model] = paying{g, p}
	r.interpreters[orchestrator.Model] = payingInterpreter{grammar.New(), p}
	r.planners[orchestrator.Model] = func(_ context.Context, req orchestrator.PlanRequest) (qlp.Plan, error) {
		if err := p.ask("plan", req.Caps); err != nil {
			return qlp.Plan{}, err
		}
		return planner.Plan(req.Spec, req.Stack)
	}
	r.providers = func(qlp.Settings) error { return nil }
}

func capped(calls int64) orchestrator.Request {
	return orchestrator.Request{Settings: qlp.Settings{
		Generator: orchestrator.Model, Caps: qlp.Caps{Models: qlp.ModelCaps{Run: qlp.Budget{Calls: calls}}},
	}}
}

func calls(n int64) qlp.ModelCaps { return qlp.ModelCaps{Run: qlp.Budget{Calls: n}} }

func (r *rig) untilPaused(id string) qlp.Intent {
	r.t.Helper()
	return r.wait(id, "pause", func(in qlp.Intent) bool { return in.State == qlp.StatePaused || in.State.Over() })
}

// TestACapPausesAndAResumeGoesOn at each place where models are asked: what was done is kept, and nothing is paid for twice.
func TestACapPausesAndAResumeGoesOn(t *testing.T) {
	t.Parallel()
	p := &purse{}
	r := newRig(t, func(r *rig) { modelled(r, p, tiny{}) })
	r.start()
	id := r.submit(capped(0)).ID
	if in := r.end(id, qlp.StateVerified); in.Pause != nil || p.spent() != len(in.Plan.Tasks)+2 {
		t.Fatalf("without a cap: pause %+v, %d calls", in.Pause, p.spent())
	}
	for n := int64(1); n < 8; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			p := &purse{}
			r := newRig(t, func(r *rig) { modelled(r, p, tiny{}) })
			r.start()
			id := r.submit(capped(n)).ID
			in := r.untilPaused(id)
			if in.State != qlp.StatePaused || in.Pause == nil || in.Pause.Number != 1 || in.Pause.Until != nil || p.spent() != int(n) {
				t.Fatalf("%s (%s), pause %+v, %d calls", in.State, in.Reason, in.Pause, p.spent())
			}
			want := qlp.StateRunning
			if n == 1 {
				want = qlp.StateInterpreting
			}
			if in.Pause.From != want || !strings.Contains(in.Reason, "cap of") || !strings.Contains(in.Reason, "qlp intents resume") {
				t.Errorf("paused from %s: %s", in.Pause.From, in.Reason)
			}
			if err := r.ResumeIntent(t.Context(), id, calls(100)); err != nil {
				t.Fatal(err)
			}
			in = r.end(id, qlp.StateVerified)
			if p.spent() != len(in.Plan.Tasks)+2 || in.Settings.Caps.Models.Run.Calls != 100 || in.Pause.Until == nil {
				t.Errorf("%d calls, caps %+v, pause %+v", p.spent(), in.Settings.Caps, in.Pause)
			}
			for _, a := range r.attempts(in) {
				if a.Number != 1 || a.State != qlp.AttemptGood {
					t.Errorf("attempt %d of %s is %s", a.Number, a.TaskID, a.State)
				}
			}
		})
	}
}

// TestTheEventsOfAPause name the cap.
func TestTheEventsOfAPause(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(r *rig) { modelled(r, &purse{}, tiny{}) })
	r.start()
	id := r.submit(capped(3)).ID
	r.untilPaused(id)
	var told []string
	for _, e := range r.events(id) {
		switch e.Type {
		case qlp.EventBudgetReached:
			var b qlp.BudgetReached
			if err := json.Unmarshal(e.Data, &b); err != nil || b.Scope != "run" || b.Cap != "calls" || b.Spent != 3 || b.Limit != 3 || e.TaskID == "" {
				t.Errorf("%s of task %q: %v", e.Data, e.TaskID, err)
			}
			told = append(told, "cap")
		case qlp.EventIntentState:
			var s qlp.StateChanged
			if err := json.Unmarshal(e.Data, &s); err != nil {
				t.Fatal(err)
			}
			if s.To == string(qlp.StatePaused) && s.From == string(qlp.StateRunning) && strings.Contains(s.Reason, "cap of 3 calls") {
				told = append(told, "pause")
			}
		}
	}
	if fmt.Sprint(told) != "[cap pause]" {
		t.Errorf("told: %v", told)
	}
}

func TestWhatAPausedIntentTakes(t *testing.T) {
	t.Parallel()
	p := &purse{}
	r := newRig(t, func(r *rig) { modelled(r, p, tiny{}) })
	r.start()
	id := r.submit(capped(3)).ID
	r.untilPaused(id)
	for name, tc := range map[string]struct {
		caps qlp.ModelCaps
		says string
	}{
		"a lower cap":            {calls(2), "is lower than"},
		"a cap where none is":    {qlp.ModelCaps{Run: qlp.Budget{Micros: 5}}, "no cap on micro-dollars"},
		"less than nothing":      {calls(-1), "is no cap"},
		"a task's where is none": {qlp.ModelCaps{Task: qlp.Budget{Calls: 9}}, "the task has no cap"},
	} {
		err := r.ResumeIntent(t.Context(), id, tc.caps)
		if qlp.CodeOf(err) != qlp.Invalid || qlp.RemedyOf(err) == "" || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A restart resumes nothing.
	r.close()
	r.open()
	r.start()
	if in := r.intent(id); in.State != qlp.StatePaused || p.spent() != 3 {
		t.Errorf("after a restart: %s, %d calls", in.State, p.spent())
	}
	if jobs, err := r.sqlite.Queue.Waiting(t.Context()); err != nil || len(jobs) != 0 {
		t.Errorf("jobs wait: %+v, %v", jobs, err)
	}
	if err := r.Retry(t.Context(), id, ""); qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("a retry: %v", err)
	}
	// The same cap again pauses again, for nothing.
	if err := r.ResumeIntent(t.Context(), id, qlp.ModelCaps{}); err != nil {
		t.Fatal(err)
	}
	in := r.wait(id, "second pause", func(in qlp.Intent) bool { return in.State == qlp.StatePaused && in.Pause.Number == 2 })
	if p.spent() != 3 {
		t.Errorf("%d calls", p.spent())
	}
	if err := r.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	in = r.end(id, qlp.StateCanceled)
	if in.Run.Verdict != qlp.Canceled {
		t.Errorf("run: %+v", in.Run)
	}
	if err := r.ResumeIntent(t.Context(), id, calls(9)); qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("a resume after the cancel: %v", err)
	}
}

// TestPausedTimeDoesNotCount into the cap on wall seconds.
func TestPausedTimeDoesNotCount(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(r *rig) { modelled(r, &purse{}, tiny{}) })
	clock := r.clock
	r.start()
	req := capped(4)
	req.Settings.Caps.WallSeconds = 60
	id := r.submit(req).ID
	r.untilPaused(id)
	r.setClock(func() time.Time { return clock().Add(time.Hour) })
	if err := r.ResumeIntent(t.Context(), id, calls(100)); err != nil {
		t.Fatal(err)
	}
	in := r.end(id, qlp.StateVerified)
	if in.Run.PausedMS < time.Hour.Milliseconds() || in.Run.PausedMS > time.Hour.Milliseconds()+60_000 {
		t.Errorf("paused for %d ms", in.Run.PausedMS)
	}
}

// TestWorkUnderWayOutlastsAPause: of two tasks side by side, one meets the cap while the other is at work. What that one brings
// is kept, and a resume that comes while it is still at work asks for nothing twice.
func TestWorkUnderWayOutlastsAPause(t *testing.T) {
	t.Parallel()
	for _, early := range []bool{false, true} {
		t.Run(map[bool]string{false: "it ends in the pause", true: "it ends after the resume"}[early], func(t *testing.T) {
			t.Parallel()
			p, began, goOn := &purse{}, make(chan struct{}), make(chan struct{})
			var once sync.Once
			r := newRig(t, func(r *rig) {
				modelled(r, p, checking{func(req generator.Request) {
					if req.Task.ID == "wiring" {
						once.Do(func() { close(began) })
						<-goOn
					}
				}})
				r.generators[orchestrator.Model] = waiting{r.generators[orchestrator.Model], began}
			})
			r.start()
			id := r.submit(capped(7)).ID // the interpreter, the planner, four tasks, and one of the two at the end
			r.untilPaused(id)
			if !early {
				close(goOn)
				r.wait(id, "end of the other task", func(in qlp.Intent) bool { return in.Run.Tasks[4].State == qlp.TaskDone })
			}
			if err := r.ResumeIntent(t.Context(), id, calls(8)); err != nil {
				t.Fatal(err)
			}
			if early {
				close(goOn)
			}
			in := r.end(id, qlp.StateVerified)
			if p.spent() != 8 || len(r.attempts(in)) != 6 {
				t.Errorf("%d calls, %d attempts", p.spent(), len(r.attempts(in)))
			}
		})
	}
}

// waiting lets the documents begin after the wiring has.
type waiting struct {
	generator.Generator
	began chan struct{}
}

func (w waiting) Generate(ctx context.Context, req generator.Request) ([]qlp.File, error) {
	if req.Task.ID == "documents" {
		<-w.began
	}
	return w.Generator.Generate(ctx, req)
}

// TestAnOutagePauses after it was tried again, wherever a model is asked; nothing is lost and no repair is spent.
func TestAnOutagePauses(t *testing.T) {
	t.Parallel()
	p, down := &purse{}, &outage{left: 3 + 2} // the first try and two more, of two delays; then one that gets through on its third
	r := newRig(t, func(r *rig) {
		modelled(r, p, tiny{})
		r.generators[orchestrator.Model] = failing{r.generators[orchestrator.Model], down}
	})
	r.start()
	id := r.submit(capped(0)).ID
	in := r.untilPaused(id)
	if in.State != qlp.StatePaused || in.Pause.From != qlp.StateRunning || !strings.Contains(in.Reason, "no answer") {
		t.Fatalf("%s (%s), pause %+v", in.State, in.Reason, in.Pause)
	}
	for _, e := range r.events(id) {
		if e.Type == qlp.EventBudgetReached {
			t.Error("an outage is told as a cap")
		}
	}
	if err := r.ResumeIntent(t.Context(), id, qlp.ModelCaps{}); err != nil {
		t.Fatal(err)
	}
	in = r.end(id, qlp.StateVerified)
	if in.Run.Repairs != 0 || p.spent() != len(in.Plan.Tasks)+2 {
		t.Errorf("%d repairs, %d calls", in.Run.Repairs, p.spent())
	}
}

// outage lasts for some calls.
type outage struct {
	mu   sync.Mutex
	left int
}

type failing struct {
	generator.Generator
	outage *outage
}

func (f failing) Generate(ctx context.Context, req generator.Request) ([]qlp.File, error) {
	f.outage.mu.Lock()
	f.outage.left--
	down := f.outage.left >= 0
	f.outage.mu.Unlock()
	if down {
		return nil, qlp.Errorf(qlp.Unavailable, "no answer from the endpoint").WithRemedy("try again later")
	}
	return f.Generator.Generate(ctx, req)
}

// TestNoProviderIsNoFallback: what is missing is told when the intent is handed in.
func TestNoProviderIsNoFallback(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*rig){
		"no provider at all": func(r *rig) { r.providers = nil },
		"an unknown one": func(r *rig) {
			r.providers = func(qlp.Settings) error { return qlp.Errorf(qlp.Invalid, "no such provider").WithRemedy("x") }
		},
		"no interpreter": func(r *rig) { delete(r.interpreters, orchestrator.Model) },
		"no planner":     func(r *rig) { delete(r.planners, orchestrator.Model) },
		"no generator":   func(r *rig) { delete(r.generators, orchestrator.Model) },
	} {
		r := newRig(t, func(r *rig) { modelled(r, &purse{}, tiny{}); set(r) })
		req := capped(0)
		req.Words = notes
		if in, err := r.Submit(t.Context(), req); qlp.CodeOf(err) != qlp.Invalid || qlp.RemedyOf(err) == "" {
			t.Errorf("%s: intent %s, %v", name, in.ID, err)
		}
	}
	r := newRig(t)
	for name, s := range map[string]qlp.Settings{
		"a provider for the offline generator": {Provider: "somewhere"},
		"a cap below zero":                     {Caps: qlp.Caps{Models: calls(-1)}},
	} {
		if _, err := r.Submit(t.Context(), orchestrator.Request{Words: notes, Settings: s}); qlp.CodeOf(err) != qlp.Invalid || qlp.RemedyOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
