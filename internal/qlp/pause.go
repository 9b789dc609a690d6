package qlp

import "time"

// Pause is a stop at a cap of model calls, or because no model answered. Nothing is lost by it, and a resume ends it.
type Pause struct {
	Number int        `json:"number"` // from 1 within the intent
	From   State      `json:"from"`   // where a resume goes back to
	Reason string     `json:"reason"`
	Since  time.Time  `json:"since"`
	Until  *time.Time `json:"until,omitempty"` // nil while it lasts
}

// RunSpending is what models have taken for a run; Repair is the part of it that went into mending.
type RunSpending struct {
	Spending
	Repair Spending `json:"repair,omitzero"`
}

// BudgetReached says which cap a call would have passed. It is the data of its event, and an error: whoever refuses a call puts
// it into the chain of the error that has code exhausted, so that the event can name more than words.
type BudgetReached struct {
	Scope  string `json:"scope,omitempty"` // task, run, day, team; "" where the refusal did not say
	Cap    string `json:"cap,omitempty"`   // micros, tokens, calls, seconds
	Limit  int64  `json:"limit,omitempty"` // of the cap, in its unit
	Spent  int64  `json:"spent,omitempty"` // so far, the worst case of calls under way among it
	Asked  int64  `json:"asked,omitempty"` // the worst case of the call that was refused
	Reason string `json:"reason,omitempty"`
}

// Error returns the reason.
func (b *BudgetReached) Error() string { return b.Reason }

// Raise returns caps with those of by that are set, each in place of the old one. None may be lower than what stands, and where
// no cap stands none can be set: that would be lower, too.
func (c ModelCaps) Raise(by ModelCaps) (ModelCaps, error) {
	var err error
	if c.Run, err = c.Run.raise("run", by.Run); err != nil {
		return c, err
	}
	c.Task, err = c.Task.raise("task", by.Task)
	return c, err
}

func (b Budget) raise(scope string, by Budget) (Budget, error) {
	for _, f := range []struct {
		name  string
		old   *int64
		asked int64
	}{
		{"micro-dollars", &b.Micros, by.Micros},
		{"tokens", &b.Tokens, by.Tokens},
		{"calls", &b.Calls, by.Calls},
		{"seconds", &b.Seconds, by.Seconds},
	} {
		switch {
		case f.asked == 0:
		case f.asked < 0:
			return b, Errorf(Invalid, "a cap of %d %s is no cap", f.asked, f.name).WithRemedy("give a number above zero")
		case *f.old == 0:
			return b, Errorf(Invalid, "the %s has no cap on %s, so that one cannot be raised", scope, f.name).WithRemedy("leave that cap out")
		case f.asked < *f.old:
			return b, Errorf(Invalid, "a cap of %d %s is lower than the %s's, which is %d", f.asked, f.name, scope, *f.old).
				WithRemedy("give more than that, or leave it out to keep it")
		default:
			*f.old = f.asked
		}
	}
	return b, nil
}

// Or returns b with the bounds of d where it has none.
func (b Budget) Or(d Budget) Budget {
	for _, f := range []struct{ own, other *int64 }{
		{&b.Micros, &d.Micros}, {&b.Tokens, &d.Tokens}, {&b.Calls, &d.Calls}, {&b.Seconds, &d.Seconds},
	} {
		if *f.own == 0 {
			*f.own = *f.other
		}
	}
	return b
}

// Or returns c with the bounds of d where it has none.
func (c ModelCaps) Or(d ModelCaps) ModelCaps {
	return ModelCaps{Run: c.Run.Or(d.Run), Task: c.Task.Or(d.Task)}
}

// negative reports whether a bound is below zero.
func (b Budget) negative() bool { return min(b.Micros, b.Tokens, b.Calls, b.Seconds) < 0 }

// Check refuses bounds below zero.
func (c ModelCaps) Check() error {
	if c.Run.negative() || c.Task.negative() {
		return Errorf(Invalid, "a cap on model calls is below zero").WithRemedy("give a number above zero, or leave it out for no cap of that kind")
	}
	return nil
}
