package orchestrator_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/orchestrator/orchestratortest"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/validator"
)

// numbered writes the number of the attempt, so that a repair changes something.
type numbered struct{}

func (numbered) Name() string { return "offline" }

func (numbered) Generate(ctx context.Context, req generator.Request) ([]qlp.File, error) {
	files, err := tiny{}.Generate(ctx, req)
	for i := range files {
		files[i].Content = fmt.Appendf(nil, "attempt %d\n", req.Attempt)
	}
	return files, err
}

// faulty is a rig whose generator plants faults on attempts at the handlers.
func faulty(t *testing.T, fault orchestratortest.Fault, attempts int, set ...func(*rig)) *rig {
	t.Helper()
	faults := map[orchestratortest.At]orchestratortest.Fault{}
	for n := range attempts {
		faults[orchestratortest.At{Task: "handlers", Attempt: n + 1}] = fault
	}
	hung := make(chan struct{})
	t.Cleanup(func() { close(hung) })
	return newRig(t, append([]func(*rig){func(r *rig) {
		r.generators["offline"] = &orchestratortest.Faulty{Generator: tiny{}, Faults: faults, Hung: hung}
		r.config.AttemptTimeout = 500 * time.Millisecond
		r.judge.syntax = func(files []qlp.File) string {
			for _, f := range files {
				if strings.Contains(string(f.Content), "no code") {
					return f.Path + " does not parse"
				}
			}
			return ""
		}
	}}, set...)...)
}

func planted() map[orchestratortest.Fault]string {
	return map[orchestratortest.Fault]string{
		orchestratortest.WrongCode:    "does not parse",
		orchestratortest.WeakenTest:   "changes the frozen acceptance test",
		orchestratortest.AddTest:      "changes the frozen acceptance test",
		orchestratortest.OverlapFile:  "which task domain owns",
		orchestratortest.StrayFile:    "which no task owns",
		orchestratortest.EscapingFile: "is not a plain relative path",
		orchestratortest.NoFile:       "wrote no file",
		orchestratortest.Hang:         "hung",
		orchestratortest.Crash:        "crashed: planted crash",
	}
}

// TestOneFaultIsRepaired: the next attempt is told what was wrong, and the run is verified.
func TestOneFaultIsRepaired(t *testing.T) {
	t.Parallel()
	for fault, reason := range planted() {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			r := faulty(t, fault, 1)
			r.start()
			in := r.end(r.submit(orchestrator.Request{}).ID, qlp.StateVerified)
			if in.Run.Repairs != 1 {
				t.Errorf("%d repairs", in.Run.Repairs)
			}
			var tried []qlp.Attempt
			for _, a := range r.attempts(in) {
				if a.TaskID == "handlers" {
					tried = append(tried, a)
				}
			}
			if len(tried) != 2 || tried[0].State != qlp.AttemptFailed || tried[1].State != qlp.AttemptGood {
				t.Fatalf("attempts: %+v", tried)
			}
			if !strings.Contains(tried[0].Reason, reason) {
				t.Errorf("reason %q does not say %q", tried[0].Reason, reason)
			}
			if len(tried[1].Failure) == 0 || !strings.Contains(tried[1].Failure[0].Reason, reason) {
				t.Errorf("the repair was not told: %+v", tried[1].Failure)
			}
		})
	}
}

// TestRepairsAreBounded: a generator that never learns ends the run, failed, after the cap.
func TestRepairsAreBounded(t *testing.T) {
	t.Parallel()
	for fault, reason := range planted() {
		for _, limit := range []int{-1, 2} {
			t.Run(fmt.Sprint(fault, " ", limit), func(t *testing.T) {
				t.Parallel()
				r := faulty(t, fault, 100, func(r *rig) { r.config.Caps.Repairs = limit })
				r.start()
				in := r.end(r.submit(orchestrator.Request{}).ID, qlp.StateFailed)
				if want := max(limit, 0); in.Run.Repairs != want {
					t.Errorf("%d repairs, want %d", in.Run.Repairs, want)
				}
				if !strings.Contains(in.Run.Reason, "task handlers") || !strings.Contains(in.Run.Reason, reason) {
					t.Errorf("reason %q", in.Run.Reason)
				}
				if in.Run.Capsule != nil || r.judge.count() != 0 {
					t.Errorf("capsule %v after %d verifications of no project", in.Run.Capsule, r.judge.count())
				}
			})
		}
	}
}

