package orchestrator

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// A failure that keeps its signature although it was mended is not being mended. After sameOnTask attempts of one task at
// it, the next candidate has its turn, unless models write; after sameInRun attempts in all, the run gives up.
const (
	sameOnTask = 2
	sameInRun  = 3
)

// mender returns the task that should mend the failed checks, or nil and why there is none.
func mender(in qlp.Intent, checks []qlp.Check, attempts []qlp.Attempt, model bool) (*qlp.TaskRun, string) {
	sign, most := signature(checks), sameOnTask
	if model { // the third try is another strategy of the same task: it is written anew, by another model if there is one
		most = sameInRun
	}
	tried := map[string]int{}
	all := 0
	for _, a := range attempts {
		if len(a.Failure) > 0 && signature(a.Failure) == sign {
			tried[a.TaskID]++
			all++
		}
	}
	if all >= sameInRun {
		return nil, "the same failure came back after three repairs"
	}
	for _, id := range candidates(in, checks) {
		if tried[id] >= most {
			continue
		}
		for i := range in.Run.Tasks {
			if in.Run.Tasks[i].TaskID == id && in.Run.Tasks[i].State == qlp.TaskDone {
				return &in.Run.Tasks[i], ""
			}
		}
	}
	return nil, "no task is left that could mend it"
}

// candidates orders the tasks by how likely they are to own the failure: those that own files with findings, by the number
// of errors, then those that the failed layer points at. Frozen tasks are never among them: a test is not mended.
func candidates(in qlp.Intent, checks []qlp.Check) []string {
	count := map[string]int{}
	var layers []qlp.Role
	for _, c := range checks {
		if !c.Required || c.Status() != qlp.Failed {
			continue
		}
		for _, f := range c.Findings {
			if t, ok := in.Plan.OwnerOf(f.Path); ok && !t.Frozen && f.Severity == "error" {
				count[t.ID]++
			}
		}
		layers = append(layers, suspects(c.Layer)...)
	}
	var found []string
	for id := range count {
		found = append(found, id)
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	for _, role := range layers {
		for _, t := range in.Plan.Tasks {
			if t.Role == role && !t.Frozen && !slices.Contains(found, t.ID) {
				found = append(found, t.ID)
			}
		}
	}
	return found
}

// suspects are the roles that usually own a failure that names no file: the program's tasks, or a service's.
func suspects(l qlp.Layer) []qlp.Role {
	switch l {
	case qlp.LayerTest, qlp.LayerStart:
		return []qlp.Role{qlp.RoleProgram, qlp.RoleHandlers, qlp.RoleStorage, qlp.RoleDomain, qlp.RoleWiring}
	case qlp.LayerBuild, qlp.LayerSyntax:
		return []qlp.Role{qlp.RoleProgram, qlp.RoleWiring, qlp.RoleHandlers, qlp.RoleStorage, qlp.RoleDomain}
	default:
		return []qlp.Role{qlp.RoleProgram, qlp.RoleHandlers, qlp.RoleWiring, qlp.RoleDocuments}
	}
}

var changing = regexp.MustCompile(`0x[0-9a-f]+|[0-9]+|/tmp/[^\s:]+`)

// signature names a failure: layer, check, and the first error with what changes from run to run left out.
func signature(checks []qlp.Check) string {
	for _, c := range checks {
		if !c.Required || c.Status() != qlp.Failed {
			continue
		}
		first := c.Reason
		if len(c.Findings) > 0 {
			first = c.Findings[0].Path + " " + c.Findings[0].Rule + " " + c.Findings[0].Message
		}
		return c.Key() + ": " + changing.ReplaceAllString(first, "#")
	}
	return ""
}
