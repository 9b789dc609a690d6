package chaos

import (
	"cmp"
	"encoding/json"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// oneEnd: every intent is over, and each of its runs has ended once, with at most one capsule.
func oneEnd(x *indexed, f *findings) {
	for _, in := range x.Intents {
		if !in.State.Over() {
			f.add(in.ID, "it is %s", in.State)
		}
		ends, capsules := map[string]int{}, map[string]int{}
		var last qlp.RunFinished
		for _, e := range x.events[in.ID] {
			switch e.Type {
			case qlp.EventRunFinished:
				ends[e.RunID]++
				if err := json.Unmarshal(e.Data, &last); err != nil {
					f.add(in.ID, "its run.finished cannot be read: %v", err)
				}
			case qlp.EventCapsuleReady:
				capsules[e.RunID]++
			}
		}
		if len(x.runs[in.ID]) == 0 && ends[""] != 1 {
			f.add(in.ID, "%d events run.finished of an intent without a run", ends[""])
		}
		if last.State != in.State {
			f.add(in.ID, "it is %s, and its last run.finished says %s", in.State, last.State)
		}
		for i, r := range x.runs[in.ID] {
			if ends[r.ID] != 1 {
				f.add(in.ID, "%d events run.finished of run %s", ends[r.ID], r.ID)
			}
			if r.Number != i+1 {
				f.add(in.ID, "run %s is number %d where %d should be", r.ID, r.Number, i+1)
			}
			if !r.Ended {
				f.add(in.ID, "run %s has no end", r.ID)
			}
			if want := min(len(r.Capsule), 1); capsules[r.ID] != want {
				f.add(in.ID, "%d events capsule.ready of run %s, whose row has %d capsules", capsules[r.ID], r.ID, want)
			}
		}
	}
}

// sequences: each intent's events are numbered from 1, without a hole and without a duplicate.
func sequences(x *indexed, f *findings) {
	known := map[string]bool{}
	for _, in := range x.Intents {
		known[in.ID] = true
		events := x.events[in.ID]
		for i, e := range events {
			if want := int64(i + 1); e.Seq != want {
				f.add(in.ID, "event %d where %d should be", e.Seq, want)
				break
			}
		}
		if n := int64(len(events)); in.LastSeq != n {
			f.add(in.ID, "it has %d events, and counts %d", n, in.LastSeq)
		}
	}
	for id := range x.events {
		if !known[id] {
			f.add(id, "it has events, and is not there")
		}
	}
}

// moves: what is told of the states is a chain of legal moves that leads to the state that is. A step that took effect twice
// would be told twice.
func moves(x *indexed, f *findings) {
	for _, in := range x.Intents {
		state, tasks := qlp.StateReceived, map[string]qlp.TaskState{}
		for _, e := range x.events[in.ID] {
			var m qlp.StateChanged
			if e.Type != qlp.EventIntentState && e.Type != qlp.EventTaskState {
				continue
			}
			if err := json.Unmarshal(e.Data, &m); err != nil {
				f.add(in.ID, "event %d cannot be read: %v", e.Seq, err)
				continue
			}
			if e.Type == qlp.EventIntentState {
				if string(state) != m.From || state.Move(qlp.State(m.To)) != nil {
					f.add(in.ID, "event %d moves it from %s to %s when it is %s", e.Seq, m.From, m.To, state)
				}
				state = qlp.State(m.To)
				continue
			}
			key := e.RunID + "/" + e.TaskID
			was := cmp.Or(tasks[key], qlp.TaskPending)
			if string(was) != m.From || was.Move(qlp.TaskState(m.To)) != nil {
				f.add(in.ID, "event %d moves task %s from %s to %s when it is %s", e.Seq, e.TaskID, m.From, m.To, was)
			}
			tasks[key] = qlp.TaskState(m.To)
		}
		if state != in.State {
			f.add(in.ID, "it is %s, and its events lead to %s", in.State, state)
		}
		for _, r := range x.runs[in.ID] {
			for _, t := range x.tasks[r.ID] {
				if told := cmp.Or(tasks[r.ID+"/"+t.ID], qlp.TaskPending); told != t.State {
					f.add(in.ID, "task %s is %s, and its events lead to %s", t.ID, t.State, told)
				}
			}
		}
	}
}

// attempts: numbered from 1 without a hole, none still running, each told of once.
func attempts(x *indexed, f *findings) {
	told := map[string]int{}
	for _, e := range x.Events {
		if e.Type == qlp.EventAttemptFinished {
			told[attemptKey(e.RunID, e.TaskID, e.Attempt)]++
		}
	}
	known := map[string]bool{}
	for _, r := range x.Runs {
		for _, t := range x.tasks[r.ID] {
			list := x.attempts[r.ID+"/"+t.ID]
			if len(list) != t.Attempts {
				f.add(r.ID, "task %s counts %d attempts, and has %d", t.ID, t.Attempts, len(list))
			}
			for i, a := range list {
				key := attemptKey(a.RunID, a.TaskID, a.Number)
				known[key] = true
				if a.Number != i+1 {
					f.add(r.ID, "attempt %s where %d should be", key, i+1)
				}
				if a.State == qlp.AttemptRunning || !a.Ended {
					f.add(r.ID, "attempt %s is %s", key, a.State)
				}
				if told[key] != 1 {
					f.add(r.ID, "%d events attempt.finished of %s", told[key], key)
				}
			}
			if t.State == qlp.TaskDone && (len(list) == 0 || list[len(list)-1].State != qlp.AttemptGood) {
				f.add(r.ID, "task %s is done without a good attempt", t.ID)
			}
			if r.Ended && (t.State == qlp.TaskRunning || t.State == qlp.TaskReady || t.State == qlp.TaskPending || t.State == qlp.TaskRepairing) {
				f.add(r.ID, "task %s is %s in a run that has ended", t.ID, t.State)
			}
		}
	}
	for key := range told {
		if !known[key] {
			f.add(key, "an end is told of an attempt that is not there")
		}
	}
}

func attemptKey(run, task string, number int) string {
	b, _ := json.Marshal([]any{run, task, number}) // strings and a number always marshal
	return string(b)
}

// checksOnce: a verification tells of each check once, however often it was begun.
func checksOnce(x *indexed, f *findings) {
	for _, in := range x.Intents {
		seen := map[string]bool{} // by layer and name
		for _, e := range x.events[in.ID] {
			switch e.Type {
			case qlp.EventIntentState:
				if moved(qlp.Event{Data: e.Data}).To == string(qlp.StateVerifying) {
					clear(seen)
				}
			case qlp.EventCheckFinished:
				c := checkOf(e.Data)
				key := string(c.Layer) + "/" + c.Name
				if seen[key] {
					f.add(in.ID, "event %d tells of check %s a second time", e.Seq, key)
				}
				seen[key] = true
			}
		}
	}
}
