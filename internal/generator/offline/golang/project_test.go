package golang_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/contract/contracttest"
	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/generator/offline"
	"github.com/quantumlayer/qlp/internal/generator/offline/golang"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/stack"
	"github.com/quantumlayer/qlp/internal/validator/security/gosectool"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden compares the project of the Library with the files in testdata. Go files there end in .txt, so that no tool
// takes them for ours.
func TestGolden(t *testing.T) {
	t.Parallel()
	home := filepath.Join("testdata", "golden", "library")
	files, err := golang.Project(contracttest.Library())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.RemoveAll(home); err != nil {
			t.Fatal(err)
		}
	}
	known := map[string]bool{}
	for _, f := range files {
		name := filepath.Join(home, filepath.FromSlash(f.Path)+".txt")
		known[name] = true
		if *update {
			if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, f.Content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(want, f.Content) {
			t.Errorf("%s differs from the golden file (%v); read the change, then: go test . -update", f.Path, err)
		}
	}
	err = filepath.WalkDir(home, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !known[name] {
			t.Errorf("%s is not written any more", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tasks are the tasks of a plan over the stack's layout.
func tasks(t *testing.T) qlp.Plan {
	t.Helper()
	st, err := stack.Find(golang.Stack)
	if err != nil {
		t.Fatal(err)
	}
	plan := qlp.Plan{Stack: st.Name}
	for _, part := range st.Layout {
		plan.Tasks = append(plan.Tasks, qlp.Task{ID: string(part.Role), Role: part.Role, Owns: part.Owns})
	}
	return plan
}

// TestTasksWriteTheWholeProject asks for the files of each task twice: every file has one owner, and is the same again.
func TestTasksWriteTheWholeProject(t *testing.T) {
	t.Parallel()
	plan := tasks(t)
	for name, spec := range samples() {
		whole, err := golang.Project(spec)
		if err != nil {
			t.Fatal(err)
		}
		var parts []qlp.File
		for _, task := range plan.Tasks {
			files, err := offline.New(golang.New()).Generate(t.Context(), generator.Request{Spec: spec, Plan: plan, Task: task, Attempt: 1})
			if task.Role == qlp.RoleAcceptance {
				if qlp.CodeOf(err) != qlp.Invalid {
					t.Errorf("acceptance tests from the code's author: %v", err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s, %s: %v", name, task.ID, err)
			}
			parts = append(parts, files...)
		}
		same := func(a, b qlp.File) bool { return a.Path == b.Path && bytes.Equal(a.Content, b.Content) }
		slices.SortFunc(parts, func(a, b qlp.File) int { return strings.Compare(a.Path, b.Path) })
		if !slices.EqualFunc(whole, parts, same) {
			t.Errorf("%s: the tasks write %d files of %d, or other ones", name, len(parts), len(whole))
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*qlp.Spec)
		says   string
	}{
		"kind":         {func(s *qlp.Spec) { s.Kind = qlp.KindCLI }, "not a cli"},
		"extra":        {func(s *qlp.Spec) { s.Extras = []string{"readme", "helm_chart"} }, `"helm_chart"`},
		"storage":      {func(s *qlp.Spec) { s.Storage = qlp.StorageSQLite }, `"sqlite"`},
		"unsound Spec": {func(s *qlp.Spec) { s.Entities[0].Fields[0].Name = "Not a name" }, "entities.book"},
		"no entity":    {func(s *qlp.Spec) { s.Entities = nil }, "entities"},
	} {
		spec := contracttest.Library()
		c.change(&spec)
		_, err := golang.Project(spec)
		if qlp.CodeOf(err) != qlp.Invalid || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	plan := tasks(t)
	_, err := offline.New(golang.New()).Generate(t.Context(), generator.Request{Spec: contracttest.Library(), Plan: plan, Task: qlp.Task{ID: "x", Role: qlp.RoleDomain, Owns: []string{"x/"}}})
	if qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("a task that owns nothing: %v", err)
	}
}

// TestExtras asks for the files that only some projects have.
func TestExtras(t *testing.T) {
	t.Parallel()
	wanted := map[string]string{"compose": "compose.yaml", "ci": ".github/workflows/ci.yml", "terraform_azure": "deploy/azure/main.tf"}
	for _, storage := range []string{"", qlp.StorageMemory} {
		for extra, path := range wanted {
			for _, with := range []bool{true, false} {
				spec := contracttest.Todo()
				spec.Storage, spec.Extras = storage, nil
				if with {
					spec.Extras = []string{extra}
				}
				files, err := golang.Project(spec)
				if err != nil {
					t.Fatal(err)
				}
				if has := slices.ContainsFunc(files, func(f qlp.File) bool { return f.Path == path }); has != with {
					t.Errorf("%s is there: %v, asked for: %v", path, has, with)
				}
			}
		}
	}
}

func TestTerraformIsFormatted(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("terraform is not on the PATH")
	}
	for _, storage := range []string{"", qlp.StorageMemory} {
		for _, spec := range []qlp.Spec{hostile(), contracttest.Library()} {
			spec.Storage, spec.Extras = storage, []string{"terraform_azure"}
			tool(t, filepath.Join(write(t, spec), "deploy", "azure"), "terraform", "fmt", "-check", "-diff")
		}
	}
}

// TestGosec runs the scanner of the security layer over projects with and without a disk. It changes the working folder.
func TestGosec(t *testing.T) {
	memory := contracttest.Everything()
	memory.Storage = qlp.StorageMemory
	t.Setenv("GOFLAGS", "-buildvcs=false")
	for name, spec := range map[string]qlp.Spec{"everything": contracttest.Everything(), "memory": memory} {
		t.Chdir(write(t, spec))
		var out bytes.Buffer
		code := gosectool.Main([]string{"-fmt=json", "./..."}, &out)
		var report gosectool.Report
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			t.Fatal(err)
		}
		if code != gosectool.ExitClean || len(report.Issues) > 0 || report.Stats.Files < 10 {
			t.Errorf("%s: exit code %d: %s", name, code, out.String())
		}
	}
}
