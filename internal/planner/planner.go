// Package planner turns a Spec into a plan: one task for each role that the stack lays out, the acceptance tests first and
// frozen, each with the paths it owns, what it builds on, and in words what makes it good.
//
// It never writes a file, never looks at the machine, and never returns a plan whose graph or paths cannot work.
//
// Arrows: qlp.
package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Plan returns the plan that builds spec on st. The same Spec and stack give the same plan. A stack that is known but not
// generated is an invalid error; so is a layout whose paths overlap or whose order is a circle, which names the tasks.
func Plan(spec qlp.Spec, st qlp.Stack) (qlp.Plan, error) {
	if !st.Generated && len(st.Entry) == 0 {
		return qlp.Plan{}, qlp.Errorf(qlp.Invalid, "the stack %s is known, but nothing here can write it yet", st.Name)
	}
	plan := qlp.Plan{Stack: st.Name}
	for _, part := range st.Layout {
		plan.Tasks = append(plan.Tasks, task(spec, part))
	}
	if err := plan.Validate(); err != nil {
		return qlp.Plan{}, fmt.Errorf("plan %s on %s: %w", spec.Title, st.Name, err)
	}
	if err := order(&plan); err != nil {
		return qlp.Plan{}, err
	}
	return plan, nil
}

// task makes the task of one part. Every task that writes code comes after the acceptance tests: they are frozen before
// anything that they judge exists.
func task(spec qlp.Spec, part qlp.Part) qlp.Task {
	t := qlp.Task{
		ID: string(part.Role), Title: part.Title, Role: part.Role, Owns: slices.Clone(part.Owns),
		Accept: append(concrete(spec, part.Role), part.Accept...), Frozen: part.Role == qlp.RoleAcceptance,
	}
	for _, r := range part.After {
		t.After = append(t.After, string(r))
	}
	first := string(qlp.RoleAcceptance)
	if part.Role != qlp.RoleAcceptance && !slices.Contains(t.After, first) {
		t.After = append([]string{first}, t.After...)
	}
	return t
}

// concrete says what the Spec means for a role, beyond what the stack says of it in general.
func concrete(spec qlp.Spec, role qlp.Role) []string {
	if spec.Kind.Program() {
		return concreteProgram(spec, role)
	}
	var names []string
	fields, rules := 0, 0
	for _, e := range spec.Entities {
		names = append(names, e.Name)
		fields += len(e.Fields)
		for _, f := range e.Fields {
			rules += rulesOf(f)
		}
	}
	switch role {
	case qlp.RoleAcceptance:
		return []string{fmt.Sprintf("%d rules of %d fields each have an accepting and a refusing case", rules, fields)}
	case qlp.RoleDomain:
		return []string{"entities: " + strings.Join(names, ", ")}
	default:
		return nil
	}
}

// rulesOf counts what a field refuses: its type is one rule.
func rulesOf(f qlp.Field) int {
	n := 1
	for _, set := range []bool{
		f.Required(), f.Unique, f.Min != nil, f.Max != nil, f.ExclusiveMin != nil, f.ExclusiveMax != nil, f.Length > 0,
		f.MinLength > 0, f.MaxLength > 0, f.Auto,
	} {
		if set {
			n++
		}
	}
	return n
}

// order puts the tasks into the order of their levels, so that a list of them reads as the work goes.
func order(plan *qlp.Plan) error {
	levels, err := plan.Levels()
	if err != nil {
		return err
	}
	var ordered []qlp.Task
	for _, level := range levels {
		for _, id := range level {
			t, _ := plan.Task(id)
			ordered = append(ordered, t)
		}
	}
	plan.Tasks = ordered
	return nil
}
