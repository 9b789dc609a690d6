package eval

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Runner takes a suite to its end: every sample that the journal does not have yet is asked for, judged, and written down.
type Runner struct {
	Suite    Suite
	Solver   Solver
	Judges   map[Form]Judge
	Journal  *Journal
	Parallel int                               // samples at a time; 0: a processor each
	Progress func(s Sample, finished, all int) // may be nil; never called concurrently
}

// Run returns when every sample is judged, the machine fails, or ctx is done; what was judged until then is kept. A sample
// whose judgement failed is written as an error and tried again by the next Run; several in a row end this one.
func (r Runner) Run(ctx context.Context) error {
	if r.Journal.Header.Digest != r.Suite.Digest {
		return qlp.Errorf(qlp.Conflict, "the suite's data is not what this run was begun with").WithRemedy("begin a new run")
	}
	all := len(r.Suite.Problems) * r.Journal.Header.Samples
	finished := 0
	var mu sync.Mutex
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(max(r.Parallel, 1))
	if r.Parallel == 0 {
		group.SetLimit(runtime.NumCPU())
	}
	faults := 0
	for n := range r.Journal.Header.Samples { // each problem once before any a second time: a run that is cut short has seen most
		for _, p := range r.Suite.Problems {
			if _, ok := r.Journal.Done(p.ID, n); ok {
				mu.Lock()
				finished++
				mu.Unlock()
				continue
			}
			if within.Err() != nil {
				break
			}
			group.Go(func() error {
				s, err := r.sample(within, p, n)
				if err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				finished++
				if r.Progress != nil {
					r.Progress(s, finished, all)
				}
				if s.Status != Errored {
					faults = 0
				} else if faults++; faults >= maxFaults {
					return qlp.Errorf(qlp.Unavailable, "%d samples in a row could not be judged; the last: %s", faults, s.Reason).
						WithRemedy("mend the machine (qlp doctor tries it) and go on with --resume %s", r.Journal.Dir())
				}
				return nil
			})
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// maxFaults in a row are the machine's, not a sample's.
const maxFaults = 5

func (r Runner) sample(ctx context.Context, p Problem, n int) (Sample, error) {
	s := Sample{Problem: p.ID, Sample: n, Language: p.Language}
	begun := time.Now()
	answer, err := r.Solver.Solve(ctx, p.Question, n)
	if ctx.Err() != nil {
		return s, context.Cause(ctx)
	}
	answer.Spent.Wall = time.Since(begun)
	s.Spent, s.Note, s.Verdict = answer.Spent, answer.Note, answer.Verdict
	var how Judgement
	switch judge := r.Judges[p.Form]; {
	case err != nil:
		if c := qlp.CodeOf(err); c == qlp.Exhausted || c == qlp.Invalid { // every other sample would meet the same
			return s, fmt.Errorf("ask %s for %s: %w", r.Solver.Name(), p.ID, err)
		}
		how = Judgement{Status: Errored, Reason: fmt.Sprintf("%s: %v", r.Solver.Name(), err)}
	case answer.Declined != "":
		how = Judgement{Status: Declined, Reason: answer.Declined}
	case judge == nil:
		return s, qlp.Errorf(qlp.Invalid, "nothing here judges a %s", p.Form)
	default:
		begun = time.Now()
		if how, err = judge.Judge(ctx, p, answer); err != nil {
			how = Judgement{Status: Errored, Reason: err.Error()}
		}
		s.JudgeMS = time.Since(begun).Milliseconds()
	}
	if ctx.Err() != nil {
		return s, context.Cause(ctx)
	}
	s.Status, s.Reason = how.Status, how.Reason
	return r.Journal.Add(s, answer, how)
}
