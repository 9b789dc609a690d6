package planner

import (
	"fmt"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Tree draws the plan as text, one task a line, each below the last of those that it builds on, with its paths. states, by
// task id, are shown before the tasks that have one.
func Tree(plan qlp.Plan, states map[string]string) string {
	below := map[string][]qlp.Task{}
	place := map[string]int{}
	for i, t := range plan.Tasks {
		place[t.ID] = i
	}
	for _, t := range plan.Tasks {
		parent := ""
		for _, d := range t.After {
			if parent == "" || place[d] > place[parent] {
				parent = d
			}
		}
		below[parent] = append(below[parent], t)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "plan (%s)\n", plan.Stack)
	drawBelow(&b, below, "", "", states)
	return b.String()
}

func drawBelow(b *strings.Builder, below map[string][]qlp.Task, parent, indent string, states map[string]string) {
	tasks := below[parent]
	for i, t := range tasks {
		branch, next := "├─ ", "│  "
		if i == len(tasks)-1 {
			branch, next = "└─ ", "   "
		}
		b.WriteString(indent + branch)
		if s := states[t.ID]; s != "" {
			b.WriteString("[" + s + "] ")
		}
		fmt.Fprintf(b, "%s: %s", t.ID, strings.Join(t.Owns, " "))
		if t.Frozen {
			b.WriteString(" (frozen)")
		}
		b.WriteString("\n")
		drawBelow(b, below, t.ID, indent+next, states)
	}
}

// Mermaid draws the plan as a Mermaid flowchart, with every dependency.
func Mermaid(plan qlp.Plan) string {
	var b strings.Builder
	b.WriteString("graph TD\n")
	for _, t := range plan.Tasks {
		shape := [2]string{"[", "]"}
		if t.Frozen {
			shape = [2]string{"{{", "}}"}
		}
		fmt.Fprintf(&b, "  %s%s\"%s<br/>%s\"%s\n", t.ID, shape[0], escape(t.Title), escape(strings.Join(t.Owns, " ")), shape[1])
	}
	for _, t := range plan.Tasks {
		for _, d := range t.After {
			fmt.Fprintf(&b, "  %s --> %s\n", d, t.ID)
		}
	}
	return b.String()
}

// escape keeps a title from ending its own quotes.
func escape(s string) string { return strings.NewReplacer(`"`, "#quot;", "\n", " ").Replace(s) }
