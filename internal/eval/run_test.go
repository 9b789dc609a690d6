package eval_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/eval"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/stack"
)

// many is a suite of the same small problem.
func many(n int) eval.Suite {
	s := eval.Suite{Name: "many", Digest: qlp.DigestOf([]byte("many"))}
	for i := range n {
		p := double()
		p.ID = fmt.Sprintf("double-%02d", i)
		s.Problems = append(s.Problems, p)
	}
	return s
}

// asked answers rightly, and remembers what it was asked.
type asked struct {
	mu  sync.Mutex
	ids []string
	do  func(n int) (eval.Solution, error) // nil: a right answer
}

func (a *asked) Name() string { return "asked" }

func (a *asked) Solve(_ context.Context, q eval.Question, sample int) (eval.Solution, error) {
	a.mu.Lock()
	a.ids = append(a.ids, fmt.Sprintf("%s#%d", q.ID, sample))
	n := len(a.ids)
	a.mu.Unlock()
	if a.do != nil {
		return a.do(n)
	}
	return eval.Solution{Source: "def double(x):\n    return x * 2\n"}, nil
}

// runToBeKilled is what the test's own binary does as the process that is killed.
func runToBeKilled(dir string) int {
	err := func() error {
		if err := prepare(context.Background()); err != nil {
			return err
		}
		st, err := stack.Find("python")
		if err != nil {
			return err
		}
		judge, err := eval.NewFunctions(&bench{found: map[string]stack.Toolchain{}}, st, eval.FunctionLimits{})
		if err != nil {
			return err
		}
		s := many(60)
		h := eval.Header{Suite: s.Name, Digest: s.Digest, Solver: "asked", Samples: 1, K: []int{1}}
		for _, p := range s.Problems {
			h.Problems = append(h.Problems, p.ID)
		}
		journal, err := eval.CreateJournal(dir, h)
		if err != nil {
			return err
		}
		return eval.Runner{Suite: s, Solver: &asked{}, Judges: map[eval.Form]eval.Judge{eval.FunctionForm: judge}, Journal: journal}.Run(context.Background())
	}()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// TestAKilledRunGoesOn: kill -9 loses nothing that was judged, and nothing of it is asked again.
func TestAKilledRunGoesOn(t *testing.T) {
	t.Parallel()
	judge := newFunctions(t, eval.FunctionLimits{})
	dir := filepath.Join(t.TempDir(), "run")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	place, err := os.MkdirTemp(machine.dir, "killed-") //nolint:usetesting // a sandbox must be able to reach it, and what the child leaves behind goes with the rest
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(place, 0o755); err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), "QLP_EVAL_TEST_RUN="+dir, "TMPDIR="+place)
	var log bytes.Buffer
	child.Stderr = &log
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := waitForLines(t, filepath.Join(dir, "samples.jsonl"), 5)
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil {
		t.Fatalf("it had ended by itself after %d lines: %s", lines, log.String())
	}
	f, err := os.OpenFile(filepath.Join(dir, "samples.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"problem":"double-59","sam`); err != nil { // a line that was being written
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	journal, err := eval.OpenJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	kept := journal.Samples()
	if len(kept) < 5 || len(kept) == 60 || kept[0].Status != eval.Passed {
		t.Fatalf("%d samples were kept: %+v", len(kept), kept)
	}
	again := &asked{}
	r := eval.Runner{Suite: many(60), Solver: again, Judges: map[eval.Form]eval.Judge{eval.FunctionForm: judge}, Journal: journal}
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(again.ids)+len(kept) != 60 {
		t.Errorf("%d were kept and %d asked again, of 60", len(kept), len(again.ids))
	}
	for _, s := range kept {
		if slices.Contains(again.ids, s.Problem+"#0") {
			t.Errorf("%s was asked again", s.Problem)
		}
	}
	reopened, err := eval.OpenJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer reopened.Close()
	if report := eval.NewReport(reopened.Header, reopened.Samples()); report.Statuses[eval.Passed] != 60 {
		t.Errorf("%v", report.Statuses)
	}
}

func waitForLines(t *testing.T, path string, n int) int {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(time.Minute)
	for {
		if b, err := os.ReadFile(path); err == nil && bytes.Count(b, []byte("\n")) >= n {
			return bytes.Count(b, []byte("\n"))
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("nothing was written within a minute")
		}
	}
}

// TestAnInterruptedRunKeepsWhatItHas and judges nothing for half.
func TestAnInterruptedRunKeepsWhatItHas(t *testing.T) {
	t.Parallel()
	s := many(40)
	journal := begin(t, s, "asked", 1)
	ctx, cancel := context.WithCancel(t.Context())
	r := eval.Runner{
		Suite: s, Solver: &asked{}, Judges: map[eval.Form]eval.Judge{eval.FunctionForm: newFunctions(t, eval.FunctionLimits{})}, Journal: journal,
		Progress: func(_ eval.Sample, finished, _ int) {
			if finished == 5 {
				cancel()
			}
		},
	}
	if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("it ended with %v", err)
	}
	samples := journal.Samples()
	if len(samples) < 5 || len(samples) > 10 {
		t.Errorf("%d samples were kept", len(samples))
	}
	for _, s := range samples {
		if s.Status != eval.Passed {
			t.Errorf("%s is %s: %s", s.Problem, s.Status, s.Reason)
		}
	}
}

// TestWhatTheMachineDidNotJudgeIsJudgedAgain, and a machine that judges nothing ends the run.
func TestWhatTheMachineDidNotJudgeIsJudgedAgain(t *testing.T) {
	t.Parallel()
	s := many(8)
	journal := begin(t, s, "asked", 1)
	judges := map[eval.Form]eval.Judge{eval.FunctionForm: newFunctions(t, eval.FunctionLimits{})}
	flaky := &asked{do: func(n int) (eval.Solution, error) {
		if n%2 == 0 {
			return eval.Solution{}, errors.New("the line was busy")
		}
		return eval.Solution{Source: "def double(x):\n    return x * 2\n"}, nil
	}}
	run := func(a *asked) error {
		return eval.Runner{Suite: s, Solver: a, Judges: judges, Journal: journal, Parallel: 1}.Run(t.Context())
	}
	if err := run(flaky); err != nil {
		t.Fatal(err)
	}
	if r := eval.NewReport(journal.Header, journal.Samples()); r.Statuses[eval.Errored] != 4 || r.Finished != 4 || r.PassAt[0].Problems != 4 {
		t.Fatalf("%v, %d finished", r.Statuses, r.Finished)
	}
	broken := &asked{do: func(int) (eval.Solution, error) { return eval.Solution{}, errors.New("nobody there") }}
	s = many(20)
	journal = begin(t, s, "asked", 1)
	if err := run(broken); qlp.CodeOf(err) != qlp.Unavailable || !strings.Contains(err.Error(), "nobody there") {
		t.Fatalf("it ended with %v", err)
	}
	if len(broken.ids) > 8 {
		t.Errorf("it was asked %d times", len(broken.ids))
	}
	healed := &asked{}
	if err := run(healed); err != nil {
		t.Fatal(err)
	}
	if r := eval.NewReport(journal.Header, journal.Samples()); r.Statuses[eval.Passed] != 20 || r.Statuses[eval.Errored] != 0 {
		t.Errorf("%v", r.Statuses)
	}
}

// TestARunIsForOneSuite: other data than it was begun with is refused, and so is a folder that is in use or is none.
func TestARunIsForOneSuite(t *testing.T) {
	t.Parallel()
	s := many(2)
	journal := begin(t, s, "asked", 1)
	s.Digest = qlp.DigestOf([]byte("other"))
	if err := (eval.Runner{Suite: s, Solver: &asked{}, Journal: journal}).Run(t.Context()); qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("it ended with %v", err)
	}
	if _, err := eval.CreateJournal(journal.Dir(), eval.Header{}); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("a folder in use: %v", err)
	}
	if _, err := eval.OpenJournal(t.TempDir()); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("a folder that is none: %v", err)
	}
	path := filepath.Join(journal.Dir(), "samples.jsonl")
	if err := os.WriteFile(path, []byte("{\n{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := eval.OpenJournal(journal.Dir()); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("a damaged line: %v", err)
	}
}
