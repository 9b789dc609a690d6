package python

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// write puts the project of spec into a folder and returns it.
func write(t *testing.T, spec qlp.Spec) string {
	t.Helper()
	files, err := Project(spec)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if keep := os.Getenv("QLP_KEEP_PROJECTS"); keep != "" {
		dir = filepath.Join(keep, strings.ReplaceAll(t.Name(), "/", "_"))
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run runs a command in the project and returns what it printed.
func run(t *testing.T, dir string, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "RUFF_NO_CACHE=true")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(argv, " "), err, out.String())
	}
	return out.String()
}

func need(t *testing.T, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skipf("%s is not on the PATH", tool)
	}
}

func TestProjectsPassTheirOwnChecks(t *testing.T) {
	t.Parallel()
	need(t, "python3")
	for name, spec := range samples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := write(t, spec)
			t.Run("unit tests", func(t *testing.T) {
				out := run(t, dir, "python3", "-m", "unittest", "discover", "-s", "tests", "-t", ".", "-b")
				if !strings.Contains(out, "\nOK\n") || strings.Contains(out, "skipped") {
					t.Errorf("the unit tests do not all pass:\n%s", out)
				}
			})
			t.Run("ruff", func(t *testing.T) {
				need(t, "ruff")
				run(t, dir, "ruff", "format", "--check", "--diff", ".")
				run(t, dir, "ruff", "check", ".")
			})
			if slices.Contains(spec.Extras, extraAzure) {
				t.Run("terraform", func(t *testing.T) {
					need(t, "terraform")
					run(t, dir, "terraform", "fmt", "-check", "-diff", "deploy/azure")
				})
			}
		})
	}
}
