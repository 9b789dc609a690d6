package chaos

import "github.com/quantumlayer/qlp/internal/qlp"

// stepsOnce: what a step tells of its effect is told once: an intent is received, understood and planned once, each of its runs is begun
// once, and there are as many planned repairs as the run counts.
func stepsOnce(x *indexed, f *findings) {
	for _, in := range x.Intents {
		of := map[qlp.EventType]int{}
		begun, repairs := map[string]int{}, map[string]int{} // by run
		for _, e := range x.events[in.ID] {
			switch e.Type {
			case qlp.EventRunStarted:
				begun[e.RunID]++
			case qlp.EventRepairPlanned:
				repairs[e.RunID]++
			default:
				of[e.Type]++
			}
		}
		if n := of[qlp.EventIntentReceived]; n != 1 {
			f.add(in.ID, "%d events %s", n, qlp.EventIntentReceived)
		}
		for _, t := range []qlp.EventType{qlp.EventSpecReady, qlp.EventPlanReady} {
			if of[t] > 1 {
				f.add(in.ID, "%d events %s", of[t], t)
			}
		}
		for _, r := range x.runs[in.ID] {
			if begun[r.ID] != 1 {
				f.add(in.ID, "%d events %s of run %s", begun[r.ID], qlp.EventRunStarted, r.ID)
			}
			if repairs[r.ID] != r.Repairs {
				f.add(in.ID, "%d repairs are told of run %s, and it counts %d", repairs[r.ID], r.ID, r.Repairs)
			}
			delete(begun, r.ID)
			delete(repairs, r.ID)
		}
		for run := range begun {
			f.add(in.ID, "a run %q was begun, and is not there", run)
		}
		for run := range repairs {
			f.add(in.ID, "repairs are told of a run %q that is not there", run)
		}
	}
}
