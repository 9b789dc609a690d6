package qlp

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Plan is the DAG of tasks that builds a Spec on a stack.
type Plan struct {
	Stack string `json:"stack"`
	Tasks []Task `json:"tasks"` // in an order that respects After
}

// Task is one node of a plan. It alone writes the paths it owns.
type Task struct {
	ID     string   `json:"id"` // unique in the plan: domain
	Title  string   `json:"title"`
	Role   Role     `json:"role"`
	Owns   []string `json:"owns"`             // a file, or a folder with a trailing slash
	After  []string `json:"after,omitempty"`  // ids of tasks that must be done first
	Accept []string `json:"accept"`           // in words: what makes an attempt good
	Frozen bool     `json:"frozen,omitempty"` // its files may not change once written: acceptance tests
}

// Task returns the task of that id.
func (p *Plan) Task(id string) (Task, bool) {
	for _, t := range p.Tasks {
		if t.ID == id {
			return t, true
		}
	}
	return Task{}, false
}

// OwnerOf returns the task that owns file, a path inside the project.
func (p *Plan) OwnerOf(file string) (Task, bool) {
	for _, t := range p.Tasks {
		if t.Owner(file) {
			return t, true
		}
	}
	return Task{}, false
}

// Owner reports whether the task owns file.
func (t Task) Owner(file string) bool {
	return slices.ContainsFunc(t.Owns, func(o string) bool { return covers(o, file) })
}

func covers(owned, file string) bool {
	if strings.HasSuffix(owned, "/") {
		return strings.HasPrefix(file, owned)
	}
	return owned == file
}

// overlaps also finds a file where another task has a folder: both cannot exist.
func overlaps(a, b string) bool {
	a, b = strings.TrimSuffix(a, "/")+"/", strings.TrimSuffix(b, "/")+"/"
	return strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
}

// Validate refuses a plan whose graph or paths cannot work: no task, an id twice, an unknown or own dependency, a cycle,
// a path outside the project, a path with two owners. The error names what is wrong and where.
func (p *Plan) Validate() error {
	if len(p.Tasks) == 0 {
		return Errorf(Invalid, "the plan has no task")
	}
	seen := map[string]bool{}
	for _, t := range p.Tasks {
		if t.ID == "" || seen[t.ID] {
			return Errorf(Invalid, "task id %q is empty or used twice", t.ID)
		}
		seen[t.ID] = true
	}
	for _, t := range p.Tasks {
		for _, d := range t.After {
			if !seen[d] {
				return Errorf(Invalid, "task %s comes after %s, which is not in the plan", t.ID, d)
			}
		}
	}
	if err := p.validatePaths(); err != nil {
		return err
	}
	_, err := p.Levels()
	return err
}

func (p *Plan) validatePaths() error {
	for i, t := range p.Tasks {
		if len(t.Owns) == 0 {
			return Errorf(Invalid, "task %s owns no path", t.ID)
		}
		for j, o := range t.Owns {
			if err := CleanPath(strings.TrimSuffix(o, "/")); err != nil {
				return fmt.Errorf("task %s: %w", t.ID, err)
			}
			for _, other := range t.Owns[:j] {
				if overlaps(o, other) {
					return Errorf(Invalid, "task %s owns %s and %s, which overlap", t.ID, other, o)
				}
			}
			for _, u := range p.Tasks[:i] {
				for _, q := range u.Owns {
					if overlaps(o, q) {
						return Errorf(Conflict, "tasks %s and %s both own %s", u.ID, t.ID, o)
					}
				}
			}
		}
	}
	return nil
}

// Levels returns the task ids in waves: every task of a wave depends on earlier waves only. A cycle is an error that
// names the tasks in it.
func (p *Plan) Levels() ([][]string, error) {
	done := map[string]bool{}
	var levels [][]string
	for len(done) < len(p.Tasks) {
		wave := p.Ready(done)
		if len(wave) == 0 {
			var stuck []string
			for _, t := range p.Tasks {
				if !done[t.ID] {
					stuck = append(stuck, t.ID)
				}
			}
			return nil, Errorf(Invalid, "the plan has a cycle among: %s", strings.Join(stuck, ", "))
		}
		for _, id := range wave {
			done[id] = true
		}
		levels = append(levels, wave)
	}
	return levels, nil
}

// Ready returns, in plan order, the tasks that are not in done and whose dependencies all are.
func (p *Plan) Ready(done map[string]bool) []string {
	var out []string
	for _, t := range p.Tasks {
		if !done[t.ID] && !slices.ContainsFunc(t.After, func(d string) bool { return !done[d] }) {
			out = append(out, t.ID)
		}
	}
	return out
}

// CleanPath refuses a path that is not a plain relative one inside a project: empty, absolute, with "..", ".", doubled
// or trailing slashes, a backslash, a control character, or longer than 255 bytes.
func CleanPath(p string) error {
	bad := p == "" || len(p) > 255 || path.IsAbs(p) || path.Clean(p) != p || p == "." || p == ".." ||
		strings.HasPrefix(p, "../") || strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' || r == 0xFFFD })
	if bad {
		return Errorf(Invalid, "%.80q is not a plain relative path inside the project", p)
	}
	return nil
}
