package process

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest"
)

// The init is built once for all tests of this package, into a directory that every user may enter, and handed to the copies
// of this test that run as another user.
const envInit = "QLP_TEST_INIT"

func TestMain(m *testing.M) { os.Exit(testAll(m)) }

func testAll(m *testing.M) int {
	if os.Getenv(envInit) == "" {
		dir, err := os.MkdirTemp("", "qlp-process-test-")
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
	return m.Run()
}

func setup(t *testing.T) *Driver {
	t.Helper()
	d, err := New(t.Context(), slog.New(slog.DiscardHandler), Config{InitPath: os.Getenv(envInit)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

func TestConformance(t *testing.T) {
	d := setup(t)
	weak := map[string]bool{}
	for name, how := range d.enforcement() {
		weak[name] = how != sandbox.Enforced
	}
	sandboxtest.Run(t, sandboxtest.Options{Driver: d, Weak: weak, Skip: skipped(), SharedProcesses: true})
}

func skipped() map[string]string { return map[string]string{} }
