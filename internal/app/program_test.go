package app

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/capsule"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/generator/acceptance"
	"github.com/quantumlayer/qlp/internal/interpreter/specfile"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator/test/accepttool"
)

// TestMain lets the test binary stand for qlp inside the sandbox, where the bench mounts it.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "tool" && os.Args[2] == "accept" {
		os.Exit(accepttool.Main(os.Args[3:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// folder is a generator whose files somebody has written before.
type folder struct{ root string }

func (folder) Name() string { return "offline" }

func (f folder) Generate(_ context.Context, req generator.Request) (files []qlp.File, err error) {
	err = filepath.WalkDir(f.root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(f.root, name)
		if err != nil || !req.Task.Owner(rel) {
			return err
		}
		content, err := os.ReadFile(name)
		files = append(files, qlp.File{Path: rel, Content: content})
		return err
	})
	return files, err
}

const counterSpec = `title: Counter
kind: cli
stack: python
rules: [it counts the lines of a file or of standard input]
acceptance:
  - id: stdin
    good: true
    calls: [{stdin: "a\nb\n", expect: {stdout: "2 lines"}}]
  - id: none
    calls: [{args: [none.txt], expect: {exit: 1, stderr_has: ["count: "]}}]
`

// TestProgramWalksTheWholeWay: a Spec file becomes a plan, frozen cases, files, a verdict and a capsule, which says the same
// when its commands are run again.
func TestProgramWalksTheWholeWay(t *testing.T) {
	if _, err := exec.LookPath("bwrap"); err != nil {
		t.Skipf("no sandbox on this machine: %v", err)
	}
	withInit(t)
	spec, err := specfile.Read([]byte(counterSpec))
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	log := slog.New(slog.DiscardHandler)
	a, err := open(t.Context(), cfg, "test", log, acceptance.Before(folder{"../validator/pipeline/testdata/program/python"}))
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
	in, err := a.engine.Submit(t.Context(), orchestrator.Request{Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	in, _ = ended(t, a, in.ID)
	if in.State != qlp.StateVerified || in.Run.Capsule == nil || in.Plan.Stack != "program-python" {
		t.Fatalf("%s (%s), plan %+v", in.State, in.Reason, in.Plan)
	}
	rerun(t, a, in)
}

func rerun(t *testing.T, a *App, in qlp.Intent) {
	t.Helper()
	b, err := a.blobs.Get(t.Context(), in.Run.Capsule.Digest)
	if err != nil {
		t.Fatal(err)
	}
	c, err := capsule.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.Rerun(t.Context(), a.judge, nil)
	if err != nil || !again.Same() || again.Verdict != qlp.Verified {
		t.Errorf("%s, %v: %+v", again.Verdict, err, again.Comparisons)
	}
	played := false
	for _, x := range c.Executions {
		played = played || strings.Contains(strings.Join(x.Argv, " "), "tool accept") && x.Counts != nil && x.Counts.Passed == 2
	}
	if !played {
		t.Error("no execution played the two cases")
	}
}
