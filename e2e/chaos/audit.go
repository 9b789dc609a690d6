package chaos

import (
	"fmt"
	"slices"
)

// Violation is something that must not be.
type Violation struct {
	Rule    string
	Subject string // an intent, a run, a file
	Detail  string
}

// String says it in one line.
func (v Violation) String() string { return fmt.Sprintf("%s: %s: %s", v.Rule, v.Subject, v.Detail) }

// findings collects violations of one rule after the other.
type findings struct {
	rule string
	list []Violation
}

func (f *findings) add(subject, format string, args ...any) {
	f.list = append(f.list, Violation{f.rule, subject, fmt.Sprintf(format, args...)})
}

// AuditFacts holds what the database says against what must be true of it.
func AuditFacts(f Facts) []Violation {
	x := index(f)
	var out []Violation
	for _, rule := range []struct {
		name  string
		check func(*indexed, *findings)
	}{
		{"one terminal state", oneEnd},
		{"event sequences", sequences},
		{"moves", moves},
		{"steps told once", stepsOnce},
		{"attempts", attempts},
		{"checks told once", checksOnce},
		{"ledger", ledger},
		{"queue", queue},
		{"idempotency keys", keys},
	} {
		found := findings{rule: rule.name}
		rule.check(x, &found)
		out = append(out, found.list...)
	}
	return out
}

// indexed is the facts, by what they are of.
type indexed struct {
	Facts
	events   map[string][]Event   // by intent
	runs     map[string][]Run     // by intent
	tasks    map[string][]Task    // by run
	attempts map[string][]Attempt // by run and task
}

func index(f Facts) *indexed {
	x := &indexed{Facts: f, events: map[string][]Event{}, runs: map[string][]Run{}, tasks: map[string][]Task{}, attempts: map[string][]Attempt{}}
	for _, e := range f.Events {
		x.events[e.IntentID] = append(x.events[e.IntentID], e)
	}
	for _, r := range f.Runs {
		x.runs[r.IntentID] = append(x.runs[r.IntentID], r)
	}
	for _, t := range f.Tasks {
		x.tasks[t.RunID] = append(x.tasks[t.RunID], t)
	}
	for _, a := range f.Attempts {
		key := a.RunID + "/" + a.TaskID
		x.attempts[key] = append(x.attempts[key], a)
	}
	return x
}

// queue: nothing waits, runs, or was thrown away.
func queue(x *indexed, f *findings) {
	for state, n := range x.Jobs {
		if !slices.Contains([]string{"completed", "cancelled"}, state) && n > 0 {
			f.add("jobs", "%d are %s", n, state)
		}
	}
}

// keys: an idempotency key has one intent. The table cannot hold two; whether the callers were told that one is AuditGuests'.
func keys(x *indexed, f *findings) {
	seen := map[string]string{}
	for _, in := range x.Intents {
		if before, twice := seen[in.Key]; twice && in.Key != "" {
			f.add(in.ID, "its key %s is that of %s, too", in.Key, before)
		}
		seen[in.Key] = in.ID
	}
}
