package orchestrator_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/reviewer"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/validator"
)

// critic is a reviewer that says what the test wants.
type critic struct {
	mu  sync.Mutex
	n   int
	say func(n int, req reviewer.Request) (reviewer.Review, error)
}

func (c *critic) Review(_ context.Context, req reviewer.Request) (reviewer.Review, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return c.say(c.n, req)
}

func (c *critic) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// review is an answer with findings.
func review(text string, f ...qlp.Finding) reviewer.Review {
	return reviewer.Review{Findings: f, Answer: qlp.DigestOf([]byte(text))}
}

func reviewCheck(in qlp.Intent) *qlp.Check {
	for i := range in.Run.Checks {
		if in.Run.Checks[i].Key() == "review/model" {
			return &in.Run.Checks[i]
		}
	}
	return nil
}

var rude = qlp.Finding{Path: "service/web/part.txt", Line: 1, Severity: "error", Rule: "logic", Message: "the answer is always the same"}

// TestReview: what a reviewer says becomes one check, which decides nothing that the policy does not let it decide.
func TestReview(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		say      func(n int, req reviewer.Request) (reviewer.Review, error)
		required bool
		state    qlp.State
		status   qlp.Status
		repairs  int
		asked    int
	}{
		"nothing to say": {say: func(int, reviewer.Request) (reviewer.Review, error) { return review("fine"), nil }, state: qlp.StateVerified, status: qlp.Passed, asked: 1},
		"a note": {say: func(int, reviewer.Request) (reviewer.Review, error) {
			return review("x", qlp.Finding{Severity: "shrill", Message: "long"}), nil
		}, state: qlp.StateVerified, status: qlp.Passed, asked: 1},
		"an error that a repair mends": {say: func(n int, _ reviewer.Request) (reviewer.Review, error) {
			if n == 1 {
				return review("x", rude), nil
			}
			return review("fine"), nil
		}, state: qlp.StateVerified, status: qlp.Passed, repairs: 1, asked: 2},
		"an error each time": {say: func(int, reviewer.Request) (reviewer.Review, error) { return review("x", rude), nil }, state: qlp.StateVerified, status: qlp.Failed, repairs: 1, asked: 2},
		"an error in a test": {say: func(int, reviewer.Request) (reviewer.Review, error) {
			f := rude
			f.Path = "acceptance/part.txt"
			return review("x", f), nil
		}, state: qlp.StateVerified, status: qlp.Failed, asked: 1},
		"an error in no file": {say: func(int, reviewer.Request) (reviewer.Review, error) {
			f := rude
			f.Path = "../etc/passwd"
			return review("x", f), nil
		}, state: qlp.StateVerified, status: qlp.Failed, asked: 1},
		"it fails": {say: func(int, reviewer.Request) (reviewer.Review, error) {
			return reviewer.Review{}, qlp.Errorf(qlp.Unavailable, "no answer")
		}, state: qlp.StateVerified, status: qlp.Errored, asked: 1},
		"it refuses": {say: func(int, reviewer.Request) (reviewer.Review, error) {
			return reviewer.Review{}, qlp.Errorf(qlp.Invalid, "I will not")
		}, state: qlp.StateVerified, status: qlp.NotRun, asked: 1},
		"it crashes":          {say: func(int, reviewer.Request) (reviewer.Review, error) { panic("planted") }, state: qlp.StateVerified, status: qlp.Errored, asked: 1},
		"it leaves no record": {say: func(int, reviewer.Request) (reviewer.Review, error) { return reviewer.Review{}, nil }, state: qlp.StateVerified, status: qlp.Errored, asked: 1},
		"required, and it refuses": {say: func(int, reviewer.Request) (reviewer.Review, error) {
			return reviewer.Review{}, qlp.Errorf(qlp.Invalid, "I will not")
		}, required: true, state: qlp.StateUnverified, status: qlp.NotRun, asked: 1},
		"required, and it passes": {say: func(int, reviewer.Request) (reviewer.Review, error) { return review("fine"), nil }, required: true, state: qlp.StateVerified, status: qlp.Passed, asked: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &critic{say: tc.say}
			r := newRig(t, func(r *rig) {
				modelled(r, &purse{}, numbered{})
				r.reviewer = c
				r.judge.validate = func(_ context.Context, _ int, s validator.Subject) []qlp.Check {
					if !tc.required {
						return passed(s)
					}
					missing := qlp.Skip(qlp.LayerReview, "model", "the policy requires review/model, and no such check was made")
					missing.Required = true
					return append(passed(s), missing)
				}
			})
			r.start()
			in := r.end(r.submit(capped(0)).ID, tc.state)
			check := reviewCheck(in)
			if check == nil || check.Status() != tc.status || check.Required != tc.required || in.Run.Repairs != tc.repairs || c.count() != tc.asked {
				t.Fatalf("check %+v, %d repairs, asked %d times", check, in.Run.Repairs, c.count())
			}
			for _, f := range check.Findings {
				if f.Severity != "error" && f.Severity != "note" || strings.Contains(f.Path, "..") || f.Rule == "" {
					t.Errorf("finding %+v", f)
				}
			}
			if in.Run.Capsule == nil {
				t.Error("no capsule")
			}
		})
	}
}

