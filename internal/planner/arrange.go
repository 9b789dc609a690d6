package planner

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Bounds of a proposed plan: more would be many calls for few lines each.
const (
	maxTasks = 20
	maxOwned = 60 // paths of one task
	maxWords = 500
)

var taskID = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

// Arrange makes a plan of tasks that somebody proposed, a model for instance, for a program: the stack's acceptance task is
// put first and frozen, every other comes after it. A proposal names ids, titles, owned paths, what comes before, in words
// what makes it good, and a role: program, which is also what an empty one means, or documents. What cannot work is an
// invalid error that says what to change: a path with two owners or outside the project, a claim to the acceptance cases, a
// circle, and an entry that nobody writes.
func Arrange(spec qlp.Spec, st qlp.Stack, tasks []qlp.Task) (qlp.Plan, error) {
	part, ok := st.Part(qlp.RoleAcceptance)
	if !spec.Kind.Program() || len(st.Entry) == 0 || !ok {
		return qlp.Plan{}, qlp.Errorf(qlp.Invalid, "tasks can be proposed for a program; a %s on %s is planned by its stack", spec.Kind, st.Name)
	}
	if len(tasks) == 0 || len(tasks) > maxTasks {
		return qlp.Plan{}, qlp.Errorf(qlp.Invalid, "a plan has 1 to %d tasks beside the acceptance cases, not %d", maxTasks, len(tasks))
	}
	plan := qlp.Plan{Stack: st.Name, Tasks: []qlp.Task{task(spec, part)}}
	for _, t := range tasks {
		made, err := proposed(t)
		if err != nil {
			return qlp.Plan{}, err
		}
		plan.Tasks = append(plan.Tasks, made)
	}
	if err := plan.Validate(); err != nil {
		return qlp.Plan{}, fmt.Errorf("arrange %s on %s: %w", spec.Title, st.Name, err)
	}
	for _, arg := range st.Entry {
		file, inside := strings.CutPrefix(arg, "/work/")
		if _, owned := plan.OwnerOf(file); inside && !owned {
			return qlp.Plan{}, qlp.Errorf(qlp.Invalid, "no task owns %s, which the program starts with", file)
		}
	}
	if err := order(&plan); err != nil {
		return qlp.Plan{}, err
	}
	return plan, nil
}

// proposed completes one proposed task.
func proposed(t qlp.Task) (qlp.Task, error) {
	first := string(qlp.RoleAcceptance)
	refuse := func(format string, args ...any) (qlp.Task, error) {
		return qlp.Task{}, qlp.Errorf(qlp.Invalid, "task %.40q: "+format, append([]any{t.ID}, args...)...)
	}
	if t.Role == "" {
		t.Role = qlp.RoleProgram
	}
	switch {
	case !taskID.MatchString(t.ID):
		return refuse("an id is at most 40 lower-case letters, digits, dashes and underscores, a letter first")
	case t.ID == first || t.Role == qlp.RoleAcceptance || t.Frozen:
		return refuse("the acceptance cases are written by nobody who writes code")
	case t.Role != qlp.RoleProgram && t.Role != qlp.RoleDocuments:
		return refuse("the role %.40q is not one of a program: %s or %s", t.Role, qlp.RoleProgram, qlp.RoleDocuments)
	case strings.TrimSpace(t.Title) == "" || len(t.Title) > maxWords:
		return refuse("it needs a title of at most %d bytes", maxWords)
	case len(t.Owns) > maxOwned:
		return refuse("it owns %d paths: at most %d, or a folder with a trailing slash", len(t.Owns), maxOwned)
	case len(t.Accept) > maxTasks || slices.ContainsFunc(t.Accept, func(a string) bool { return len(a) > maxWords }):
		return refuse("what makes it good is at most %d lines of at most %d bytes", maxTasks, maxWords)
	}
	t.Owns, t.Accept, t.After = slices.Clone(t.Owns), slices.Clone(t.Accept), slices.Clone(t.After)
	if !slices.Contains(t.After, first) {
		t.After = append([]string{first}, t.After...)
	}
	if len(t.Accept) == 0 {
		t.Accept = []string{"the project builds with it, and its unit tests pass"}
	}
	return t, nil
}

// concreteProgram says what the Spec of a program means for a role.
func concreteProgram(spec qlp.Spec, role qlp.Role) []string {
	switch role {
	case qlp.RoleAcceptance:
		return []string{fmt.Sprintf("%d commands and %d rules have cases", len(spec.Commands), len(spec.Rules))}
	case qlp.RoleProgram:
		var out []string
		for _, c := range spec.Commands {
			if c.Name != "" {
				out = append(out, "command "+c.Name)
			}
		}
		return append(out, spec.Rules...)
	default:
		return nil
	}
}
