package native

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest/gotest"
)

// The init is built once for all tests of this package, into a directory that every user may enter, and handed to the
// copies of this test that run as another user or die on purpose.
const (
	envInit = "QLP_TEST_INIT"
	envRole = "QLP_TEST_ROLE"
)

func TestMain(m *testing.M) { os.Exit(testAll(m)) }

func testAll(m *testing.M) int {
	if os.Getenv(envInit) == "" {
		dir, err := os.MkdirTemp("", "qlp-native-test-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		path, err := sandboxtest.BuildInit(context.Background(), dir)
		if err == nil {
			err = os.Chmod(dir, 0o755)
		}
		if err == nil {
			err = os.Setenv(envInit, path)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if os.Getenv(envRole) == "victim" {
		return victim()
	}
	return m.Run()
}

func setup(t *testing.T, cfg Config) *Driver {
	t.Helper()
	cfg.InitPath = os.Getenv(envInit)
	d, err := New(t.Context(), slog.New(slog.DiscardHandler), cfg)
	if err != nil {
		t.Fatalf("%v\nremedy: %v", err, err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

func TestConformance(t *testing.T) {
	d := setup(t, Config{})
	gotest.Run(t, sandboxtest.Options{Driver: d, Weak: weak(d)})
}

// TestConformanceWithoutCgroups holds the limits by what remains.
func TestConformanceWithoutCgroups(t *testing.T) {
	if testing.Short() {
		t.Skip("short: the same suite as TestConformance, without cgroups")
	}
	d := setup(t, Config{NoCgroups: true})
	gotest.Run(t, sandboxtest.Options{Driver: d, Weak: weak(d)})
}

// TestConformanceAsOrdinaryUser runs the suite in a copy of this test without any privilege.
func TestConformanceAsOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("TestConformance is run by an ordinary user already")
	}
	dir := t.TempDir()
	self := filepath.Join(dir, "native.test")
	open(t, dir)
	copyFile(t, os.Args[0], self)
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(tmp, 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestConformance$", "-test.v")
	cmd.Dir = tmp
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + tmp, "HOME=" + tmp, envInit + "=" + os.Getenv(envInit)}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 64123, Gid: 64123}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v", err)
	}
	for line := range strings.Lines(string(out)) {
		if err != nil || strings.Contains(line, "SKIP") {
			t.Log(strings.TrimRight(line, "\n"))
		}
	}
	if n := strings.Count(string(out), "--- PASS"); n < 60 {
		t.Errorf("only %d cases passed", n)
	}
}

func weak(d *Driver) map[string]bool {
	out := map[string]bool{}
	for name, how := range d.enforcement() {
		out[name] = how != sandbox.Enforced
	}
	return out
}

// open lets every user pass the directories that testing made for this one only.
func open(t *testing.T, dir string) {
	t.Helper()
	for ; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}
