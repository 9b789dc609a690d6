package pipeline_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/contract/contracttest"
	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/generator/acceptance"
	"github.com/quantumlayer/qlp/internal/generator/offline/golang"
	"github.com/quantumlayer/qlp/internal/generator/offline/python"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/stack"
	"github.com/quantumlayer/qlp/internal/validator"
	"github.com/quantumlayer/qlp/internal/validator/pipeline"
)

// TestGeneratedProjects judges what the offline generator writes for the sample Specs: every required check passes.
func TestGeneratedProjects(t *testing.T) {
	write := map[string]func(qlp.Spec) ([]qlp.File, error){"go": golang.Project, "python": python.Project}
	specs := contracttest.Specs()
	for _, stackName := range slices.Sorted(maps.Keys(write)) {
		p := newPipeline(t, newBench(t), pipeline.Config{})
		for _, name := range slices.Sorted(maps.Keys(specs)) {
			t.Run(stackName+" "+name, func(t *testing.T) {
				spec := specs[name]
				spec.Stack = stackName
				files, err := write[stackName](spec)
				if err != nil {
					t.Fatal(err)
				}
				s := generated(t, spec, files)
				start := time.Now()
				r, err := p.Validate(t.Context(), s, func(c qlp.Check) {
					t.Logf("%5d ms  %s %s %s", time.Since(start).Milliseconds(), c.Key(), c.Status(), c.Reason)
				})
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%5d ms in all, %d ms of it in sandboxes", time.Since(start).Milliseconds(), r.SandboxMS)
				for _, x := range r.Executions {
					t.Logf("%s: wall %d ms, processor %d ms, %d MiB %v", x.ID, x.WallMS, x.CPUMS, x.PeakMemory>>20, x.Counts)
				}
				if v := qlp.Decide(r.Checks); v != qlp.Verified {
					t.Errorf("verdict %s", v)
				}
				for _, c := range r.Checks {
					if c.Required && c.Status() != qlp.Passed {
						t.Errorf("%s is %s: %s %+v", c.Key(), c.Status(), c.Reason, c.Findings)
					}
				}
				evidence(t, r)
			})
		}
	}
}

func generated(t *testing.T, spec qlp.Spec, files []qlp.File) validator.Subject {
	t.Helper()
	st, err := stack.Find(spec.Stack)
	if err != nil {
		t.Fatal(err)
	}
	plan := qlp.Plan{Stack: st.Name}
	for _, part := range st.Layout {
		plan.Tasks = append(plan.Tasks, qlp.Task{ID: string(part.Role), Role: part.Role, Owns: part.Owns, Frozen: part.Role == qlp.RoleAcceptance})
	}
	s := validator.Subject{Spec: spec, Plan: plan, Stack: st, Files: files}
	tests, err := acceptance.Files(generator.Request{Spec: spec, Plan: plan})
	if err != nil {
		t.Fatal(err)
	}
	s.Files = append(s.Files, tests...)
	return freeze(change(s, nil))
}
