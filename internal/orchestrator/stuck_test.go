package orchestrator

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator"
)

// tests is a failure of n tests, which says what.
func tests(what string, n int) []qlp.Check {
	c := qlp.Fail(qlp.LayerTest, "acceptance", qlp.FromReading(qlp.DigestOf(nil)), what).WithCounts(qlp.Counts{Failed: n, Passed: 1})
	c.Required = true
	return []qlp.Check{c}
}

// repairs are attempts of one task, a minute apart, each against a failure and each with files of its own.
func repairs(task string, failures ...[]qlp.Check) []qlp.Attempt {
	first := qlp.Attempt{TaskID: task, Number: 1, Tree: written("1")}
	out := []qlp.Attempt{first}
	for i, f := range failures {
		n := i + 2
		out = append(out, qlp.Attempt{TaskID: task, Number: n, Failure: f, Tree: written(fmt.Sprint(n)), StartedAt: time.Unix(int64(60*n), 0)})
	}
	return out
}

func written(text string) qlp.Tree {
	return qlp.Tree{{Path: "a.py", Digest: qlp.DigestOf([]byte(text)), Size: int64(len(text))}}
}

// TestStuckPatterns names each of them, and no other, and what strategy follows.
func TestStuckPatterns(t *testing.T) {
	t.Parallel()
	same := repairs("handlers", tests("a", 3))
	same[1].Tree = same[0].Tree
	for name, tc := range map[string]struct {
		before []qlp.Attempt
		now    []qlp.Check
		want   []qlp.Pattern
		next   generator.Strategy
	}{
		"a first failure":           {repairs("handlers"), tests("a", 3), nil, generator.AsUsual},
		"another failure":           {repairs("handlers", tests("a", 3)), tests("b", 2), nil, generator.AsUsual},
		"the same one, with others": {repairs("handlers", tests("line 7", 3)), tests("line 9", 3), []qlp.Pattern{qlp.SameFailure}, generator.MoreContext},
		"the same one thrice":       {repairs("handlers", tests("a", 3), tests("a", 2)), tests("a", 1), []qlp.Pattern{qlp.SameFailure}, generator.Elsewhere},
		"what was there":            {same, tests("b", 2), []qlp.Pattern{qlp.SameFiles}, generator.MoreContext},
		"A-B-A-B":                   {repairs("handlers", tests("a", 3), tests("b", 2), tests("a", 1)), tests("b", 1), []qlp.Pattern{qlp.SameFailure, qlp.Alternating}, generator.Elsewhere},
		"A-B-A-C":                   {repairs("handlers", tests("a", 4), tests("b", 3), tests("a", 2)), tests("c", 1), nil, generator.AsUsual},
		"no fewer tests fail":       {repairs("handlers", tests("a", 3), tests("b", 3)), tests("c", 4), []qlp.Pattern{qlp.NoProgress}, generator.MoreContext},
		"fewer tests fail":          {repairs("handlers", tests("a", 3), tests("b", 2)), tests("c", 1), nil, generator.AsUsual},
		"another task's own fault":  {repairs("wiring", []qlp.Check{own("it hung")}), []qlp.Check{own("it hung")}, nil, generator.AsUsual},
		"its own fault again":       {repairs("handlers", []qlp.Check{own("it hung")}), []qlp.Check{own("it hung")}, []qlp.Pattern{qlp.SameFailure}, generator.MoreContext},
		"what is not required":      {repairs("handlers", tests("a", 1)), []qlp.Check{bad(qlp.LayerTest, false)}, nil, generator.AsUsual},
	} {
		var got []qlp.Pattern
		for _, s := range stuck(tc.before, "handlers", tc.now) {
			got = append(got, s.Pattern)
			if s.Signature == "" {
				t.Errorf("%s: %+v has no signature", name, s)
			}
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
		if s := strategy(tc.before, "handlers", tc.now); s != tc.next {
			t.Errorf("%s: strategy %q, want %q", name, s, tc.next)
		}
	}
}

func own(reason string) qlp.Check { return ownFailure(qlp.Attempt{Reason: reason})[0] }

// TestTheThirdTimeStops: an attempt's own fault that three repairs have met ends the run, whatever repairs are left.
func TestTheThirdTimeStops(t *testing.T) {
	t.Parallel()
	in := running(t, 3)
	in.Run.Tasks[3].State, in.Run.Tasks[3].Attempts = qlp.TaskRunning, 4
	caps := qlp.Caps{Repairs: 50}
	failed := qlp.Attempt{TaskID: "handlers", Number: 4, State: qlp.AttemptFailed, Reason: "it hung"}
	f := []qlp.Check{own("it hung")}
	if d := attemptFailed(in, in.Run.Tasks[3], failed, repairs("handlers", f, f), caps); !d.repair || d.stuck[0].Next != string(generator.Elsewhere) {
		t.Errorf("after two repairs: %+v", d)
	}
	d := attemptFailed(in, in.Run.Tasks[3], failed, repairs("handlers", f, f, f), caps)
	if d.verdict != qlp.VerdictFailed || !strings.Contains(d.reason, "three repairs") || len(d.stuck) != 1 || d.stuck[0].Next != "" {
		t.Errorf("after three: %+v", d)
	}
}

// TestModelsHaveAThirdTry at the same task, where the offline generator's next suspect has its turn.
func TestModelsHaveAThirdTry(t *testing.T) {
	t.Parallel()
	in := running(t, 6)
	f := []qlp.Check{bad(qlp.LayerBuild, true, finding("service/store/a.py"))}
	before := repairs("storage", f, f)
	if task, why := mender(in, f, before, true); task == nil || task.TaskID != "storage" {
		t.Errorf("a model: %+v, %s", task, why)
	}
	if task, why := mender(in, f, before, false); task == nil || task.TaskID == "storage" {
		t.Errorf("offline: %+v, %s", task, why)
	}
	if task, why := mender(in, f, repairs("storage", f, f, f), true); task != nil || why == "" {
		t.Errorf("a fourth try: %+v", task)
	}
}

// TestPrintedIsTheEnd of what failed executions wrote, and of no others.
func TestPrintedIsTheEnd(t *testing.T) {
	t.Parallel()
	long := []byte(strings.Repeat("a line of no matter\n", 1000) + "the last word\n")
	wrong := []byte("out\xff\n")
	logs := []validator.Log{{Digest: qlp.DigestOf(long), Content: long}, {Digest: qlp.DigestOf(wrong), Content: wrong}}
	r := validator.Report{Logs: logs}
	for i := range 12 {
		r.Executions = append(r.Executions, qlp.Execution{ID: fmt.Sprint("x", i), Stdout: logs[1].Digest, Stderr: logs[0].Digest})
	}
	var all []string
	for _, x := range r.Executions {
		all = append(all, x.ID)
	}
	got := printed(r, []string{"x3"}, 100)
	if len(got) != 1 || len(got["x3"]) > 100 || !strings.HasSuffix(got["x3"], "the last word\n") || !strings.HasPrefix(got["x3"], "a line") {
		t.Errorf("printed: %q", got)
	}
	if got := printed(r, all, 1<<20); len(got) != evidenceMost || !strings.HasPrefix(got["x0"], "out\uFFFD\n") {
		t.Errorf("%d printed, the first %.20q", len(got), got["x0"])
	}
}
