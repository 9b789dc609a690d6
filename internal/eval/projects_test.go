package eval_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/eval"
	"github.com/quantumlayer/qlp/internal/generator/offline/golang"
	"github.com/quantumlayer/qlp/internal/generator/offline/python"
	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/interpreter/grammar"
	"github.com/quantumlayer/qlp/internal/interpreter/specfile"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/stack"
)

func projects(t testing.TB) eval.Suite {
	t.Helper()
	s, err := eval.LoadProjects()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestTheSuiteOfProjects is as large and as mixed as it claims to be.
func TestTheSuiteOfProjects(t *testing.T) {
	t.Parallel()
	count := map[string]int{}
	for _, p := range projects(t).Problems {
		count[p.Language]++
		count[string(p.Form)]++
		if !strings.HasPrefix(p.ID, strings.Replace(p.Language, "javascript", "node", 1)) {
			t.Errorf("%s is in %s", p.ID, p.Language)
		}
		checks := 0
		for _, c := range p.Cases {
			checks += len(c.Steps) + len(c.Calls)
		}
		if checks < 4 {
			t.Errorf("%s is held to %d requests or calls only", p.ID, checks)
		}
	}
	if count["go"] < 5 || count["python"] < 5 || count["javascript"] < 5 || count["rust"] < 5 || count["service"]+count["program"] < 30 {
		t.Errorf("%v", count)
	}
}

// TestReferencesPassAndWrongOnesFail: each hidden check of a program accepts a good solution, and not the same one with a fault in it.
func TestReferencesPassAndWrongOnesFail(t *testing.T) {
	t.Parallel()
	judge := eval.NewProjects(newBench(t))
	for _, p := range projects(t).Problems {
		if p.Form != eval.ProgramForm {
			continue
		}
		t.Run(p.ID, func(t *testing.T) {
			t.Parallel()
			good := reference(t, p, "", "")
			var wrong struct{ Old, New string }
			if err := json.Unmarshal(read(t, filepath.Join("suites", "reference", p.ID, "wrong.json")), &wrong); err != nil {
				t.Fatal(err)
			}
			for _, tc := range []struct {
				name   string
				answer eval.Solution
				want   eval.Status
			}{{"good", good, eval.Passed}, {"wrong", reference(t, p, wrong.Old, wrong.New), eval.Failed}} {
				got, err := judge.Judge(t.Context(), p, tc.answer)
				if qlp.CodeOf(err) == qlp.Unavailable {
					t.Skipf("its toolchain is not here: %v", err)
				}
				if err != nil || got.Status != tc.want {
					t.Errorf("the %s one is %s (%s), %v", tc.name, got.Status, got.Reason, err)
				}
				if strings.HasPrefix(got.Reason, "it does not build") {
					t.Errorf("the %s one was never called: %s", tc.name, got.Reason)
				}
			}
		})
	}
}

// reference reads a solution, with one place changed.
func reference(t *testing.T, p eval.Problem, from, to string) eval.Solution {
	t.Helper()
	st, err := eval.ProgramStack(p.Language)
	if err != nil {
		t.Fatal(err)
	}
	s := eval.Solution{Stack: st}
	if p.Language == "go" {
		s.Files = append(s.Files, qlp.File{Path: "go.mod", Content: []byte("module reference\n\ngo 1.24\n")})
	}
	files, err := filepath.Glob(filepath.Join("suites", "reference", p.ID, "main.*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no solution: %v", err)
	}
	for _, f := range files {
		text := string(read(t, f))
		if from != "" {
			if strings.Count(text, from) != 1 {
				t.Fatalf("%q is not once in %s", from, f)
			}
			text = strings.Replace(text, from, to, 1)
		}
		s.Files = append(s.Files, qlp.File{Path: strings.TrimSuffix(filepath.Base(f), ".txt"), Content: []byte(text)})
	}
	return s
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTheOfflineGeneratorPassesTheChecksOfServices: each hidden check of a service accepts a good one. Where the grammar does not understand
// the intent, or not as it is meant, the generator is given other words for the same.
func TestTheOfflineGeneratorPassesTheChecksOfServices(t *testing.T) {
	t.Parallel()
	judge := eval.NewProjects(newBench(t))
	for _, p := range projects(t).Problems {
		if p.Form != eval.ServiceForm || testing.Short() {
			continue
		}
		t.Run(p.ID, func(t *testing.T) {
			t.Parallel()
			got, err := judge.Judge(t.Context(), p, generated(t, p))
			if err != nil || got.Status != eval.Passed {
				for _, l := range got.Logs {
					t.Logf("%s", l.Content)
				}
				t.Fatalf("%s (%s), %v", got.Status, got.Reason, err)
			}
			if p.Language != "python" { // the wrong check below needs no second build
				return
			}
			p.Cases = slices.Clone(p.Cases)
			last := &p.Cases[len(p.Cases)-1]
			last.Steps = slices.Clone(last.Steps)
			last.Steps[len(last.Steps)-1].Expect.Status = 418
			if got, err := judge.Judge(t.Context(), p, generated(t, p)); err != nil || got.Status != eval.Failed {
				t.Errorf("a check that cannot be met ended as %s, %v", got.Status, err)
			}
		})
	}
}

// generated is what the offline generator writes, without its acceptance tests.
func generated(t *testing.T, p eval.Problem) eval.Solution {
	t.Helper()
	spec := meant(t, p)
	st, err := stack.Find(spec.Stack)
	if err != nil {
		t.Fatal(err)
	}
	out := eval.Solution{Stack: st}
	write := map[string]func(qlp.Spec) ([]qlp.File, error){"go": golang.Project, "python": python.Project}[st.Name]
	if out.Files, err = write(spec); err != nil {
		t.Fatal(err)
	}
	return out
}

// meant is the Spec of an intent: as the grammar understands its words, or other words for it, or as somebody wrote it down.
func meant(t *testing.T, p eval.Problem) qlp.Spec {
	t.Helper()
	dir := filepath.Join("suites", "reference", p.ID)
	if b, err := os.ReadFile(filepath.Join(dir, "spec.yaml")); err == nil {
		spec, err := specfile.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return *spec
	}
	words := p.Prompt
	if other, err := os.ReadFile(filepath.Join(dir, "intent.txt")); err == nil {
		words = string(other)
	} else if !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	in, err := grammar.New().Interpret(t.Context(), words, interpreter.Options{})
	if err != nil || in.Outcome != interpreter.Understood {
		t.Fatalf("%s (%s) %v %v", in.Outcome, in.Reason, in.Questions, err)
	}
	return *in.Spec
}