// TestFailedVerificationIsRepaired by the task that owns the file with the finding.
func TestFailedVerificationIsRepaired(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(r *rig) {
		r.generators["offline"] = numbered{}
		r.judge.validate = func(_ context.Context, n int, s validator.Subject) []qlp.Check {
			if n == 1 {
				return failed(s, "service/store/part.txt", "no such name")
			}
			return passed(s)
		}
	})
	r.start()
	in := r.end(r.submit(orchestrator.Request{}).ID, qlp.StateVerified)
	for _, a := range r.attempts(in) {
		if a.Number == 2 && (a.TaskID != "storage" || len(a.Failure) != 1 || a.Failure[0].Key() != "build/py-import") {
			t.Errorf("repair of %s, told %+v", a.TaskID, a.Failure)
		}
	}
	if in.Run.Repairs != 1 || r.judge.count() != 2 {
		t.Errorf("%d repairs, %d verifications", in.Run.Repairs, r.judge.count())
	}
}

// TestRepairThatChangesNothing: the same project has the same answers; it is not built again.
func TestRepairThatChangesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(r *rig) {
		r.judge.validate = func(_ context.Context, _ int, s validator.Subject) []qlp.Check {
			return failed(s, "service/store/part.txt", "no such name")
		}
	})
	r.start()
	in := r.end(r.submit(orchestrator.Request{}).ID, qlp.StateFailed)
	if r.judge.count() != 1 || in.Run.Repairs != 3 {
		t.Errorf("%d verifications, %d repairs", r.judge.count(), in.Run.Repairs)
	}
	if in.Run.Capsule == nil {
		t.Error("a failed project has evidence to hand over, too")
	}
}

// TestSameFailureOnAndOn: repairs that do change the files, but never mend them, end when the failure has come back thrice,
// also where more repairs are allowed, and another task than the first suspect has had its turn.
func TestSameFailureOnAndOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(r *rig) {
		r.config.Caps.Repairs = 50
		r.generators["offline"] = numbered{}
		r.judge.validate = func(_ context.Context, n int, s validator.Subject) []qlp.Check {
			return failed(s, "service/store/part.txt", fmt.Sprintf("no such name at 0x%x", n*4096))
		}
	})
	r.start()
	in := r.end(r.submit(orchestrator.Request{}).ID, qlp.StateFailed)
	if in.Run.Repairs != 3 || !strings.Contains(in.Run.Reason, "three repairs") {
		t.Errorf("%d repairs: %s", in.Run.Repairs, in.Run.Reason)
	}
	mended := map[string]int{}
	for _, a := range r.attempts(in) {
		if a.Number > 1 {
			mended[a.TaskID]++
		}
	}
	if mended["storage"] != 2 || len(mended) != 2 || mended["acceptance"] != 0 {
		t.Errorf("repairs by task: %v", mended)
	}
}

// TestTheValidatorBreaks: a machine that fails is no verdict on the project.
func TestTheValidatorBreaks(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(r *rig) {
		r.judge.validate = func(context.Context, int, validator.Subject) []qlp.Check { panic("planted") }
	})
	r.start()
	in := r.end(r.submit(orchestrator.Request{}).ID, qlp.StateUnverified)
	if !strings.Contains(in.Run.Reason, "the machine failed") {
		t.Errorf("reason %q", in.Run.Reason)
	}
}

// TestJobsAreDoneOnce: a worker may claim a job twice; doing it twice does it once.
func TestJobsAreDoneOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	in := r.end(r.submit(orchestrator.Request{}).ID, qlp.StateVerified)
	before := len(r.events(in.ID))
	jobs := []store.Job{
		{Kind: store.JobInterpret, IntentID: in.ID},
		{Kind: store.JobPlan, IntentID: in.ID},
		{Kind: store.JobTask, IntentID: in.ID, RunID: in.Run.ID, TaskID: "domain", Attempt: 1},
		{Kind: store.JobTask, IntentID: in.ID, RunID: in.Run.ID, TaskID: "domain", Attempt: 2},
		{Kind: store.JobVerify, IntentID: in.ID, RunID: in.Run.ID, Attempt: 1},
		{Kind: store.JobPack, IntentID: in.ID, RunID: in.Run.ID},
	}
	calls := map[store.JobKind]func(context.Context, store.Job) error{
		store.JobInterpret: r.Interpret, store.JobPlan: r.Plan, store.JobTask: r.Task, store.JobVerify: r.Verify, store.JobPack: r.Pack,
	}
	for _, j := range jobs {
		if err := calls[j.Kind](t.Context(), j); err != nil {
			t.Errorf("%s again: %v", j.Kind, err)
		}
	}
	if after := len(r.events(in.ID)); after != before || r.judge.count() != 1 {
		t.Errorf("%d events became %d, %d verifications", before, after, r.judge.count())
	}
}
