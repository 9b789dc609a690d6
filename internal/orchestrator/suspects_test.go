package orchestrator

import (
	"slices"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// A failure that names no file has somebody who mends it, in a service and in a program alike.
func TestEveryFailureHasASuspect(t *testing.T) {
	t.Parallel()
	plan := func(roles ...qlp.Role) *qlp.Plan {
		p := &qlp.Plan{Tasks: []qlp.Task{{ID: "acceptance", Role: qlp.RoleAcceptance, Owns: []string{"acceptance/"}, Frozen: true}}}
		for _, r := range roles {
			p.Tasks = append(p.Tasks, qlp.Task{ID: "the-" + string(r), Role: r, Owns: []string{string(r) + "/"}})
		}
		return p
	}
	for _, layer := range []qlp.Layer{qlp.LayerSyntax, qlp.LayerBuild, qlp.LayerTest, qlp.LayerSecurity, qlp.LayerQuality, qlp.LayerPolicy, qlp.LayerReview} {
		failed := qlp.Fail(layer, "x", qlp.FromReading(qlp.DigestOf(nil)), "no", qlp.Finding{Path: "acceptance/cases.json", Rule: "test-failed", Severity: "error"})
		failed.Required = true
		for first, p := range map[string]*qlp.Plan{"the-program": plan(qlp.RoleDocuments, qlp.RoleProgram), "the-": plan(qlp.RoleDomain, qlp.RoleStorage, qlp.RoleHandlers, qlp.RoleWiring)} {
			got := candidates(qlp.Intent{Plan: p}, []qlp.Check{failed})
			if len(got) == 0 || got[0][:len(first)] != first || slices.Contains(got, "acceptance") {
				t.Errorf("%s: %v", layer, got)
			}
		}
	}
}
