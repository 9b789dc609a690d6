package cli

import (
	"fmt"
	"slices"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// short is the beginning of a value's digest; "none" for nothing.
func short[T any](v *T) string {
	if v == nil {
		return "none"
	}
	return digest(qlp.DigestJSON(v))
}

func digest(d qlp.Digest) string {
	if d.Hex() == "" {
		return "none"
	}
	return d.Hex()[:12]
}

func frozen(r *qlp.Run) qlp.Digest {
	if r == nil {
		return ""
	}
	return r.Frozen
}

func project(r *qlp.Run) qlp.Digest {
	if r == nil {
		return ""
	}
	return r.Tree
}

func treeOf(r *qlp.Run, task string) qlp.Digest {
	if r != nil {
		for _, t := range r.Tasks {
			if t.TaskID == task && len(t.Tree) > 0 {
				return t.Tree.Digest()
			}
		}
	}
	return ""
}

// tasksOf lists the tasks of both runs, in the order of the first that has them.
func tasksOf(intents ...qlp.Intent) []string {
	var out []string
	for _, in := range intents {
		if in.Run == nil {
			continue
		}
		for _, t := range in.Run.Tasks {
			if !slices.Contains(out, t.TaskID) {
				out = append(out, t.TaskID)
			}
		}
	}
	return out
}

// endOf is a run's verdict, or where its intent stands if it has none.
func endOf(in qlp.Intent) string {
	if in.Run != nil && in.Run.Verdict != "" {
		return string(in.Run.Verdict)
	}
	return string(in.State)
}

func repairs(r *qlp.Run) string {
	if r == nil {
		return "none"
	}
	return fmt.Sprint(r.Repairs)
}

// keysOf lists the checks of both runs, in the order of the first that has them.
func keysOf(runs ...*qlp.Run) []string {
	var out []string
	for _, r := range runs {
		if r == nil {
			continue
		}
		for _, c := range r.Checks {
			if !slices.Contains(out, c.Key()) {
				out = append(out, c.Key())
			}
		}
	}
	return out
}

// statusOf is a check's status, with the tests that it counted.
func statusOf(r *qlp.Run, key string) string {
	if r != nil {
		for _, c := range r.Checks {
			if c.Key() != key {
				continue
			}
			text := string(c.Status())
			if c.Counts != nil {
				text += fmt.Sprintf(", %d passed, %d failed, %d skipped", c.Counts.Passed, c.Counts.Failed, c.Counts.Skipped)
			}
			return text
		}
	}
	return "none"
}
