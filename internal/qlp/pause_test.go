package qlp

import "testing"

func TestCapsAreRaisedAndNeverLowered(t *testing.T) {
	t.Parallel()
	now := ModelCaps{Run: Budget{Micros: 100, Tokens: 50}, Task: Budget{Calls: 3}}
	got, err := now.Raise(ModelCaps{Run: Budget{Tokens: 60}, Task: Budget{Calls: 3}})
	if want := (ModelCaps{Run: Budget{Micros: 100, Tokens: 60}, Task: Budget{Calls: 3}}); err != nil || got != want {
		t.Errorf("raised to %+v, %v", got, err)
	}
	for name, by := range map[string]ModelCaps{
		"lower":            {Run: Budget{Micros: 99}},
		"of a task, lower": {Task: Budget{Calls: 2}},
		"none to raise":    {Run: Budget{Seconds: 5}},
		"below zero":       {Run: Budget{Micros: -1}},
	} {
		if got, err := now.Raise(by); CodeOf(err) != Invalid || RemedyOf(err) == "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if err := (ModelCaps{Task: Budget{Seconds: -1}}).Check(); CodeOf(err) != Invalid {
		t.Errorf("below zero: %v", err)
	}
	if err := now.Check(); err != nil {
		t.Error(err)
	}
}

func TestCapsTakeWhatTheyLackFromOthers(t *testing.T) {
	t.Parallel()
	got := ModelCaps{Run: Budget{Micros: 1}}.Or(ModelCaps{Run: Budget{Micros: 9, Tokens: 8, Calls: 7, Seconds: 6}, Task: Budget{Calls: 5}})
	if want := (ModelCaps{Run: Budget{Micros: 1, Tokens: 8, Calls: 7, Seconds: 6}, Task: Budget{Calls: 5}}); got != want {
		t.Errorf("got %+v", got)
	}
}
