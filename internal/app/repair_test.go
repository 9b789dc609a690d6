package app

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/orchestrator/orchestratortest"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// TestPlantedFaultsInTheRealSandbox: faults that only building and running the project can show are found, told to the task
// that wrote them, and mended; one that comes back each time ends the run as failed, with its evidence in a capsule.
func TestPlantedFaultsInTheRealSandbox(t *testing.T) {
	withInit(t)
	for _, tc := range []struct {
		fault    orchestratortest.Fault
		attempts int // that it is planted on
		want     qlp.State
		found    string // the check that finds it
	}{
		{orchestratortest.WrongCode, 1, qlp.StateVerified, "syntax/attempt"},
		{orchestratortest.WrongAnswer, 1, qlp.StateVerified, "test/acceptance"},
		{orchestratortest.WrongAnswer, 9, qlp.StateFailed, "test/acceptance"},
	} {
		t.Run(string(tc.fault)+" to "+string(tc.want), func(t *testing.T) {
			faults := map[orchestratortest.At]orchestratortest.Fault{}
			for n := range tc.attempts {
				faults[orchestratortest.At{Task: "handlers", Attempt: n + 1}] = tc.fault
			}
			cfg := config.Default()
			cfg.DataDir = t.TempDir()
			a, err := open(t.Context(), cfg, "test", slog.New(slog.DiscardHandler), &orchestratortest.Faulty{Generator: offlineGenerator(), Faults: faults})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := a.Stop(context.Background()); err != nil {
					t.Error(err)
				}
			})
			if err := a.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			in, err := a.engine.Submit(t.Context(), orchestrator.Request{Words: "a Python API for notes with a title and an optional body text"})
			if err != nil {
				t.Fatal(err)
			}
			in, attempts := ended(t, a, in.ID)
			if in.State != tc.want || in.Run.Capsule == nil {
				t.Fatalf("%s (%s), capsule %v", in.State, in.Reason, in.Run.Capsule)
			}
			told := false
			for _, at := range attempts {
				for _, c := range at.Failure {
					told = told || at.TaskID == "handlers" && strings.HasPrefix(c.Key(), tc.found)
				}
			}
			if !told {
				t.Errorf("no attempt at the handlers was told of %s: %+v", tc.found, attempts)
			}
		})
	}
}

// withInit builds the sandbox's init and puts it where it is looked for.
func withInit(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil { // an ordinary user's sandbox must be able to reach the init
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "qlp-init"), "../../cmd/qlp-init")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func ended(t *testing.T, a *App, id string) (in qlp.Intent, attempts []qlp.Attempt) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		changed := a.store.Changed(id)
		err := a.store.Read(t.Context(), func(r store.Reader) (err error) {
			if in, err = r.Intent(t.Context(), id); err == nil && in.Run != nil {
				attempts, err = r.Attempts(t.Context(), in.Run.ID, "")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if in.State.Over() {
			return in, attempts
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("the intent is %s (%s)", in.State, in.Reason)
		}
	}
}
