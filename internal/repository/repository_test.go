package repository_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/repository"
)

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"go.mod": "module m", "a/b.go": "package b", "run.sh": "#!/bin/sh", ".gitignore": "*.o", "target/notes.txt": "nobody's build folder",
		".git/config": "[core]\nfsmonitor = evil", "node_modules/x/index.js": "x", "rs/Cargo.toml": "", "rs/target/debug/x": "x", "py/__pycache__/a.pyc": "x",
	})
	must(t, os.Chmod(filepath.Join(dir, "run.sh"), 0o755))
	must(t, os.Symlink("go.mod", filepath.Join(dir, "link")))
	must(t, os.Symlink("nowhere", filepath.Join(dir, "dangling")))
	must(t, os.Symlink("a", filepath.Join(dir, "folder")))
	tree, err := repository.Read(dir)
	must(t, err)
	if got, want := strings.Join(tree.Paths(), " "), ".gitignore a/b.go go.mod link rs/Cargo.toml run.sh target/notes.txt"; got != want {
		t.Errorf("files %q, want %q", got, want)
	}
	for _, want := range []string{".git/", "node_modules/", "rs/target/", "py/__pycache__/", "dangling (a link to nothing)", "folder (a link to a folder)"} {
		if !strings.Contains(strings.Join(tree.Skipped, "\n"), want) {
			t.Errorf("%s is left out without a word: %q", want, tree.Skipped)
		}
	}
	for _, f := range tree.Files {
		if f.Executable != (f.Path == "run.sh") || f.Path == "link" && string(f.Content) != "module m" {
			t.Errorf("%+v", f)
		}
	}
	if tree.Name != filepath.Base(dir) {
		t.Errorf("name %q", tree.Name)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		make func(dir string) error
		says string
	}{
		"a link out of it":      {func(d string) error { return os.Symlink("/etc/passwd", filepath.Join(d, "x")) }, "leads out"},
		"a link up":             {func(d string) error { return os.Symlink("../../etc/passwd", filepath.Join(d, "x")) }, "leads out"},
		"a link to itself":      {func(d string) error { return os.Symlink("x", filepath.Join(d, "x")) }, "circle"},
		"a pipe":                {func(d string) error { return syscall.Mkfifo(filepath.Join(d, "x"), 0o644) }, "neither a file"},
		"a huge file":           {func(d string) error { return os.Truncate(filepath.Join(d, "go.mod"), repository.MaxFile+1) }, "more than 32 MiB"},
		"a name with a newline": {func(d string) error { return os.WriteFile(filepath.Join(d, "a\nb"), nil, 0o644) }, "not plain"},
		"too deep": {func(d string) error {
			deep := filepath.Join(d, strings.Repeat("d/", 30))
			if err := os.MkdirAll(deep, 0o755); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(deep, "f"), nil, 0o644)
		}, "too deep"},
	} {
		dir := folder(t, map[string]string{"go.mod": "module m"})
		must(t, c.make(dir))
		if _, err := repository.Read(dir); qlp.CodeOf(err) != qlp.Invalid || !strings.Contains(err.Error(), c.says) || qlp.RemedyOf(err) == "" {
			t.Errorf("%s: %v; %s", name, err, qlp.RemedyOf(err))
		}
	}
	for _, dir := range []string{filepath.Join(t.TempDir(), "nowhere"), t.TempDir(), "repository.go"} {
		if _, err := repository.Read(dir); qlp.CodeOf(err) != qlp.Invalid || qlp.RemedyOf(err) == "" {
			t.Errorf("%s: %v", dir, err)
		}
	}
}
