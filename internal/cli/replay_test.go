package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func finished(text string, failing int) qlp.Intent {
	spec, plan := qlp.Spec{Title: "Notes"}, twoTasks()
	tree := qlp.Tree{{Path: "a", Digest: qlp.DigestOf([]byte(text))}}
	tests := qlp.Pass(qlp.LayerTest, "unit", qlp.FromReading(qlp.DigestOf(nil))).WithCounts(qlp.Counts{Passed: 7, Failed: failing})
	return qlp.Intent{ID: text, State: qlp.StateVerified, Spec: &spec, Plan: &plan, Run: &qlp.Run{
		Verdict: qlp.Verified, Tree: tree.Digest(), Checks: []qlp.Check{tests}, Tasks: []qlp.TaskRun{{TaskID: "domain", Tree: tree}},
	}}
}

// TestCompare finds each way in which two runs may differ, and none where they do not.
func TestCompare(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(*qlp.Intent){
		"":                func(*qlp.Intent) {},
		"spec":            func(in *qlp.Intent) { in.Spec = &qlp.Spec{Title: "Other"} },
		"plan":            func(in *qlp.Intent) { in.Plan = nil },
		"files of domain": func(in *qlp.Intent) { in.Run.Tasks[0].Tree = nil },
		"frozen tests":    func(in *qlp.Intent) { in.Run.Frozen = qlp.DigestOf(nil) },
		"project":         func(in *qlp.Intent) { in.Run.Tree = "" },
		"state":           func(in *qlp.Intent) { in.Run.Verdict = qlp.Unverified },
		"repairs":         func(in *qlp.Intent) { in.Run.Repairs = 1 },
		"test/unit":       func(in *qlp.Intent) { in.Run.Checks = finished("x", 1).Run.Checks },
	} {
		is := finished("x", 0)
		change(&is)
		var differ []string
		rows := compare(finished("x", 0), is)
		for _, r := range rows {
			if r.Differ {
				differ = append(differ, r.What)
			}
		}
		if got := strings.Join(differ, " "); got != what {
			t.Errorf("%q differ, want %q", got, what)
		}
		var out bytes.Buffer
		err := (&command{out: &out, err: &out}).compared(rows, is, time.Second)
		if (err == nil) != (what == "") || what != "" && (!errors.Is(err, exitError(exitFailed)) || !strings.Contains(out.String(), "different")) {
			t.Errorf("%q: %v\n%s", what, err, out.String())
		}
	}
	is := finished("x", 0)
	is.Run, is.State = nil, qlp.StateNeedsInput
	if rows := compare(finished("x", 0), is); len(rows) < 8 {
		t.Errorf("without a run: %+v", rows)
	}
}
