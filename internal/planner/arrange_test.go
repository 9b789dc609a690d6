package planner

import (
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func script() (qlp.Spec, qlp.Stack) {
	spec := qlp.Spec{
		Title: "Counter", Kind: qlp.KindCLI, Stack: "demo", Rules: []string{"it counts lines"}, Commands: []qlp.ProgramCommand{{Name: "count"}},
	}
	return spec, qlp.Stack{Name: "program-demo", Entry: []string{"demo", "/work/main.x"}, Layout: []qlp.Part{
		{Role: qlp.RoleAcceptance, Title: "Cases", Owns: []string{"acceptance/"}, Accept: []string{"both kinds"}},
		{Role: qlp.RoleProgram, Title: "Program", Owns: []string{"main.x", "src/"}, After: []qlp.Role{qlp.RoleAcceptance}, Accept: []string{"it runs"}},
	}}
}

func tasks() []qlp.Task {
	return []qlp.Task{
		{ID: "readme", Title: "Guide", Role: qlp.RoleDocuments, Owns: []string{"README.md"}, After: []string{"main"}},
		{ID: "main", Title: "Entry", Owns: []string{"main.x"}, After: []string{"core"}},
		{ID: "core", Title: "Counting", Owns: []string{"src/", "tests/core.x"}, Accept: []string{"it counts"}},
	}
}

func TestPlanOfAProgram(t *testing.T) {
	t.Parallel()
	spec, st := script()
	plan, err := Plan(spec, st)
	if err != nil || plan.Stack != "program-demo" || !plan.Tasks[0].Frozen {
		t.Fatalf("%+v, %v", plan, err)
	}
	if got := strings.Join(plan.Tasks[1].Accept, "; "); got != "command count; it counts lines; it runs" {
		t.Errorf("accept: %s", got)
	}
}

func TestArrange(t *testing.T) {
	t.Parallel()
	spec, st := script()
	plan, err := Arrange(spec, st, tasks())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, task := range plan.Tasks {
		ids = append(ids, task.ID)
		if task.Frozen != (task.ID == "acceptance") || task.ID != "acceptance" && !slices.Contains(task.After, "acceptance") {
			t.Errorf("task %+v", task)
		}
		if len(task.Accept) == 0 {
			t.Errorf("nothing says what makes %s good", task.ID)
		}
	}
	if got := strings.Join(ids, " "); got != "acceptance core main readme" || plan.Stack != "program-demo" {
		t.Errorf("%s on %s", got, plan.Stack)
	}
	if main, _ := plan.Task("main"); main.Role != qlp.RoleProgram {
		t.Errorf("role %s", main.Role)
	}
}

func TestArrangeRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func([]qlp.Task) []qlp.Task
		want   string
	}{
		"no task":               {func([]qlp.Task) []qlp.Task { return nil }, "1 to 20 tasks"},
		"too many":              {func([]qlp.Task) []qlp.Task { return make([]qlp.Task, 21) }, "1 to 20 tasks"},
		"the acceptance id":     {func(l []qlp.Task) []qlp.Task { l[0].ID = "acceptance"; return l }, "nobody who writes code"},
		"the acceptance role":   {func(l []qlp.Task) []qlp.Task { l[0].Role = qlp.RoleAcceptance; return l }, "nobody who writes code"},
		"a frozen task":         {func(l []qlp.Task) []qlp.Task { l[0].Frozen = true; return l }, "nobody who writes code"},
		"the acceptance cases":  {func(l []qlp.Task) []qlp.Task { l[0].Owns = []string{"acceptance/x.json"}; return l }, "both own"},
		"a role of a service":   {func(l []qlp.Task) []qlp.Task { l[0].Role = qlp.RoleHandlers; return l }, "not one of a program"},
		"an id with a slash":    {func(l []qlp.Task) []qlp.Task { l[0].ID = "a/b"; return l }, "an id is"},
		"no title":              {func(l []qlp.Task) []qlp.Task { l[0].Title = " "; return l }, "needs a title"},
		"no path":               {func(l []qlp.Task) []qlp.Task { l[0].Owns = nil; return l }, "owns no path"},
		"a path outside":        {func(l []qlp.Task) []qlp.Task { l[0].Owns = []string{"../x"}; return l }, "plain relative path"},
		"two owners":            {func(l []qlp.Task) []qlp.Task { l[0].Owns = []string{"src/a.x"}; return l }, "both own"},
		"too many paths":        {func(l []qlp.Task) []qlp.Task { l[0].Owns = make([]string, 61); return l }, "61 paths"},
		"too long a line":       {func(l []qlp.Task) []qlp.Task { l[0].Accept = []string{strings.Repeat("x", 501)}; return l }, "500 bytes"},
		"an unknown dependency": {func(l []qlp.Task) []qlp.Task { l[0].After = []string{"none"}; return l }, "not in the plan"},
		"a circle":              {func(l []qlp.Task) []qlp.Task { l[2].After = []string{"main"}; return l }, "cycle among"},
		"nobody writes main":    {func(l []qlp.Task) []qlp.Task { l[1].Owns = []string{"other.x"}; return l }, "no task owns main.x"},
	} {
		spec, st := script()
		if _, err := Arrange(spec, st, tc.change(tasks())); qlp.CodeOf(err) == "" || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want an error about %q", name, err, tc.want)
		}
	}
	if _, err := Arrange(library(), demo(), tasks()); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("a service: %v", err)
	}
}
