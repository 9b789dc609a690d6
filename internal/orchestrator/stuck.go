package orchestrator

import (
	"cmp"
	"slices"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// round is one failure that a repair was made against, or is about to be.
type round struct {
	sign    string // its signature
	failing int    // tests that failed; 0 where none was counted
}

func roundOf(failure []qlp.Check) round {
	r := round{sign: signature(failure)}
	for _, c := range failure {
		if c.Layer == qlp.LayerTest && c.Required && c.Counts != nil {
			r.failing += c.Counts.Failed
		}
	}
	return r
}

// rounds returns the failures that attempts were made against, in the order in which these began.
func rounds(attempts []qlp.Attempt) []round {
	began := slices.Clone(attempts)
	slices.SortStableFunc(began, func(a, b qlp.Attempt) int { return a.StartedAt.Compare(b.StartedAt) })
	var out []round
	for _, a := range began {
		if len(a.Failure) > 0 {
			out = append(out, roundOf(a.Failure))
		}
	}
	return out
}

// stuck names the ways in which the repairs of a run go in circles, as a new failure shows them: attempts are those that began
// before, taskID the task that mends next ("" where none does).
func stuck(attempts []qlp.Attempt, taskID string, failure []qlp.Check) []qlp.RepairStuck {
	now := roundOf(failure)
	if now.sign == "" {
		return nil
	}
	if failure[0].Key() == ownKey { // it says something of this task alone
		attempts = of(attempts, taskID)
	}
	before := rounds(attempts)
	var found []qlp.RepairStuck
	add := func(p qlp.Pattern, times int) {
		found = append(found, qlp.RepairStuck{Pattern: p, Signature: now.sign, Times: times})
	}
	if n := timesTried(before, now.sign); n > 0 {
		add(qlp.SameFailure, n+1)
	}
	if sameFiles(attempts, taskID) {
		add(qlp.SameFiles, 0)
	}
	if n := len(before); n >= 3 {
		a, b, c := before[n-3], before[n-2], before[n-1]
		if a.sign == c.sign && b.sign == now.sign && a.sign != b.sign {
			add(qlp.Alternating, 0)
		}
	}
	if n := len(before); n >= 2 {
		a, b := before[n-2], before[n-1]
		if a.failing > 0 && b.failing >= a.failing && now.failing >= b.failing {
			add(qlp.NoProgress, now.failing)
		}
	}
	return found
}

// of returns the attempts at one task.
func of(attempts []qlp.Attempt, taskID string) []qlp.Attempt {
	return slices.DeleteFunc(slices.Clone(attempts), func(a qlp.Attempt) bool { return a.TaskID != taskID })
}

func timesTried(before []round, sign string) int {
	n := 0
	for _, r := range before {
		if r.sign == sign {
			n++
		}
	}
	return n
}

// sameFiles reports whether the last two attempts that have written anything for a task have written the same.
func sameFiles(attempts []qlp.Attempt, taskID string) bool {
	var own []qlp.Attempt
	for _, a := range attempts {
		if a.TaskID == taskID && len(a.Tree) > 0 {
			own = append(own, a)
		}
	}
	slices.SortFunc(own, func(a, b qlp.Attempt) int { return cmp.Compare(a.Number, b.Number) })
	n := len(own)
	return n >= 2 && own[n-1].Tree.Digest() == own[n-2].Tree.Digest()
}

// strategy says how a task's next attempt at a failure differs from those before it. The same failure a second time asks for
// more context, a third time for the task to be written anew elsewhere; a repair that changed nothing or did not help asks
// for more context at once, and two failures that take turns for another hand.
func strategy(attempts []qlp.Attempt, taskID string, failure []qlp.Check) generator.Strategy {
	best := generator.AsUsual
	for _, s := range stuck(attempts, taskID, failure) {
		switch {
		case s.Pattern == qlp.Alternating, s.Pattern == qlp.SameFailure && s.Times >= sameInRun:
			return generator.Elsewhere
		default:
			best = generator.MoreContext
		}
	}
	return best
}

// told adds the patterns to a decision, with the strategy that follows from them.
func told(d decision, attempts []qlp.Attempt, taskID string, failure []qlp.Check) decision {
	d.stuck = stuck(attempts, taskID, failure)
	if d.repair {
		next := strategy(attempts, taskID, failure)
		for i := range d.stuck {
			d.stuck[i].Next = string(next)
		}
	}
	return d
}
