package orchestrator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator"
)

// scribe keeps the requests of one task.
type scribe struct {
	mu   sync.Mutex
	task string
	seen []generator.Request
}

func (s *scribe) see(req generator.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if req.Task.ID == s.task {
		s.seen = append(s.seen, req)
	}
}

// watched lets a generator be seen at work.
type watched struct {
	generator.Generator
	by *scribe
}

func (w watched) Generate(ctx context.Context, req generator.Request) ([]qlp.File, error) {
	w.by.see(req)
	return w.Generator.Generate(ctx, req)
}

// TestAFailureThatComesBack is met with more context, then elsewhere, then given up; what the failed command printed is told.
func TestAFailureThatComesBack(t *testing.T) {
	t.Parallel()
	s := &scribe{task: "storage"}
	said := []byte("Traceback: no such name\n")
	r := newRig(t, func(r *rig) {
		modelled(r, &purse{}, watched{numbered{}, s})
		r.config.Caps.Repairs = 50
		r.judge.report = func(rep *validator.Report) {
			rep.Executions = []qlp.Execution{{ID: "x1", Stdout: qlp.DigestOf(nil), Stderr: qlp.DigestOf(said)}}
			rep.Logs = []validator.Log{{Digest: qlp.DigestOf(said), Content: said}}
		}
		r.judge.validate = func(_ context.Context, n int, sub validator.Subject) []qlp.Check {
			c := qlp.Fail(qlp.LayerBuild, "py-import", qlp.FromExecutions(qlp.Execution{ID: "x1"}), "does not import",
				qlp.Finding{Path: "service/store/part.txt", Line: n, Severity: "error", Rule: "import", Message: "no such name"})
			c.Required = true
			return append(passed(sub), c)
		}
	})
	r.start()
	in := r.end(r.submit(capped(0)).ID, qlp.StateFailed)
	if in.Run.Repairs != 3 || !strings.Contains(in.Run.Reason, "three repairs") {
		t.Errorf("%d repairs: %s", in.Run.Repairs, in.Run.Reason)
	}
	var strategies []generator.Strategy
	for _, req := range s.seen {
		strategies = append(strategies, req.Strategy)
		if req.Intent != in.ID || req.Run != in.Run.ID {
			t.Errorf("attempt %d is of intent %q, run %q", req.Attempt, req.Intent, req.Run)
		}
		if got := req.Evidence["x1"]; (req.Attempt > 1) != (got == string(said)) {
			t.Errorf("attempt %d: evidence %q", req.Attempt, got)
		}
	}
	want := []generator.Strategy{generator.AsUsual, generator.AsUsual, generator.MoreContext, generator.Elsewhere}
	if diff := cmp.Diff(want, strategies); diff != "" {
		t.Fatalf("strategies (-want +got):\n%s", diff)
	}
	has := func(i int, path string) bool {
		return slices.ContainsFunc(s.seen[i].Files, func(f qlp.File) bool { return f.Path == path })
	}
	for i, name := range []string{"first", "repair", "more context", "elsewhere"} {
		if got, want := has(i, "service/store/part.txt"), i == 1 || i == 2; got != want {
			t.Errorf("%s: the task's own file is there: %v", name, got)
		}
	}
	var told []string
	for _, e := range r.events(in.ID) {
		if e.Type == qlp.EventRepairStuck {
			var p qlp.RepairStuck
			if err := json.Unmarshal(e.Data, &p); err != nil {
				t.Fatal(err)
			}
			told = append(told, fmt.Sprint(p.Pattern, " ", p.Times, " ", p.Next))
		}
	}
	if diff := cmp.Diff([]string{"same_failure 2 more_context", "same_failure 3 fallback", "same_failure 4 "}, told); diff != "" {
		t.Errorf("stuck (-want +got):\n%s", diff)
	}
}

