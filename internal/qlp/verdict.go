package qlp

// Verdict is a run's outcome.
type Verdict string

// The verdicts of a run that is over.
const (
	Verified      Verdict = "verified"   // every required check passed
	Unverified    Verdict = "unverified" // a required check could not be answered
	VerdictFailed Verdict = "failed"     // a required check failed and the repair budget is spent
	Canceled      Verdict = "canceled"
)

// Decide computes the verdict from the checks: failed if a required one failed, else unverified if a required one was not
// run or broke, else verified. Without a single required check nothing was asked, so the answer is unverified.
// A check that is not required never decides.
func Decide(checks []Check) Verdict {
	required, open := 0, 0
	for _, c := range checks {
		if !c.Required {
			continue
		}
		required++
		switch c.status {
		case Passed:
		case Failed:
			return VerdictFailed
		default:
			open++
		}
	}
	if required == 0 || open > 0 {
		return Unverified
	}
	return Verified
}

// ReasonOf says in one line why a verdict is not verified: the first required check that did not pass.
func ReasonOf(checks []Check, verdict Verdict) string {
	if verdict == Verified {
		return ""
	}
	for _, c := range checks {
		open := c.Status() == NotRun || c.Status() == Errored
		if c.Required && (c.Status() == Failed || verdict == Unverified && open) {
			reason := c.Key() + " is " + string(c.Status())
			if c.Reason != "" {
				reason += ": " + c.Reason
			}
			return reason
		}
	}
	return "no check was required"
}
