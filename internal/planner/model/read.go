package model

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/llm/prompt"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// What a plan may hold at most. Larger programs than this are several.
const (
	maxTasks  = 12
	maxOwns   = 30
	maxAccept = 10
	maxLine   = 300
)

// tests is the id of the task that writes the acceptance tests, and their folder.
const tests = string(qlp.RoleAcceptance)

func taskID() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`) }

// answer is what the model gives: the schema is made of it.
type answer struct {
	Tasks []task `json:"tasks"`
}

type task struct {
	ID     string   `json:"id"`
	Title  string   `json:"title"`
	Owns   []string `json:"owns"`
	After  []string `json:"after"`
	Accept []string `json:"accept"`
}

func (p *Planner) read(text string, in Request) (qlp.Plan, error) {
	var got answer
	if err := prompt.Decode(prompt.JSON(text), &got); err != nil {
		return qlp.Plan{}, err
	}
	if len(got.Tasks) == 0 || len(got.Tasks) > maxTasks {
		return qlp.Plan{}, prompt.Againf("A plan has 1 to %d tasks, not %d.", maxTasks, len(got.Tasks))
	}
	var tasks []qlp.Task
	for _, t := range got.Tasks {
		if err := t.check(); err != nil {
			return qlp.Plan{}, err
		}
		tasks = append(tasks, qlp.Task{
			ID: t.ID, Title: t.Title, Role: qlp.RoleProgram, Owns: t.Owns, After: slices.DeleteFunc(t.After, func(id string) bool { return id == tests }),
			Accept: t.Accept,
		})
	}
	plan, err := p.config.Arrange(in.Spec, in.Stack, tasks)
	if err != nil {
		if code := qlp.CodeOf(err); code != qlp.Invalid && code != qlp.Conflict {
			return qlp.Plan{}, err
		}
		return qlp.Plan{}, prompt.Againf("The plan cannot work: %s. Give the whole plan again with that mended.", err)
	}
	return plan, nil
}

// check refuses a task that may not be a model's, whatever the rest of the plan.
func (t task) check() error {
	switch {
	case !taskID().MatchString(t.ID) || len(t.ID) > 40:
		return prompt.Againf("The task id %.60q is none: lower-case letters, digits and single dashes, a letter first, at most 40.", t.ID)
	case t.ID == tests:
		return prompt.Againf("The task acceptance is there already: leave it out.")
	case t.Title == "" || len(t.Title) > 100 || bad(t.Title):
		return prompt.Againf("The title of task %s is not one line of 1 to 100 bytes that can be seen.", t.ID)
	case len(t.Owns) == 0 || len(t.Owns) > maxOwns:
		return prompt.Againf("Task %s owns %d paths; it must own 1 to %d.", t.ID, len(t.Owns), maxOwns)
	case len(t.Accept) == 0 || len(t.Accept) > maxAccept:
		return prompt.Againf("Task %s has %d sentences in accept; it needs 1 to %d.", t.ID, len(t.Accept), maxAccept)
	}
	for _, a := range t.Accept {
		if strings.TrimSpace(a) == "" || len(a) > maxLine || bad(a) {
			return prompt.Againf("A sentence in accept of task %s is not one line of at most %d bytes that can be seen.", t.ID, maxLine)
		}
	}
	for _, o := range t.Owns {
		path := strings.TrimSuffix(o, "/")
		if err := prompt.Path(path); err != nil {
			return prompt.Againf("Task %s: %s.", t.ID, err)
		}
		if first, _, _ := strings.Cut(strings.ToLower(path), "/"); first == tests {
			return prompt.Againf("Task %s owns %s: the acceptance tests are frozen and nobody's to write.", t.ID, o)
		}
	}
	return nil
}

func bad(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r == '\n' || prompt.Hidden(r) })
}

// arrange puts the frozen acceptance tests first and every task after them.
func arrange(spec qlp.Spec, st qlp.Stack, tasks []qlp.Task) (qlp.Plan, error) {
	plan := qlp.Plan{Stack: st.Name, Tasks: []qlp.Task{{
		ID: tests, Title: "Acceptance tests", Role: qlp.RoleAcceptance, Owns: []string{tests + "/"}, Frozen: true,
		Accept: []string{fmt.Sprintf("%d rules and %d commands each have an accepting and a refusing case", len(spec.Rules), len(spec.Commands))},
	}}}
	for _, t := range tasks {
		if !slices.Contains(t.After, tests) {
			t.After = append([]string{tests}, t.After...)
		}
		plan.Tasks = append(plan.Tasks, t)
	}
	if err := plan.Validate(); err != nil {
		return qlp.Plan{}, err
	}
	levels, err := plan.Levels()
	if err != nil {
		return qlp.Plan{}, err
	}
	ordered := make([]qlp.Task, 0, len(plan.Tasks))
	for _, level := range levels {
		for _, id := range level {
			t, _ := plan.Task(id)
			ordered = append(ordered, t)
		}
	}
	plan.Tasks = ordered
	return plan, nil
}
