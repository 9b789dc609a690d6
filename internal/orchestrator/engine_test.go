package orchestrator_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/orchestrator/orchestratortest"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator"
)

func TestRunToTheEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	in := r.end(r.submit(orchestrator.Request{}).ID, qlp.StateVerified)
	if in.Run.Verdict != qlp.Verified || in.Run.Capsule == nil || in.Run.Tree == "" || in.Run.Frozen == "" {
		t.Errorf("run: %+v", in.Run)
	}
	if got := len(r.attempts(in)); got != len(in.Plan.Tasks) {
		t.Errorf("%d attempts for %d tasks", got, len(in.Plan.Tasks))
	}
	b, err := r.blobs.Get(t.Context(), in.Run.Capsule.Digest)
	if err != nil || int64(len(b)) != in.Run.Capsule.Size {
		t.Errorf("capsule of %d bytes, %v", len(b), err)
	}
	var types []qlp.EventType
	for _, e := range r.events(in.ID) {
		if e.Type != qlp.EventTaskState && e.Type != qlp.EventAttemptFinished && e.Type != qlp.EventIntentState {
			types = append(types, e.Type)
		}
	}
	want := []qlp.EventType{
		qlp.EventIntentReceived, qlp.EventSpecReady, qlp.EventPlanReady, qlp.EventRunStarted, qlp.EventCheckFinished, qlp.EventCapsuleReady, qlp.EventRunFinished,
	}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// TestTasksWaitForWhatTheyBuildOn: a task begins when those before it are done, and sees their files.
func TestTasksWaitForWhatTheyBuildOn(t *testing.T) {
	t.Parallel()
	var faults []string
	seen := make(chan string, 100)
	r := newRig(t, func(r *rig) {
		r.generators["offline"] = checking{func(req generator.Request) {
			have := map[string]bool{}
			for _, f := range req.Files {
				have[f.Path] = true
			}
			for _, before := range req.Task.After {
				task, _ := req.Plan.Task(before)
				files, _ := tiny{}.Generate(context.Background(), generator.Request{Task: task})
				for _, f := range files {
					if !have[f.Path] {
						seen <- req.Task.ID + " does not see " + f.Path
					}
				}
			}
		}}
	})
	r.start()
	r.end(r.submit(orchestrator.Request{}).ID, qlp.StateVerified)
	close(seen)
	for s := range seen {
		faults = append(faults, s)
	}
	if len(faults) > 0 {
		t.Error(strings.Join(faults, "\n"))
	}
}

type checking struct{ see func(generator.Request) }

func (checking) Name() string { return "offline" }

func (c checking) Generate(ctx context.Context, req generator.Request) ([]qlp.File, error) {
	c.see(req)
	return tiny{}.Generate(ctx, req)
}

func TestWordsThatGiveNoSpec(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ words, outcome string }{
		"a question":     {words: "build an API for my shop", outcome: "question"},
		"a refusal":      {words: "a mobile app for runners", outcome: "refused"},
		"another stack":  {words: "a Node.js API for notes with a title", outcome: "refused"},
		"no software":    {words: "what is the weather like in Paris?", outcome: "refused"},
		"contradictions": {words: "a Go API in Python for notes with a title", outcome: "question"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.start()
			in := r.end(r.submit(orchestrator.Request{Words: tc.words}).ID, qlp.StateNeedsInput)
			if in.Reason == "" || in.Run != nil {
				t.Errorf("reason %q, run %v", in.Reason, in.Run)
			}
			found := false
			for _, e := range r.events(in.ID) {
				found = found || e.Type == qlp.EventNeedsInput && strings.Contains(string(e.Data), `"outcome":"`+tc.outcome+`"`)
			}
			if !found {
				t.Errorf("no event of a %s: %s", tc.outcome, in.Reason)
			}
		})
	}
}

func TestSubmitRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, req := range map[string]orchestrator.Request{
		"no words":                  {Words: "  "},
		"unknown generator":         {Words: notes, Settings: qlp.Settings{Generator: "magic"}},
		"unknown stack":             {Words: notes, Settings: qlp.Settings{Stack: "cobol"}},
		"a stack to come":           {Words: notes, Settings: qlp.Settings{Stack: "node"}},
		"unknown approval":          {Words: notes, Settings: qlp.Settings{Approve: "everything"}},
		"a Spec that does not hold": {Spec: &qlp.Spec{Kind: qlp.KindService, Stack: "go"}},
	} {
		if in, err := r.Submit(t.Context(), req); qlp.CodeOf(err) != qlp.Invalid || qlp.RemedyOf(err) == "" {
			t.Errorf("%s: intent %s, %v", name, in.ID, err)
		}
	}
}

func TestTheSameKeyGivesTheSameIntent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.submit(orchestrator.Request{Key: "k"})
	if again := r.submit(orchestrator.Request{Key: "k"}); again.ID != first.ID {
		t.Errorf("a second intent %s beside %s", again.ID, first.ID)
	}
	_, err := r.Submit(t.Context(), orchestrator.Request{Key: "k", Words: notes + " and a date"})
	if qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("another intent with the same key: %v", err)
	}
	if other := r.submit(orchestrator.Request{Key: "other"}); other.ID == first.ID {
		t.Error("another key gave the same intent")
	}
}

func TestApproval(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	id := r.submit(orchestrator.Request{Settings: qlp.Settings{Approve: qlp.ApprovePlan}}).ID
	in := r.wait(id, "stop for approval", func(in qlp.Intent) bool { return in.State == qlp.StateAwaitingApproval })
	if in.Run != nil || in.Plan == nil {
		t.Errorf("run %v, plan %v", in.Run, in.Plan)
	}
	if err := r.Approve(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	r.end(id, qlp.StateVerified)
	if err := r.Approve(t.Context(), id); qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("a second approval: %v", err)
	}
	other := r.submit(orchestrator.Request{Settings: qlp.Settings{Approve: qlp.ApprovePlan}}).ID
	r.wait(other, "stop for approval", func(in qlp.Intent) bool { return in.State == qlp.StateAwaitingApproval })
	if err := r.Cancel(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	r.end(other, qlp.StateCanceled)
}

// TestCancel: also a generator that does not look at its context, and a validation, do not keep a run alive.
func TestCancel(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*rig){
		"a generator hangs": func(r *rig) {
			hung := make(chan struct{})
			r.t.Cleanup(func() { close(hung) })
			r.generators["offline"] = &orchestratortest.Faulty{
				Generator: tiny{}, Hung: hung, Faults: map[orchestratortest.At]orchestratortest.Fault{{Task: "domain", Attempt: 1}: orchestratortest.Hang},
			}
		},
		"a validation runs": func(r *rig) {
			r.judge.validate = func(ctx context.Context, _ int, _ validator.Subject) []qlp.Check { <-ctx.Done(); return nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, set)
			r.start()
			id := r.submit(orchestrator.Request{}).ID
			r.wait(id, "work", func(in qlp.Intent) bool {
				if r.judge.count() == 1 {
					return true
				}
				for _, task := range runTasks(in) {
					if task.TaskID == "domain" && task.State == qlp.TaskRunning {
						return name == "a generator hangs"
					}
				}
				return false
			})
			start := time.Now()
			if err := r.Cancel(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			in := r.end(id, qlp.StateCanceled)
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("the cancel took %s", took)
			}
			if in.Run.Verdict != qlp.Canceled || in.Run.Capsule != nil {
				t.Errorf("run: %+v", in.Run)
			}
			if err := r.Cancel(t.Context(), id); qlp.CodeOf(err) != qlp.Conflict {
				t.Errorf("a second cancel: %v", err)
			}
		})
	}
}

func runTasks(in qlp.Intent) []qlp.TaskRun {
	if in.Run == nil {
		return nil
	}
	return in.Run.Tasks
}

