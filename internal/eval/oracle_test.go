package eval_test

import (
	"path/filepath"
	"testing"

	"github.com/quantumlayer/qlp/internal/eval"
)

// begin makes a run in a fresh folder.
func begin(t testing.TB, s eval.Suite, solver string, samples int) *eval.Journal {
	t.Helper()
	h := eval.Header{Suite: s.Name, Digest: s.Digest, Solver: solver, Samples: samples, K: []int{1}}
	for _, p := range s.Problems {
		h.Problems = append(h.Problems, p.ID)
	}
	j, err := eval.CreateJournal(filepath.Join(t.TempDir(), "run"), h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

// TestCanonicalSolutionsPass on the real sandbox.
func TestCanonicalSolutionsPass(t *testing.T) {
	t.Parallel()
	s := few(t)
	solver, err := eval.Canonical(s, 1)
	if err != nil {
		t.Fatal(err)
	}
	journal := begin(t, s, solver.Name(), 1)
	r := eval.Runner{Suite: s, Solver: solver, Judges: map[eval.Form]eval.Judge{eval.FunctionForm: newFunctions(t, eval.FunctionLimits{})}, Journal: journal}
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	report := eval.NewReport(journal.Header, journal.Samples())
	if missed := report.Missed(0.9); missed != "" || report.Statuses[eval.Passed] != 8 {
		t.Fatalf("%s: %+v", missed, report.Problems)
	}
}

// TestMutantsAreCaught: a mutant that the tests of HumanEval notice is a failure, with what was changed.
func TestMutantsAreCaught(t *testing.T) {
	t.Parallel()
	s := few(t)
	solver, err := eval.Mutated(t.Context(), newBench(t), pythonStack(t), s, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	journal := begin(t, s, solver.Name(), 2)
	r := eval.Runner{Suite: s, Solver: solver, Judges: map[eval.Form]eval.Judge{eval.FunctionForm: newFunctions(t, eval.FunctionLimits{})}, Journal: journal}
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	report := eval.NewReport(journal.Header, journal.Samples())
	for _, s := range report.Samples {
		t.Logf("%s %s %s: %s", s.Problem, s.Status, s.Note, s.Reason)
	}
	if k := report.Kills; k.Mutants < 12 || k.Caught < k.Mutants/2 {
		t.Fatalf("%d of %d mutants caught", k.Caught, k.Mutants)
	}
}
