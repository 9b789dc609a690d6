package chaos

import (
	"slices"
	"sort"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// phaseOf says what was under way of an intent, from what its history said at that moment. "" means that it was over.
func phaseOf(history []Event) string {
	phase, running := "interpret", 0
	var checked bool
	for _, e := range history {
		switch e.Type {
		case qlp.EventSpecReady:
			phase = "plan"
		case qlp.EventRunStarted:
			phase = "between tasks"
		case qlp.EventTaskState:
			switch m := moved(qlp.Event{Data: e.Data}); {
			case m.To == string(qlp.TaskRunning):
				running++
			case m.From == string(qlp.TaskRunning):
				running--
			}
		case qlp.EventIntentState:
			switch moved(qlp.Event{Data: e.Data}).To {
			case string(qlp.StateVerifying):
				phase, checked = "verification", false
			case string(qlp.StateRunning):
				phase = "between tasks"
			case string(qlp.StatePaused):
				phase = "paused"
			}
		case qlp.EventCheckFinished:
			checked = checkOf(e.Data).Layer == qlp.LayerPolicy || checked
			if checked && phase == "verification" {
				phase = "pack"
			}
		case qlp.EventRunFinished:
			phase = ""
		}
	}
	if phase == "between tasks" && running > 0 {
		return "attempt"
	}
	return phase
}

// impact is what one fault met.
type impact struct {
	phases   []string        // of the intents that were not over
	recovery []time.Duration // to the next event of each, where no other fault came before it
	first    time.Duration   // to the first event of any of them; 0 where another fault came before it
}

// impacts works out what each fault met, from the events' times.
func impacts(facts Facts, faults []Fault) []impact {
	x := index(facts)
	out := make([]impact, len(faults))
	order := make([]int, len(faults))
	for i := range faults {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return faults[a].At.Compare(faults[b].At) })
	for n, i := range order {
		at, next := faults[i].At, time.Time{}
		if n+1 < len(order) {
			next = faults[order[n+1]].At
		}
		for _, in := range facts.Intents {
			events := x.events[in.ID]
			cut := sort.Search(len(events), func(k int) bool { return events[k].At.After(at) })
			if cut == 0 || cut == len(events) {
				continue // it was not there yet, or over
			}
			phase := phaseOf(events[:cut])
			if phase == "" || phase == "paused" {
				continue
			}
			out[i].phases = append(out[i].phases, phase)
			if then := events[cut].At; next.IsZero() || then.Before(next) {
				took := then.Sub(at)
				out[i].recovery = append(out[i].recovery, took)
				if out[i].first == 0 || took < out[i].first {
					out[i].first = took
				}
			}
		}
	}
	return out
}

// quantile of durations, which it sorts.
func quantile(list []time.Duration, q float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[min(int(q*float64(len(list))), len(list)-1)]
}