// TestARepairThatWroteWhatWasThere is named, and the next one has more context.
func TestARepairThatWroteWhatWasThere(t *testing.T) {
	t.Parallel()
	s := &scribe{task: "handlers"}
	r := newRig(t, func(r *rig) {
		modelled(r, &purse{}, watched{tiny{}, s})
		r.judge.validate = func(_ context.Context, _ int, sub validator.Subject) []qlp.Check {
			return failed(sub, "service/web/part.txt", "no such name")
		}
	})
	r.start()
	in := r.end(r.submit(capped(0)).ID, qlp.StateFailed)
	told := false
	for _, e := range r.events(in.ID) {
		told = told || e.Type == qlp.EventRepairStuck && strings.Contains(string(e.Data), `"same_files"`)
	}
	if !told || len(s.seen) < 3 || s.seen[2].Strategy != generator.MoreContext {
		t.Errorf("told: %v, requests %d", told, len(s.seen))
	}
}

// TestARepairSeesWhatWasNoGood: files that did not parse are shown to the attempt that mends them.
func TestARepairSeesWhatWasNoGood(t *testing.T) {
	t.Parallel()
	s := &scribe{task: "domain"}
	r := newRig(t, func(r *rig) {
		modelled(r, &purse{}, watched{numbered{}, s})
		r.judge.syntax = func(files []qlp.File) string {
			if files[0].Path == "service/domain/part.txt" && string(files[0].Content) == "attempt 1\n" {
				return "it does not parse"
			}
			return ""
		}
	})
	r.start()
	r.end(r.submit(capped(0)).ID, qlp.StateVerified)
	if len(s.seen) != 2 || !slices.ContainsFunc(s.seen[1].Files, func(f qlp.File) bool {
		return string(f.Content) == "attempt 1\n" && f.Path == "service/domain/part.txt"
	}) {
		t.Errorf("%d attempts", len(s.seen))
	}
}

// TestWatch: a model's text reaches who watches, and nobody waits for a watcher who sleeps.
func TestWatch(t *testing.T) {
	t.Parallel()
	began, goOn := make(chan struct{}), make(chan struct{})
	r := newRig(t, func(r *rig) {
		modelled(r, &purse{}, checking{func(req generator.Request) {
			if req.Task.ID != "domain" {
				return
			}
			close(began)
			<-goOn
			for i := range 10_000 {
				req.Progress(fmt.Sprint("piece ", i))
			}
		}})
	})
	r.start()
	id := r.submit(capped(0)).ID
	<-began
	texts, stop := r.Watch(id)
	_, stopSleeping := r.Watch(id)
	close(goOn)
	first := <-texts
	var text qlp.ModelText
	if err := json.Unmarshal(first.Data, &text); err != nil || text.Text != "piece 0" || first.Seq != 0 || first.TaskID != "domain" || first.Type != qlp.EventModelText {
		t.Errorf("%+v: %v", first, err)
	}
	r.end(id, qlp.StateVerified)
	stop()
	stopSleeping()
	for _, e := range r.events(id) {
		if e.Type == qlp.EventModelText {
			t.Error("text is kept")
		}
	}
}

// TestReplayRun does an intent again as another one, whose parent it is.
func TestReplayRun(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(r *rig) { modelled(r, &purse{}, tiny{}) })
	r.start()
	for _, req := range []orchestrator.Request{{}, capped(0)} {
		first := r.end(r.submit(req).ID, qlp.StateVerified)
		again, err := r.ReplayRun(t.Context(), first.Run.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		want := ""
		if req.Settings.Generator == orchestrator.Model {
			want = "replay:run:" + first.Run.ID
		}
		if again.ID == first.ID || again.Parent != first.ID || again.Settings.Provider != want || again.Words != first.Words {
			t.Errorf("replay of %+v: %+v", first.Settings, again)
		}
		second := r.end(again.ID, qlp.StateVerified)
		if second.Run.Tree != first.Run.Tree || second.Run.Frozen != first.Run.Frozen {
			t.Errorf("trees %s and %s", first.Run.Tree, second.Run.Tree)
		}
	}
	if _, err := r.ReplayRun(t.Context(), "nobody", ""); qlp.CodeOf(err) != qlp.NotFound {
		t.Errorf("an unknown run: %v", err)
	}
}
