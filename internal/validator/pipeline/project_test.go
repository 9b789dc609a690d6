package pipeline_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/stack"
	"github.com/quantumlayer/qlp/internal/validator"
)

// project reads the good sample of a stack: a small service with its tests, frozen as it stands.
func project(t testing.TB, name string) validator.Subject {
	t.Helper()
	st, err := stack.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	s := validator.Subject{
		Spec:  qlp.Spec{Title: "Sample", Kind: qlp.KindService, Stack: name},
		Plan:  qlp.Plan{Stack: name, Tasks: []qlp.Task{{ID: "acceptance", Owns: []string{"acceptance/"}, Frozen: true}}},
		Stack: st, Files: readProject(t, name),
	}
	return freeze(s)
}

// readProject reads a folder of testdata.
func readProject(t testing.TB, name string) (files []qlp.File) {
	t.Helper()
	root := filepath.Join("testdata", name)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		files = append(files, qlp.File{Path: filepath.ToSlash(rel), Content: content})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// freeze takes the acceptance files as they are now for the frozen ones.
func freeze(s validator.Subject) validator.Subject {
	s.Frozen = nil
	for _, f := range s.Files {
		if strings.HasPrefix(f.Path, "acceptance/") {
			s.Frozen = append(s.Frozen, qlp.Entry{Path: f.Path, Digest: qlp.DigestOf(f.Content), Size: int64(len(f.Content))})
		}
	}
	return s
}

// change returns the subject with files replaced or added; an empty content takes a file away.
func change(s validator.Subject, files map[string]string) validator.Subject {
	s.Files = slices.DeleteFunc(slices.Clone(s.Files), func(f qlp.File) bool { _, ok := files[f.Path]; return ok })
	for path, content := range files {
		if content != "" {
			s.Files = append(s.Files, qlp.File{Path: path, Content: []byte(content)})
		}
	}
	slices.SortFunc(s.Files, func(a, b qlp.File) int { return strings.Compare(a.Path, b.Path) })
	return s
}

func content(t testing.TB, s validator.Subject, path string) string {
	t.Helper()
	for _, f := range s.Files {
		if f.Path == path {
			return string(f.Content)
		}
	}
	t.Fatalf("%s is not in the project", path)
	return ""
}

// with replaces text in a file of the project; text that is not there is a mistake of the test.
func with(t testing.TB, s validator.Subject, path, old, text string) map[string]string {
	t.Helper()
	before := content(t, s, path)
	after := strings.Replace(before, old, text, 1)
	if after == before {
		t.Fatalf("%s does not hold %q", path, old)
	}
	return map[string]string{path: after}
}
