package chaos

import (
	"maps"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// ledger: no call is open, none is doubled, each is told of once, and the sums are those of the rows.
func ledger(x *indexed, f *findings) {
	sums := map[string]*Spending{}
	answered, told := map[string]string{}, map[string]int{}
	for _, e := range x.Events {
		if e.Type == qlp.EventCallSettled {
			told[e.IntentID]++
		}
	}
	for _, c := range x.Calls {
		if c.State == string(qlp.CallReserved) {
			f.add(c.ID, "a call of the %s is still reserved", c.Role)
			continue
		}
		told[c.IntentID]--
		if c.State == string(qlp.CallSettled) {
			key := strings.Join([]string{c.IntentID, attemptKey(c.RunID, c.TaskID, c.Attempt), c.Role, c.Request}, " ")
			if before := answered[key]; before != "" {
				f.add(c.ID, "the %s was asked again what call %s had answered", c.Role, before)
			}
			answered[key] = c.ID
		}
		for _, scope := range scopes(c) {
			s := sums[scope]
			if s == nil {
				s = &Spending{Scope: scope}
				sums[scope] = s
			}
			s.Micros, s.Tokens, s.Calls, s.MS = s.Micros+c.Micros, s.Tokens+c.Tokens, s.Calls+1, s.MS+c.MS
			if !c.Priced {
				s.Unpriced++
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(told)) {
		if told[id] != 0 {
			f.add(id, "%+d events call.settled beside one for each call", told[id])
		}
	}
	for _, s := range x.Spending {
		want := Spending{Scope: s.Scope}
		if sum := sums[s.Scope]; sum != nil {
			want = *sum
		}
		if s != want {
			f.add(s.Scope, "its row says %+v, and its calls sum up to %+v", s, want)
		}
		delete(sums, s.Scope)
	}
	for _, scope := range slices.Sorted(maps.Keys(sums)) {
		f.add(scope, "it has calls, and no row of its own")
	}
}

// scopes are those that a call counts in.
func scopes(c Call) []string {
	out := []string{"team:" + c.Day[:min(len(c.Day), len("2026-05"))], "day:" + c.Day}
	switch {
	case c.RunID != "":
		out = append(out, "run:"+c.RunID)
	case c.IntentID != "":
		out = append(out, "run:"+c.IntentID)
	}
	if c.RunID != "" && c.TaskID != "" {
		out = append(out, "task:"+c.RunID+"/"+c.TaskID)
	}
	return out
}
