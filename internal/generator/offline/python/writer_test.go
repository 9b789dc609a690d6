package python

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/generator/offline"
	"github.com/quantumlayer/qlp/internal/qlp"
)

var update = flag.Bool("update", false, "write the golden files")

// layout reads the stack's data, and makes a task of each of its parts.
func layout(t *testing.T) []qlp.Task {
	t.Helper()
	content, err := os.ReadFile("../../../stack/python.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var stack struct {
		Layout []struct {
			Role qlp.Role
			Owns []string
		}
	}
	if err := yaml.Load(content, &stack); err != nil {
		t.Fatal(err)
	}
	var tasks []qlp.Task
	for _, p := range stack.Layout {
		tasks = append(tasks, qlp.Task{ID: string(p.Role), Role: p.Role, Owns: p.Owns})
	}
	return tasks
}

func TestEveryFileHasOneTask(t *testing.T) {
	t.Parallel()
	for name, spec := range samples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, err := Project(spec)
			if err != nil {
				t.Fatal(err)
			}
			var written []string
			for _, task := range layout(t) {
				if task.Role == qlp.RoleAcceptance {
					continue
				}
				files, err := offline.New(New()).Generate(t.Context(), generator.Request{Spec: spec, Plan: qlp.Plan{Stack: Stack}, Task: task})
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range files {
					if !task.Owner(f.Path) {
						t.Errorf("task %s writes %s, which it does not own", task.ID, f.Path)
					}
					written = append(written, f.Path)
				}
			}
			slices.Sort(written)
			var want []string
			for _, f := range all {
				want = append(want, f.Path)
			}
			if !slices.Equal(written, want) {
				t.Errorf("the tasks write\n%v\nthe project has\n%v", written, want)
			}
		})
	}
}

func TestWhatCannotBeBuiltIsRefusedByName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*qlp.Spec)
		want   string
	}{
		{"kind", func(s *qlp.Spec) { s.Kind = qlp.KindCLI }, "cli"},
		{"extra", func(s *qlp.Spec) { s.Extras = []string{"helm"} }, "helm"},
		{"storage", func(s *qlp.Spec) { s.Storage = "tape" }, "tape"},
		{"protection", func(s *qlp.Spec) { s.Auth = "oauth" }, "oauth"},
		{"database's own name", func(s *qlp.Spec) { s.Entities[0].Plural = "sqlite_things" }, "sqlite_things"},
		{"field type", func(s *qlp.Spec) { s.Entities[0].Fields[0].Type = "colour" }, "colour"},
		{"reference", func(s *qlp.Spec) { s.Entities[1].Fields[0].To = "ghost" }, "ghost"},
		{"circle", func(s *qlp.Spec) { s.Entities[0].Fields[8].Optional = false }, "class"},
		{"link to itself", func(s *qlp.Spec) { s.ManyToMany[0][1] = "class" }, "itself"},
		{"link to nothing", func(s *qlp.Spec) { s.ManyToMany[0][1] = "ghost" }, "ghost"},
		{"no field", func(s *qlp.Spec) { s.Entities[2].Fields = nil }, "links"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			spec := hostile()
			tt.change(&spec)
			_, err := Project(spec)
			if qlp.CodeOf(err) != qlp.Invalid || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an invalid error that names %s", err, tt.want)
			}
		})
	}
}

func TestSameSpecSameFiles(t *testing.T) {
	t.Parallel()
	first, err := Project(hostile())
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		again, err := Project(hostile())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(first, again, func(a, b qlp.File) bool { return a.Path == b.Path && bytes.Equal(a.Content, b.Content) }) {
			t.Fatal("two calls give different files")
		}
	}
}

// TestGolden keeps what is rendered; the files that are copied can be read where they are.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := Project(golden())
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join("testdata", "golden", "clinic")
	if *update {
		if err := os.RemoveAll(root); err != nil {
			t.Fatal(err)
		}
	}
	kept := map[string]bool{}
	for _, f := range files {
		if _, err := source.ReadFile("project/" + f.Path); err == nil {
			continue
		}
		path := filepath.Join(root, filepath.FromSlash(strings.Replace(f.Path, ".git", "dot-git", 1)))
		kept[path] = true
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.Content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(f.Content, want) {
			t.Errorf("%s differs from its golden file (run with -update to write it): %v", f.Path, err)
		}
	}
	err = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !kept[path] {
			t.Errorf("%s is not generated any more", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
