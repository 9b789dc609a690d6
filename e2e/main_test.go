package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// binary is the qlp under test; TestMain builds it, because what is tested must be what is in the tree.
var binary string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "qlp-e2e-*")
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
		build := exec.Command("go", "build", "-o", filepath.Join(dir, name), "../cmd/"+name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build %s: %v\n%s", name, err, out)
			return 1
		}
	}
	binary = filepath.Join(dir, "qlp")
	return m.Run()
}

// TestScripts plays the command line's contract: output, exit codes, files.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(binary)+":"+os.Getenv("PATH"))
			env.Setenv("QLP_DATA", filepath.Join(env.WorkDir, "data"))
			env.Setenv("XDG_CACHE_HOME", cacheHome())
			if err := recordings(env); err != nil {
				return err
			}
			for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
				env.Setenv(name, goEnv(name))
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": expectCode, "capsules": expectCapsules, "run-id": takeRun},
	})
}

// recordings names the folder of recorded runs, and the intent of one as it was given, line ends included: a recording answers only its own words.
func recordings(env *testscript.Env) error {
	dir, err := filepath.Abs("testdata/models")
	if err != nil {
		return err
	}
	intent, err := os.ReadFile(filepath.Join(dir, "csv-summary.intent"))
	if err != nil {
		return err
	}
	env.Setenv("MODELS", dir)
	env.Setenv("CSV_SUMMARY", string(intent))
	return nil
}

// expectCode runs a command and holds its exit code: code 3 qlp interpret '...'.
func expectCode(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND [ARG...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // testscript returns it as it is
		got = fmt.Sprint(exit.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// takeRun sets $RUN and $INTENT to what the events of the last command are of.
func takeRun(ts *testscript.TestScript, _ bool, _ []string) {
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		var e qlp.Event
		if json.Unmarshal([]byte(line), &e) == nil && e.RunID != "" {
			ts.Setenv("RUN", e.RunID)
			ts.Setenv("INTENT", e.IntentID)
			return
		}
	}
	ts.Fatalf("no event of a run")
}

// expectCapsules holds that every capsule in a folder is good, and says the same when its commands are run again.
func expectCapsules(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: capsules DIR")
	}
	found, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "*.qlcapsule"))
	if err != nil || len(found) == 0 {
		ts.Fatalf("no capsule in %s: %v", args[0], err)
	}
	for _, path := range found {
		if err := ts.Exec(binary, "capsule", "verify", "--rerun", path); err != nil {
			ts.Fatalf("%s: %v", filepath.Base(path), err)
		}
	}
}

// cacheHome is where the sandbox's seeded toolchain caches are kept; tests share them, as runs do.
func cacheHome() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return os.TempDir()
	}
	return dir
}

func goEnv(name string) string {
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		return ""
	}
	return string(out[:max(len(out)-1, 0)])
}

// within fails the test when do takes longer.
func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}
