package capsule

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator"
)

// outcome is a validator's answer of another day.
type outcome validator.Report

func (o outcome) Validate(context.Context, validator.Subject, func(qlp.Check)) (validator.Report, error) {
	return validator.Report(o), nil
}

func (o outcome) Syntax(context.Context, qlp.Stack, []qlp.File) ([]qlp.Check, error) { return nil, nil }

func TestRerunCompares(t *testing.T) {
	t.Parallel()
	in := sample(t)
	c, err := Read(pack(t, in, key(t)))
	if err != nil {
		t.Fatal(err)
	}
	x, check := in.Report.Executions[0], in.Report.Checks[0]
	ran := func(change func(*qlp.Execution)) []qlp.Execution { y := x; change(&y); return []qlp.Execution{y} }
	asBefore := ran(func(y *qlp.Execution) { y.WallMS, y.StartedAt = 99, y.StartedAt.AddDate(1, 0, 0) })
	for name, again := range map[string]struct {
		report  validator.Report
		same    bool
		untried string
		verdict qlp.Verdict
	}{
		"as before":       {validator.Report{Checks: []qlp.Check{check}, Executions: asBefore}, true, "", qlp.Verified},
		"fewer tests":     {validator.Report{Checks: []qlp.Check{check.WithCounts(qlp.Counts{Passed: 2})}, Executions: asBefore}, false, "", qlp.Verified},
		"it fails":        {validator.Report{Checks: []qlp.Check{qlp.Fail(qlp.LayerTest, "acceptance", qlp.FromExecutions(x), "no")}, Executions: asBefore}, false, "", qlp.VerdictFailed},
		"another exit":    {validator.Report{Checks: []qlp.Check{check}, Executions: ran(func(y *qlp.Execution) { y.ExitCode = 1 })}, false, "", qlp.Verified},
		"another command": {validator.Report{Checks: []qlp.Check{check}, Executions: ran(func(y *qlp.Execution) { y.Argv = []string{"true"} })}, false, "", qlp.Verified},
		"no tool":         {validator.Report{Checks: []qlp.Check{qlp.Skip(qlp.LayerTest, "acceptance", "go is missing")}}, false, "test/acceptance: go is missing", qlp.Unverified},
		"no tool, and one that nobody recorded": {validator.Report{Checks: []qlp.Check{
			qlp.Skip(qlp.LayerTest, "acceptance", "go is missing"), qlp.Pass(qlp.LayerTest, "more", qlp.FromExecutions(x)),
		}}, false, "", qlp.Unverified},
		"the check is gone":     {validator.Report{Executions: asBefore}, false, "test/acceptance: it was not run again", qlp.Unverified},
		"the execution is gone": {validator.Report{Checks: []qlp.Check{check}}, false, "", qlp.Verified},
	} {
		r, err := c.Rerun(t.Context(), outcome(again.report), nil)
		if err != nil || r.Same() != again.same || r.Verdict != again.verdict || strings.Join(r.Untried(), "; ") != again.untried {
			t.Errorf("%s: same %t, untried %v, %s, %v\n%+v", name, r.Same(), r.Untried(), r.Verdict, err, r.Comparisons)
		}
		if !slices.ContainsFunc(r.Comparisons, func(x Comparison) bool { return x.Check == "test-1" }) {
			t.Errorf("%s: the execution is not compared", name)
		}
	}
}

// TestRerunAsksNoReviewer: a model's review was no command, and a capsule that has one can be the same all the same.
func TestRerunAsksNoReviewer(t *testing.T) {
	t.Parallel()
	for required, untried := range map[bool]string{false: "", true: "review/model: it was not run again"} {
		in := sample(t)
		review := qlp.Pass(qlp.LayerReview, "model", qlp.FromReading(qlp.DigestOf(nil)))
		review.Required = required
		judged := in.Report
		in.Report.Checks = append(slices.Clone(judged.Checks), review)
		c, err := Read(pack(t, in, key(t)))
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.Rerun(t.Context(), outcome(judged), nil)
		if err != nil || r.Same() == required || strings.Join(r.Untried(), "; ") != untried {
			t.Errorf("required %t: same %t, untried %v, %v\n%+v", required, r.Same(), r.Untried(), err, r.Comparisons)
		}
	}
}
