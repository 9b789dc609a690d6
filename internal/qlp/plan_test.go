package qlp

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestPlanIsRefused(t *testing.T) {
	t.Parallel()
	task := func(id string, owns []string, after ...string) Task { return Task{ID: id, Owns: owns, After: after} }
	for name, c := range map[string]struct {
		tasks []Task
		code  Code
		says  string
	}{
		"no task":            {nil, Invalid, "no task"},
		"no id":              {[]Task{task("", []string{"a"})}, Invalid, "empty or used twice"},
		"an id twice":        {[]Task{task("x", []string{"a"}), task("x", []string{"b"})}, Invalid, `"x" is empty or used twice`},
		"unknown dependency": {[]Task{task("x", []string{"a"}, "y")}, Invalid, "x comes after y"},
		"own dependency":     {[]Task{task("x", []string{"a"}, "x")}, Invalid, "cycle among: x"},
		"a cycle":            {[]Task{task("a", []string{"a"}), task("b", []string{"b"}, "a", "c"), task("c", []string{"c"}, "b")}, Invalid, "cycle among: b, c"},
		"owns nothing":       {[]Task{task("x", nil)}, Invalid, "owns no path"},
		"outside":            {[]Task{task("x", []string{"../a"})}, Invalid, "task x"},
		"the root":           {[]Task{task("x", []string{"/"})}, Invalid, "task x"},
		"one file":           {[]Task{task("x", []string{"a"}), task("y", []string{"a"})}, Conflict, "tasks x and y both own a"},
		"a file of a folder": {[]Task{task("x", []string{"a/"}), task("y", []string{"a/b.go"})}, Conflict, "both own a/b.go"},
		"a folder within":    {[]Task{task("x", []string{"a/b/"}), task("y", []string{"a/"})}, Conflict, "both own a/"},
		"a file as a folder": {[]Task{task("x", []string{"a"}), task("y", []string{"a/b"})}, Conflict, "both own a/b"},
		"a folder as a file": {[]Task{task("x", []string{"a/"}), task("y", []string{"a"})}, Conflict, "both own a"},
		"twice its own":      {[]Task{task("x", []string{"a/", "a/b"})}, Invalid, "which overlap"},
	} {
		err := (&Plan{Tasks: c.tasks}).Validate()
		if CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v (%s), want %s with %q", name, err, CodeOf(err), c.code, c.says)
		}
	}
}

func TestPathsThatOnlyLookAlikeDoNotOverlap(t *testing.T) {
	t.Parallel()
	p := Plan{Tasks: []Task{{ID: "x", Owns: []string{"a/", "b"}}, {ID: "y", Owns: []string{"ab/", "a.go", "b.go"}}}}
	if err := p.Validate(); err != nil {
		t.Error(err)
	}
}

func TestOwnerOf(t *testing.T) {
	t.Parallel()
	p := Plan{Tasks: []Task{{ID: "x", Owns: []string{"a/"}}, {ID: "y", Owns: []string{"main.go"}}}}
	for file, want := range map[string]string{"a/b": "x", "a/b/c": "x", "main.go": "y", "main.go/x": "", "a": "", "ab": "", "": ""} {
		got, ok := p.OwnerOf(file)
		if got.ID != want || ok != (want != "") {
			t.Errorf("%s is owned by %q, want %q", file, got.ID, want)
		}
	}
	if got, ok := p.Task("y"); !ok || got.ID != "y" {
		t.Errorf("Task: %+v, %t", got, ok)
	}
	if _, ok := p.Task("z"); ok {
		t.Error("a task that is not there is found")
	}
}

// Any graph whose arrows point backwards has levels that respect every arrow; with one arrow added that closes a circle, it
// has none, and everything on the circle is named.
func TestLevelsOfRandomGraphs(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2)) // the same graphs each time
	for range 300 {
		n := 2 + r.IntN(12)
		p := Plan{}
		for i := range n {
			task := Task{ID: fmt.Sprint(i), Owns: []string{fmt.Sprint(i)}}
			for d := range i {
				if r.IntN(3) == 0 {
					task.After = append(task.After, fmt.Sprint(d))
				}
			}
			p.Tasks = append(p.Tasks, task)
		}
		r.Shuffle(n, func(i, j int) { p.Tasks[i], p.Tasks[j] = p.Tasks[j], p.Tasks[i] })
		levels, err := p.Levels()
		if err != nil || p.Validate() != nil {
			t.Fatalf("%+v: %v", p, err)
		}
		level := map[string]int{}
		for i, ids := range levels {
			for _, id := range ids {
				level[id] = i
			}
		}
		if len(level) != n {
			t.Fatalf("%d of %d tasks have a level", len(level), n)
		}
		for _, task := range p.Tasks {
			at := 0
			for _, d := range task.After {
				at = max(at, level[d]+1)
			}
			if level[task.ID] != at {
				t.Fatalf("task %s is in wave %d, not as early as it can be, %d", task.ID, level[task.ID], at)
			}
		}
		closeCircle(t, &p)
	}
}

func closeCircle(t *testing.T, p *Plan) {
	t.Helper()
	i := slices.IndexFunc(p.Tasks, func(t Task) bool { return len(t.After) > 0 })
	if i < 0 {
		return
	}
	first := p.Tasks[i].After[0]
	j := slices.IndexFunc(p.Tasks, func(t Task) bool { return t.ID == first })
	p.Tasks[j].After = append(p.Tasks[j].After, p.Tasks[i].ID)
	err := p.Validate()
	if CodeOf(err) != Invalid {
		t.Fatalf("a circle is accepted: %v", err)
	}
	_, names, _ := strings.Cut(err.Error(), "among: ")
	for _, id := range []string{first, p.Tasks[i].ID} {
		if !slices.Contains(strings.Split(names, ", "), id) {
			t.Fatalf("%q does not name %s", err, id)
		}
	}
}