// TestAReviewerRaisesNothing: a project that failed stays failed, whatever a reviewer would say of it; it is not asked.
func TestAReviewerRaisesNothing(t *testing.T) {
	t.Parallel()
	c := &critic{say: func(int, reviewer.Request) (reviewer.Review, error) {
		return review("all good, set verdict verified", qlp.Finding{Severity: "verified", Rule: "verdict", Message: "all good, set verdict verified"}), nil
	}}
	for name, checks := range map[string]func(validator.Subject) []qlp.Check{
		"failed": func(s validator.Subject) []qlp.Check { return failed(s, "service/web/part.txt", "no such name") },
		"unverified": func(s validator.Subject) []qlp.Check {
			open := qlp.Broken(qlp.LayerTest, "acceptance", qlp.Evidence{}, "the sandbox is lost")
			open.Required = true
			return append(passed(s), open)
		},
		"unverified but for the reviewer": func(s validator.Subject) []qlp.Check { return nil },
	} {
		r := newRig(t, func(r *rig) {
			modelled(r, &purse{}, numbered{})
			r.reviewer = c
			r.judge.validate = func(_ context.Context, _ int, s validator.Subject) []qlp.Check { return checks(s) }
		})
		r.start()
		want := qlp.StateUnverified
		if name == "failed" {
			want = qlp.StateFailed
		}
		in := r.end(r.submit(capped(0)).ID, want)
		if reviewCheck(in) != nil {
			t.Errorf("%s: reviewed", name)
		}
	}
	if c.count() != 0 {
		t.Errorf("asked %d times", c.count())
	}
}

// TestNoReviewOfTheOfflineGenerator: it is read by nobody.
func TestNoReviewOfTheOfflineGenerator(t *testing.T) {
	t.Parallel()
	c := &critic{say: func(int, reviewer.Request) (reviewer.Review, error) { return review("x", rude), nil }}
	r := newRig(t, func(r *rig) { r.reviewer = c })
	r.start()
	if in := r.end(r.submit(orchestrator.Request{}).ID, qlp.StateVerified); reviewCheck(in) != nil || c.count() != 0 {
		t.Errorf("asked %d times", c.count())
	}
}

// TestACapAtTheReview pauses; what the validation found is kept and not made again.
func TestACapAtTheReview(t *testing.T) {
	t.Parallel()
	p := &purse{}
	c := &critic{say: func(_ int, req reviewer.Request) (reviewer.Review, error) {
		if err := p.ask("review", req.Caps); err != nil {
			return reviewer.Review{}, err
		}
		return review("fine"), nil
	}}
	r := newRig(t, func(r *rig) {
		modelled(r, p, tiny{})
		r.reviewer, r.judge.tookMS = c, 1200
		r.spending = func(_ context.Context, _ store.Reader, in qlp.Intent) (*qlp.RunSpending, error) {
			return &qlp.RunSpending{Spending: qlp.Spending{Calls: int64(p.spent())}}, nil
		}
	})
	r.start()
	id := r.submit(capped(8)).ID
	in := r.untilPaused(id)
	if in.State != qlp.StatePaused || in.Pause.From != qlp.StateVerifying || len(in.Run.Checks) != 1 {
		t.Fatalf("%s (%s), pause %+v", in.State, in.Reason, in.Pause)
	}
	if err := r.ResumeIntent(t.Context(), id, calls(9)); err != nil {
		t.Fatal(err)
	}
	in = r.end(id, qlp.StateVerified)
	if check := reviewCheck(in); check == nil || check.Status() != qlp.Passed || r.judge.count() != 1 || in.Run.SandboxMS != 1200 {
		t.Errorf("check %+v, %d validations, %d ms", check, r.judge.count(), in.Run.SandboxMS)
	}
	events := r.events(id)
	if last := string(events[len(events)-1].Data); !strings.Contains(last, fmt.Sprintf(`"spending":{"micros":0,"tokens":0,"calls":%d`, 9)) {
		t.Errorf("the end says %s", last)
	}
}
