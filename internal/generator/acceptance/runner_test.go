package acceptance

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/contract/contracttest"
	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// write puts the acceptance tests of a Spec into a project's folder.
func write(t *testing.T, dir, stack string, spec qlp.Spec) {
	t.Helper()
	files, err := Files(generator.Request{Spec: spec, Plan: qlp.Plan{Stack: stack}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		put(t, dir, f.Path, f.Content)
	}
}

func put(t *testing.T, dir, path string, content []byte) {
	t.Helper()
	name := filepath.Join(dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// runner plays a Spec's tests against the reference service with a fault, and returns whether they passed and what they print.
type runner func(t *testing.T, spec qlp.Spec, fault contracttest.Fault) (passed bool, output string)

func environment(t *testing.T, spec qlp.Spec, fault contracttest.Fault) []string {
	t.Helper()
	raw, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	return append(os.Environ(), envSpec+"="+string(raw), envFault+"="+string(fault), "SERVICE_BINARY="+os.Args[0])
}

func finish(t *testing.T, cmd *exec.Cmd) (bool, string) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if _, failed := err.(*exec.ExitError); err != nil && !failed { //nolint:errorlint // CombinedOutput wraps nothing
		t.Fatal(err)
	}
	return err == nil, string(out)
}

// goRunner compiles the runner once: it is the same for every Spec that has races and a crash test.
func goRunner(t *testing.T) runner {
	t.Helper()
	module := t.TempDir()
	put(t, module, "go.mod", []byte("module sample\n\ngo 1.24\n"))
	write(t, module, "go", contracttest.Library())
	for _, args := range [][]string{{"vet", "./..."}, {"test", "-c", "-o", "runner", "./acceptance"}} {
		cmd := exec.Command("go", args...)
		cmd.Dir = module
		if ok, out := finish(t, cmd); !ok {
			t.Fatalf("go %v\n%s", args, out)
		}
	}
	return func(t *testing.T, spec qlp.Spec, fault contracttest.Fault) (bool, string) {
		t.Helper()
		dir := t.TempDir()
		write(t, dir, "go", spec)
		args := []string{"-test.v", "-test.failfast"}
		for file, test := range map[string]string{"crash_test.go": "TestCrash", "races_test.go": "TestRaces"} {
			if _, err := os.Stat(filepath.Join(dir, "acceptance", file)); err != nil {
				args = append(args, "-test.skip="+test)
			}
		}
		cmd := exec.Command(filepath.Join(module, "runner"), args...)
		cmd.Dir = filepath.Join(dir, "acceptance")
		cmd.Env = environment(t, spec, fault)
		return finish(t, cmd)
	}
}

func pythonRunner(t *testing.T) runner {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not on the PATH")
	}
	return func(t *testing.T, spec qlp.Spec, fault contracttest.Fault) (bool, string) {
		t.Helper()
		dir := t.TempDir()
		write(t, dir, "python", spec)
		put(t, dir, "service/__init__.py", nil)
		put(t, dir, "service/__main__.py", []byte("import os\n\nos.execv(os.environ[\"SERVICE_BINARY\"], [\"service\"])\n"))
		cmd := exec.Command("python3", "-W", "error", "-m", "unittest", "discover", "-s", "acceptance", "-t", ".", "-v", "-f")
		cmd.Dir = dir
		cmd.Env = environment(t, spec, fault)
		return finish(t, cmd)
	}
}

// TestRunners plays every sample Spec against the reference service, and expects each case to be a test that ran.
func TestRunners(t *testing.T) {
	t.Parallel()
	for stack, run := range map[string]runner{"go": goRunner(t), "python": pythonRunner(t)} {
		for name, spec := range contracttest.Specs() {
			t.Run(stack+"/"+name, func(t *testing.T) {
				t.Parallel()
				passed, out := run(t, spec, "")
				if !passed {
					t.Fatalf("%s", tail(out))
				}
				s := newSuite(&spec)
				want := len(s.Cases) + len(s.Properties) + len(s.Races)
				ran := len(regexp.MustCompile(`(?m)^ +--- PASS: Test\w+/.+/.+|^ +--- PASS: Test(Properties|Races)/`).FindAllString(out, -1))
				if stack == "python" {
					ran = strings.Count(out, "... ok\n")
					if s.Crash != nil {
						want++
					}
				}
				if ran != want {
					t.Errorf("%d tests passed, expected %d\n%s", ran, want, tail(out))
				}
			})
		}
	}
}

// TestRunnersNotice plants faults that only a process shows, and some that the runners' own comparison must find.
func TestRunnersNotice(t *testing.T) {
	t.Parallel()
	faults := []contracttest.Fault{
		contracttest.FaultForgets, contracttest.FaultIDReused, contracttest.FaultProblemType, contracttest.FaultLocation,
		contracttest.FaultLeavesNull, contracttest.FaultDecimalNumber, contracttest.FaultFirstErrorOnly, contracttest.FaultStampsSwapped,
		contracttest.FaultTotal, contracttest.FaultAuthPrefix, contracttest.FaultHead, contracttest.FaultBodyLimit, contracttest.FaultUnique,
	}
	for stack, run := range map[string]runner{"go": goRunner(t), "python": pythonRunner(t)} {
		for _, fault := range faults {
			t.Run(stack+"/"+string(fault), func(t *testing.T) {
				t.Parallel()
				if passed, out := run(t, contracttest.Everything(), fault); passed {
					t.Errorf("the tests pass\n%s", tail(out))
				}
			})
		}
	}
}

func tail(out string) string { return out[max(0, len(out)-6000):] }
