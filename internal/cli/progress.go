package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/planner"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// progress folds an intent's events into what a person wants to see of it.
type progress struct {
	intent qlp.Intent
	plan   *qlp.Plan
	tasks  map[string]string // task → state
	checks []qlp.Check
	needs  *qlp.NeedsInput
	end    *qlp.RunFinished
	state  string
	reason string // of the state
	spec   *qlp.Spec
	caps   qlp.ModelCaps
	began  map[string]time.Time // task → when its attempt under way began
	spent  map[string]qlp.RunSpending
	near   string            // what is told of similar intents, and of the one that this one starts from
	next   map[string]string // task → what is different about its repair
}

// newProgress folds the events of an intent; defaults are the caps where it sets none.
func newProgress(in qlp.Intent, defaults qlp.ModelCaps) *progress {
	return &progress{
		intent: in, tasks: map[string]string{}, state: string(in.State), caps: in.Settings.Caps.Models.Or(defaults),
		began: map[string]time.Time{}, spent: map[string]qlp.RunSpending{}, next: map[string]string{},
	}
}

// waits reports whether a person must act before anything else happens.
func (p *progress) waits() bool {
	return p.state == string(qlp.StateAwaitingApproval) || p.state == string(qlp.StatePaused)
}

// take folds one event in. Events of a type that this version does not know are passed over.
func (p *progress) take(e qlp.Event) error {
	read := func(v any) error {
		if err := json.Unmarshal(e.Data, v); err != nil {
			return fmt.Errorf("read event %d: %w", e.Seq, err)
		}
		return nil
	}
	switch e.Type {
	case qlp.EventIntentState:
		var s qlp.StateChanged
		if err := read(&s); err != nil {
			return err
		}
		p.state, p.reason = s.To, s.Reason
	case qlp.EventSpecReady:
		p.spec = &qlp.Spec{}
		return read(p.spec)
	case qlp.EventPlanReady:
		p.plan = &qlp.Plan{}
		return read(p.plan)
	case qlp.EventRunStarted:
		p.checks, p.end = nil, nil
	case qlp.EventTaskState:
		var s qlp.StateChanged
		if err := read(&s); err != nil {
			return err
		}
		p.tasks[e.TaskID] = s.To
		if delete(p.began, e.TaskID); s.To == string(qlp.TaskRunning) {
			p.began[e.TaskID] = e.Time
		}
	case qlp.EventCheckFinished:
		var c qlp.Check
		if err := read(&c); err != nil {
			return err
		}
		p.check(c)
	case qlp.EventCallSettled:
		var call qlp.SettledCall
		if err := read(&call); err != nil {
			return err
		}
		p.settled(e.TaskID, call)
	case qlp.EventSimilarFound, qlp.EventOriginCompared:
		p.near += line(e) + "\n"
	case qlp.EventNeedsInput:
		p.needs = &qlp.NeedsInput{}
		return read(p.needs)
	case qlp.EventRunFinished:
		p.end = &qlp.RunFinished{}
		return read(p.end)
	}
	return nil
}

func (p *progress) check(c qlp.Check) {
	for i := range p.checks {
		if p.checks[i].Key() == c.Key() {
			p.checks[i] = c
			return
		}
	}
	p.checks = append(p.checks, c)
}

// tree draws the plan with the states of its tasks, for how long they run and what they have taken, and the state of the whole.
func (p *progress) tree(paint paint, now time.Time) string {
	if p.plan == nil {
		return p.state + "\n" + p.total()
	}
	states := make(map[string]string, len(p.tasks))
	for id, s := range p.tasks {
		states[id] = paint.status(s) + p.detail(id, now)
	}
	text := planner.Tree(*p.plan, states)
	done := 0
	for _, c := range p.checks {
		if c.Status() == qlp.Passed {
			done++
		}
	}
	if len(p.checks) > 0 {
		text += fmt.Sprintf("checks: %d passed of %d so far\n", done, len(p.checks))
	}
	return text + p.total() + paint.status(p.state) + "\n"
}

// line is what an event says in a pipe; "" for events that are not worth one.
func line(e qlp.Event) string {
	var s qlp.StateChanged
	switch e.Type {
	case qlp.EventTaskState:
		if json.Unmarshal(e.Data, &s) == nil && s.To != string(qlp.TaskPending) && s.To != string(qlp.TaskReady) {
			return "task " + e.TaskID + ": " + s.To + because(s.Reason)
		}
	case qlp.EventIntentState:
		if json.Unmarshal(e.Data, &s) == nil {
			return "intent: " + s.To + because(s.Reason)
		}
	case qlp.EventRepairPlanned:
		if json.Unmarshal(e.Data, &s) == nil {
			return "repair of " + e.TaskID + because(s.Reason)
		}
	case qlp.EventRepairStuck:
		var k qlp.RepairStuck
		if json.Unmarshal(e.Data, &k) == nil {
			return stuckLine(e.TaskID, k)
		}
	case qlp.EventCallSettled:
		var k qlp.SettledCall
		if json.Unmarshal(e.Data, &k) == nil {
			return callLine(e.TaskID, k)
		}
	case qlp.EventSimilarFound:
		var found qlp.SimilarFound
		if json.Unmarshal(e.Data, &found) == nil {
			return similarLine(found)
		}
	case qlp.EventOriginCompared:
		var o qlp.OriginCompared
		if json.Unmarshal(e.Data, &o) == nil {
			return comparedLine(o)
		}
	case qlp.EventCheckFinished:
		var c qlp.Check
		if json.Unmarshal(e.Data, &c) == nil {
			return "check " + c.Key() + ": " + string(c.Status()) + because(c.Reason)
		}
	}
	return ""
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + plain(reason, 300)
}

// evidence is the table of the checks at the end of a run.
func (c *command) evidence(checks []qlp.Check) {
	paint := newPaint(c.out)
	rows := [][]string{{"LAYER", "CHECK", "REQUIRED", "EVIDENCE", "STATUS"}}
	for _, k := range checks {
		required := ""
		if k.Required {
			required = "yes"
		}
		rows = append(rows, []string{string(k.Layer), k.Name, required, evidenceOf(k), paint.status(string(k.Status())) + because(plain(k.Reason, 100))})
	}
	table(c.out, rows)
	for _, k := range checks {
		for i, f := range k.Findings {
			if i == 5 {
				c.printf("  … and %d more findings of %s\n", len(k.Findings)-i, k.Key())
				break
			}
			at := f.Path
			if f.Line > 0 {
				at += fmt.Sprintf(":%d", f.Line)
			}
			c.printf("  %s %s %s %s: %s\n", k.Key(), f.Severity, plain(at, 120), plain(f.Rule, 60), plain(f.Message, 300))
		}
	}
}

func evidenceOf(k qlp.Check) string {
	var parts []string
	if k.Counts != nil {
		parts = append(parts, fmt.Sprintf("%d of %d passed", k.Counts.Passed, k.Counts.Executed()))
	}
	if len(k.Executions) > 0 {
		parts = append(parts, strings.Join(k.Executions, " "))
	}
	if k.Read != "" {
		parts = append(parts, "read "+k.Read.Hex()[:12])
	}
	return strings.Join(parts, ", ")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
