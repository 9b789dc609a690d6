package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// settled adds a call to what its task, and the whole (""), has taken.
func (p *progress) settled(task string, call qlp.SettledCall) {
	for _, id := range []string{task, ""} {
		s := p.spent[id]
		s.Spending = plus(s.Spending, call)
		if call.Repair {
			s.Repair = plus(s.Repair, call)
		}
		p.spent[id] = s
		if task == "" {
			return
		}
	}
}

func plus(s qlp.Spending, call qlp.SettledCall) qlp.Spending {
	if call.Recorded { // it cost nothing
		return s
	}
	s.Micros += call.Micros
	s.Tokens += call.Tokens
	s.MS += call.MS
	s.Calls++
	if call.Unpriced {
		s.Unpriced++
	}
	return s
}

// spending returns what the run has taken: by its end's own account, before that by the calls that were told; nil for none.
func (p *progress) spending() *qlp.RunSpending {
	if p.end != nil && p.end.Spending != nil {
		return some(p.end.Spending)
	}
	s, ok := p.spent[""]
	if !ok {
		return nil
	}
	return some(&s)
}

// some returns s unless no call was made.
func some(s *qlp.RunSpending) *qlp.RunSpending {
	if s == nil || s.Calls == 0 {
		return nil
	}
	return s
}

// detail says of a task for how long it has been at work and what models have taken for it.
func (p *progress) detail(id string, now time.Time) string {
	var parts []string
	if began, ok := p.began[id]; ok {
		parts = append(parts, now.Sub(began).Truncate(time.Second).String())
	}
	if s := p.spent[id]; s.Calls > 0 {
		parts = append(parts, spentOf(s, p.caps.Task))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// total is the line of what models have taken in all; "" where none was asked.
func (p *progress) total() string {
	s := p.spending()
	if s == nil {
		return ""
	}
	return "models: " + spentOf(*s, p.caps.Run) + "\n"
}

// spentOf says what was taken, and of how much where there is a cap.
func spentOf(s qlp.RunSpending, caps qlp.Budget) string {
	money := qlp.FormatUSD(s.Micros)
	if caps.Micros > 0 {
		money += " of " + qlp.FormatUSD(caps.Micros)
	}
	if s.Unpriced > 0 {
		money += fmt.Sprintf(" and %d calls of unknown price", s.Unpriced)
	}
	parts := []string{count(s.Calls, caps.Calls, "calls"), count(s.Tokens, caps.Tokens, "tokens"), money}
	if caps.Seconds > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d s", s.MS/1000, caps.Seconds))
	}
	if s.Repair.Calls > 0 {
		parts = append(parts, fmt.Sprintf("of it repairs: %s, %s", count(s.Repair.Calls, 0, "calls"), qlp.FormatUSD(s.Repair.Micros)))
	}
	return strings.Join(parts, ", ")
}

func count(n, most int64, unit string) string {
	if most > 0 {
		return fmt.Sprintf("%d of %d %s", n, most, unit)
	}
	if n == 1 {
		unit = strings.TrimSuffix(unit, "s")
	}
	return fmt.Sprintf("%d %s", n, unit)
}

// callLine is what the end of a model call says in a pipe.
func callLine(task string, k qlp.SettledCall) string {
	who := k.Role
	if task != "" {
		who += " of " + task
	}
	text := fmt.Sprintf("model %s/%s for the %s: %d tokens, %s", k.Provider, k.Model, who, k.Tokens, qlp.FormatUSD(k.Micros))
	if k.Unpriced {
		text += " (price unknown)"
	}
	if k.Recorded {
		text += " (recorded)"
	}
	return text + because(k.Failed)
}

// stuckLine names how repairs go in circles.
func stuckLine(task string, k qlp.RepairStuck) string {
	text := "repair"
	if task != "" {
		text += " of " + task
	}
	text += " is stuck: " + strings.ReplaceAll(string(k.Pattern), "_", " ")
	if k.Next != "" {
		text += "; next: " + strings.ReplaceAll(k.Next, "_", " ")
	}
	return text
}

// kept says what is there of a run that was stopped.
func (p *progress) kept() string {
	if p.plan == nil {
		return "  kept:    what models have answered so far\n"
	}
	done := 0
	for _, t := range p.plan.Tasks {
		if p.tasks[t.ID] == string(qlp.TaskDone) {
			done++
		}
	}
	return fmt.Sprintf("  kept:    the plan, and the files of %d of %d tasks\n", done, len(p.plan.Tasks))
}

// goOn says how a cancelled run is taken up again. What was cancelled begins anew, what was done is taken over.
func (p *progress) goOn() string {
	if p.plan == nil {
		return "  go on:   hand the intent in again\n"
	}
	for _, t := range p.plan.Tasks {
		if p.tasks[t.ID] == string(qlp.TaskDone) {
			continue
		}
		return fmt.Sprintf("  go on:   qlp intents retry %s --from %s\n", p.intent.ID, t.ID)
	}
	return fmt.Sprintf("  go on:   qlp intents retry %s --from %s\n", p.intent.ID, p.plan.Tasks[len(p.plan.Tasks)-1].ID)
}
