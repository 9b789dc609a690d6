package capsule

import (
	"context"
	"fmt"
	"slices"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator"
)

// Comparison is one line of a rerun's table: what the capsule says, and what came out this time.
type Comparison struct {
	Check    string `json:"check"` // key, or the id of an execution
	Recorded string `json:"recorded"`
	Again    string `json:"again"`
	Same     bool   `json:"same"`
	Untried  string `json:"untried,omitempty"` // why it could not be run this time: a tool is missing on this machine
}

// Rerun is the outcome of running a capsule's commands again.
type Rerun struct {
	Comparisons []Comparison `json:"comparisons"`
	Verdict     qlp.Verdict  `json:"verdict"` // what the checks of this time would give, with the capsule's requirements
}

// Same reports whether everything came out as recorded.
func (r Rerun) Same() bool {
	return !slices.ContainsFunc(r.Comparisons, func(c Comparison) bool { return !c.Same })
}

// Untried returns why something was not run again, if that is all that keeps the rerun from being the same: this machine
// could not ask, and nothing is known to be wrong.
func (r Rerun) Untried() []string {
	var reasons []string
	for _, c := range r.Comparisons {
		switch {
		case c.Same:
		case c.Untried == "":
			return nil
		case !slices.Contains(reasons, c.Untried):
			reasons = append(reasons, c.Untried)
		}
	}
	return reasons
}

// Rerun unpacks the project into fresh sandboxes, runs every recorded command again through v, and compares the status and
// the test counts of each check, and the command, verdict and exit code of each execution. Times are not compared, nor are reviews, which run nothing. It
// returns an error only when the machine cannot do it; a difference is part of the result.
func (c *Capsule) Rerun(ctx context.Context, v validator.Validator, progress func(qlp.Check)) (Rerun, error) {
	report, err := v.Validate(ctx, c.Subject(), progress)
	if err != nil {
		return Rerun{}, fmt.Errorf("run the capsule's commands: %w", err)
	}
	var r Rerun
	again := map[string]qlp.Check{}
	for _, k := range report.Checks {
		again[k.Key()] = k
	}
	untried := map[string]string{} // by check
	required := make([]qlp.Check, 0, len(c.Checks))
	for _, k := range c.Checks {
		now, ok := again[k.Key()]
		if !ok && k.Layer == qlp.LayerReview && !k.Required {
			continue // somebody's opinion, which decided nothing: there is no command to run again
		}
		if !ok {
			now = qlp.Skip(k.Layer, k.Name, "it was not run again")
		}
		delete(again, k.Key())
		if now.Status() == qlp.NotRun && k.Status() != qlp.NotRun {
			untried[k.Key()] = k.Key() + ": " + now.Reason
		}
		r.compare(k.Key(), describe(k), describe(now), untried[k.Key()])
		now.Required = k.Required
		required = append(required, now)
	}
	for _, k := range report.Checks {
		if _, extra := again[k.Key()]; extra {
			r.compare(k.Key(), "not there", describe(k), "")
		}
	}
	r.compareExecutions(c.Executions, report.Executions, untried)
	r.Verdict = qlp.Decide(required)
	return r, nil
}

func (r *Rerun) compare(check, recorded, now, untried string) {
	r.Comparisons = append(r.Comparisons, Comparison{check, recorded, now, recorded == now, untried})
}

func (r *Rerun) compareExecutions(recorded, now []qlp.Execution, untried map[string]string) {
	byID := map[string]qlp.Execution{}
	for _, x := range now {
		byID[x.ID] = x
	}
	for _, x := range recorded {
		again, why := "not run", untried[x.Check]
		if y, ok := byID[x.ID]; ok {
			again, why = describeExecution(y), ""
		}
		r.compare(x.ID, describeExecution(x), again, why)
	}
}

func describe(k qlp.Check) string {
	s := string(k.Status())
	if k.Counts != nil {
		s += fmt.Sprintf(", %d passed, %d failed, %d skipped", k.Counts.Passed, k.Counts.Failed, k.Counts.Skipped)
	}
	return s
}

func describeExecution(x qlp.Execution) string {
	return fmt.Sprintf("%q: %s, exit code %d", x.Argv, x.Verdict, x.ExitCode)
}
