package orchestrator

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/planner"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/stack"
	"github.com/quantumlayer/qlp/internal/store"
)

// running returns an intent whose run has its first n tasks done.
func running(t *testing.T, n int) qlp.Intent {
	t.Helper()
	st, err := stack.Find("python")
	if err != nil {
		t.Fatal(err)
	}
	spec := qlp.Spec{Title: "Notes", Kind: qlp.KindService, Stack: "python", Entities: []qlp.Entity{{Name: "note", Fields: []qlp.Field{{Name: "title", Type: qlp.TypeString}}}}}
	plan, err := planner.Plan(spec, st)
	if err != nil {
		t.Fatal(err)
	}
	in := qlp.Intent{ID: "i", State: qlp.StateRunning, Spec: &spec, Plan: &plan}
	run := newRun(in, 1)
	run.ID = "r"
	for i := range n {
		run.Tasks[i].State, run.Tasks[i].Attempts = qlp.TaskDone, 1
	}
	in.Run = &run
	return in
}

func bad(layer qlp.Layer, required bool, findings ...qlp.Finding) qlp.Check {
	c := qlp.Fail(layer, "x", qlp.FromReading(qlp.DigestOf(nil)), "it is wrong", findings...)
	c.Required = required
	return c
}

func finding(path string) qlp.Finding {
	return qlp.Finding{Path: path, Line: 7, Severity: "error", Message: "line 7 of /tmp/a/b is wrong at 0xbeef"}
}

