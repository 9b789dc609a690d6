package chaos

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binary is the qlp under test; TestMain builds it, because what is tested must be what is in the tree.
var binary string

const recordings = "../testdata/models/csv-summary"

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "qlp-chaos-test-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	// An ordinary user's sandbox must be able to reach the init.
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for _, name := range []string{"qlp-init", "qlp-gosec", "qlp"} {
		build := exec.Command("go", "build", "-o", filepath.Join(dir, name), "../../cmd/"+name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build %s: %v\n%s", name, err, out)
			return 1
		}
	}
	binary = filepath.Join(dir, "qlp")
	return m.Run()
}

// workFolder is a folder that a sandbox's user passes through. What is found in it is kept: a failed play's data and logs.
func workFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "qlp-chaos-*") //nolint:usetesting // a sandbox passes through it, and it stays when something is found
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			_ = os.RemoveAll(dir)
		}
	})
	return dir
}

func recordingsFolder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(recordings)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