func TestRetryFromATask(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(r *rig) {
		r.config.Caps.Repairs = -1
		r.judge.validate = func(_ context.Context, n int, s validator.Subject) []qlp.Check {
			if n == 1 {
				return failed(s, "service/web/part.txt", "no such name")
			}
			return passed(s)
		}
	})
	r.start()
	id := r.submit(orchestrator.Request{}).ID
	first := r.end(id, qlp.StateFailed)
	if err := r.Retry(t.Context(), id, "nowhere"); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("from an unknown task: %v", err)
	}
	if err := r.Retry(t.Context(), id, "handlers"); err != nil {
		t.Fatal(err)
	}
	in := r.wait(id, "second end", func(in qlp.Intent) bool { return in.State.Over() && in.Run.Number == 2 })
	r.history(in)
	if in.State != qlp.StateVerified || in.Run.FromTask != "handlers" || in.Run.Frozen != first.Run.Frozen {
		t.Errorf("state %s (%s), run %+v", in.State, in.Reason, in.Run)
	}
	began := map[string]bool{}
	for _, a := range r.attempts(in) {
		began[a.TaskID] = true
	}
	if diff := cmp.Diff(map[string]bool{"handlers": true, "wiring": true, "documents": true}, began); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
	if err := r.Retry(t.Context(), id, ""); qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("retry of a verified intent: %v", err)
	}
}

func TestCaps(t *testing.T) {
	t.Parallel()
	t.Run("sandbox seconds allow no repair", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, func(r *rig) {
			r.judge.tookMS = 2500
			r.judge.validate = func(_ context.Context, _ int, s validator.Subject) []qlp.Check {
				return failed(s, "service/web/part.txt", "x")
			}
		})
		r.start()
		in := r.end(r.submit(orchestrator.Request{Settings: qlp.Settings{Caps: qlp.Caps{SandboxSeconds: 2}}}).ID, qlp.StateFailed)
		if !strings.Contains(in.Run.Reason, "cap reached: 2 sandbox seconds") || in.Run.Repairs != 0 {
			t.Errorf("reason %q after %d repairs", in.Run.Reason, in.Run.Repairs)
		}
	})
	t.Run("sandbox seconds end a validation", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, func(r *rig) {
			r.judge.validate = func(ctx context.Context, _ int, _ validator.Subject) []qlp.Check { <-ctx.Done(); return nil }
		})
		r.start()
		in := r.end(r.submit(orchestrator.Request{Settings: qlp.Settings{Caps: qlp.Caps{SandboxSeconds: 1}}}).ID, qlp.StateUnverified)
		if !strings.Contains(in.Run.Reason, "cap reached: 1 sandbox seconds") {
			t.Errorf("reason %q", in.Run.Reason)
		}
	})
	t.Run("wall seconds end an attempt", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, func(r *rig) { r.generators["offline"] = endless{} })
		r.start()
		in := r.end(r.submit(orchestrator.Request{Settings: qlp.Settings{Caps: qlp.Caps{WallSeconds: 1}}}).ID, qlp.StateUnverified)
		if !strings.Contains(in.Run.Reason, "cap reached: 1 seconds") || in.Run.Repairs != 0 {
			t.Errorf("reason %q after %d repairs", in.Run.Reason, in.Run.Repairs)
		}
	})
	t.Run("wall seconds end a run", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, func(r *rig) {
			clock := r.clock
			r.generators["offline"] = checking{func(req generator.Request) {
				if req.Task.ID == "storage" {
					r.setClock(func() time.Time { return clock().Add(time.Hour) })
				}
			}}
		})
		r.start()
		in := r.end(r.submit(orchestrator.Request{Settings: qlp.Settings{Caps: qlp.Caps{WallSeconds: 60}}}).ID, qlp.StateUnverified)
		if !strings.Contains(in.Run.Reason, "cap reached: 60 seconds") {
			t.Errorf("reason %q", in.Run.Reason)
		}
	})
}

// endless is a generator that works until it is told to stop.
type endless struct{}

func (endless) Name() string { return "offline" }

func (endless) Generate(ctx context.Context, _ generator.Request) ([]qlp.File, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