func TestAdvance(t *testing.T) {
	t.Parallel()
	for n, want := range [][]string{{"acceptance"}, {"domain"}, {"storage"}, {"handlers"}, {"wiring", "documents"}} {
		d := advance(running(t, n))
		var got []string
		for _, m := range d.tasks {
			got = append(got, m.id)
		}
		if diff := cmp.Diff(want, got); diff != "" || len(d.jobs) != len(want) || d.intent != "" {
			t.Errorf("after %d tasks: %+v\n%s", n, d, diff)
		}
	}
	if d := advance(running(t, 6)); d.intent != qlp.StateVerifying || len(d.jobs) != 1 || d.jobs[0].Kind != store.JobVerify {
		t.Errorf("after all: %+v", d)
	}
	// One of two parallel tasks is under way: nothing follows from the other's end yet.
	in := running(t, 5)
	in.Run.Tasks[5].State = qlp.TaskRunning
	if d := advance(in); d.intent != "" || len(d.jobs) != 0 {
		t.Errorf("with one task running: %+v", d)
	}
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	in := running(t, 6)
	for name, tc := range map[string]struct {
		checks []qlp.Check
		first  []string
	}{
		"the file's owner":                   {[]qlp.Check{bad(qlp.LayerBuild, true, finding("service/store/a.py"))}, []string{"storage", "wiring"}},
		"whoever has most findings":          {[]qlp.Check{bad(qlp.LayerBuild, true, finding("service/store/a.py"), finding("README.md"), finding("README.md"))}, []string{"documents", "storage"}},
		"a test that fails is not mended":    {[]qlp.Check{bad(qlp.LayerTest, true, finding("acceptance/test_acceptance.py"))}, []string{"handlers", "storage"}},
		"what is not required counts for no": {[]qlp.Check{bad(qlp.LayerTest, false, finding("service/store/a.py"))}, nil},
	} {
		got := candidates(in, tc.checks)
		if !slices.Equal(got[:min(len(got), len(tc.first))], tc.first) || slices.Contains(got, "acceptance") || len(tc.first) == 0 && len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestSignatureLeavesOutWhatChanges(t *testing.T) {
	t.Parallel()
	a := bad(qlp.LayerBuild, true, finding("a.py"))
	b := bad(qlp.LayerBuild, true, qlp.Finding{Path: "a.py", Line: 9, Severity: "error", Message: "line 12 of /tmp/c/d is wrong at 0xf00"})
	other := bad(qlp.LayerBuild, true, qlp.Finding{Path: "a.py", Severity: "error", Message: "something else"})
	if signature([]qlp.Check{a}) != signature([]qlp.Check{b}) {
		t.Errorf("%q is not %q", signature([]qlp.Check{a}), signature([]qlp.Check{b}))
	}
	if signature([]qlp.Check{a}) == signature([]qlp.Check{other}) || signature([]qlp.Check{a}) == "" {
		t.Error("another failure has the same signature")
	}
}

// TestPendingJobs: every state that is not over and waits for nobody asks for at least one job; every other asks for none.
func TestPendingJobs(t *testing.T) {
	t.Parallel()
	for _, s := range []qlp.State{
		qlp.StateReceived, qlp.StateInterpreting, qlp.StateNeedsInput, qlp.StatePlanned, qlp.StateAwaitingApproval, qlp.StateRunning,
		qlp.StateVerifying, qlp.StateAwaitingRelease, qlp.StatePaused, qlp.StateVerified, qlp.StateUnverified, qlp.StateFailed, qlp.StateCanceled,
	} {
		in := running(t, 0)
		in.State = s
		in.Run.Tasks[0].State = qlp.TaskReady
		want := !s.Over() && s != qlp.StateAwaitingApproval && s != qlp.StateAwaitingRelease && s != qlp.StatePaused
		if got := len(pendingJobs(in)) > 0; got != want {
			t.Errorf("%s: jobs %v, want %v", s, got, want)
		}
	}
	for state, attempt := range map[qlp.TaskState]int{qlp.TaskReady: 3, qlp.TaskRepairing: 3, qlp.TaskRunning: 2, qlp.TaskPending: 0, qlp.TaskDone: 0} {
		in := running(t, 0)
		in.Run.Tasks[2].State, in.Run.Tasks[2].Attempts = state, 2
		jobs := pendingJobs(in)
		if attempt == 0 && len(jobs) != 0 || attempt != 0 && (len(jobs) != 1 || jobs[0].Attempt != attempt || jobs[0].TaskID != "storage") {
			t.Errorf("a %s task: %+v", state, jobs)
		}
	}
}

func TestJudged(t *testing.T) {
	t.Parallel()
	in := running(t, 6)
	in.State = qlp.StateVerifying
	caps := qlp.DefaultCaps()
	good := qlp.Pass(qlp.LayerTest, "unit", qlp.FromReading(qlp.DigestOf(nil)))
	good.Required = true
	broken := qlp.Broken(qlp.LayerTest, "unit", qlp.Evidence{}, "the sandbox is lost")
	broken.Required = true
	wrong := bad(qlp.LayerBuild, true, finding("service/store/a.py"))
	for name, tc := range map[string]struct {
		checks  []qlp.Check
		capped  string
		repairs int
		verdict qlp.Verdict // "" means a repair
	}{
		"all good":                      {checks: []qlp.Check{good}, verdict: qlp.Verified},
		"no check at all":               {verdict: qlp.Unverified},
		"the machine failed":            {checks: []qlp.Check{good, broken}, verdict: qlp.Unverified},
		"a fault":                       {checks: []qlp.Check{good, wrong}},
		"a fault, and the cap":          {checks: []qlp.Check{good, wrong}, capped: "cap reached", verdict: qlp.VerdictFailed},
		"a fault, and repairs are gone": {checks: []qlp.Check{good, wrong}, repairs: 3, verdict: qlp.VerdictFailed},
	} {
		now := in
		run := *in.Run
		run.Repairs = tc.repairs
		now.Run = &run
		d := judged(now, tc.checks, nil, caps, tc.capped, false)
		if d.verdict != tc.verdict || d.repair != (tc.verdict == "") || (tc.verdict != qlp.Verified) != (d.reason != "") {
			t.Errorf("%s: %+v", name, d)
		}
		if tc.verdict == "" && (d.jobs[0].TaskID != "storage" || d.jobs[0].Attempt != 2 || d.intent != qlp.StateRunning) {
			t.Errorf("%s: %+v", name, d)
		}
	}
}
