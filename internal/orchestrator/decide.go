package orchestrator

import (
	"slices"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// decision is what one transaction does after a step: moves, and the queue jobs that follow. The pure core makes it, apply
// writes it.
type decision struct {
	intent qlp.State // "" leaves it where it is
	reason string
	tasks  []taskMove
	jobs   []store.Job
	// repair is set when a task is to be tried again.
	repair bool
	// stuck are the ways in which repairs go in circles, as what was decided on shows them.
	stuck []qlp.RepairStuck
	// verdict, if set, ends the run; whether a capsule is packed first, the jobs say.
	verdict qlp.Verdict
}

type taskMove struct {
	id       string
	from, to qlp.TaskState
	reason   string
}

// doneTasks returns the ids of the run's finished tasks.
func doneTasks(run *qlp.Run) map[string]bool {
	done := map[string]bool{}
	for _, t := range run.Tasks {
		if t.State == qlp.TaskDone {
			done[t.TaskID] = true
		}
	}
	return done
}

// advance says what follows from the tasks that are done: the pending ones that have become ready, or the verification when
// all are done.
func advance(in qlp.Intent) decision {
	var d decision
	run := in.Run
	done := doneTasks(run)
	if len(done) == len(run.Tasks) {
		d.intent = qlp.StateVerifying
		d.jobs = []store.Job{verifyJob(in)}
		return d
	}
	ready := map[string]bool{}
	for _, id := range in.Plan.Ready(done) {
		ready[id] = true
	}
	for _, t := range run.Tasks {
		if t.State == qlp.TaskPending && ready[t.TaskID] {
			d.tasks = append(d.tasks, taskMove{id: t.TaskID, from: qlp.TaskPending, to: qlp.TaskReady})
			d.jobs = append(d.jobs, taskJob(in, t, t.Attempts+1))
		}
	}
	return d
}

// attemptFailed says what follows when a task's attempt was no good: another one, or the end of the run. The task is still
// running, as run shows it; attempts are all of the run's, the one that failed last among them.
func attemptFailed(in qlp.Intent, t qlp.TaskRun, failed qlp.Attempt, attempts []qlp.Attempt, caps qlp.Caps) decision {
	reason, failure := failed.Reason, ownFailure(failed)
	tried := timesTried(rounds(of(attempts, t.TaskID)), signature(failure))
	if in.Run.Repairs < caps.Repairs && tried < sameInRun {
		return told(decision{
			repair: true, reason: reason,
			tasks: []taskMove{{t.TaskID, qlp.TaskRunning, qlp.TaskRepairing, reason}},
			jobs:  []store.Job{taskJob(in, t, t.Attempts+1)},
		}, attempts, t.TaskID, failure)
	}
	if tried >= sameInRun {
		reason = "the same failure came back after three repairs: " + reason
	}
	d := told(endRun(in, qlp.VerdictFailed, "task "+t.TaskID+": "+reason), attempts, t.TaskID, failure)
	for i, m := range d.tasks {
		if m.id == t.TaskID {
			d.tasks[i] = taskMove{t.TaskID, qlp.TaskRunning, qlp.TaskFailed, reason}
		}
	}
	return d
}

// endRun ends a run that has no project to hand over: what is not finished is cancelled.
func endRun(in qlp.Intent, verdict qlp.Verdict, reason string) decision {
	return decision{intent: qlp.StateOf(verdict), verdict: verdict, reason: reason, tasks: cancelOpen(in.Run)}
}

func cancelOpen(run *qlp.Run) []taskMove {
	var moves []taskMove
	if run == nil {
		return nil
	}
	for _, t := range run.Tasks {
		switch t.State {
		case qlp.TaskPending, qlp.TaskReady, qlp.TaskRunning, qlp.TaskRepairing:
			moves = append(moves, taskMove{t.TaskID, t.State, qlp.TaskCanceled, ""})
		case qlp.TaskDone, qlp.TaskFailed, qlp.TaskCanceled:
		}
	}
	return moves
}

// ownKey is the key of the check that an attempt's own failure becomes.
const ownKey = "syntax/attempt"

// ownFailure is what an attempt that was no good has to say to the next one.
func ownFailure(a qlp.Attempt) []qlp.Check {
	own := qlp.Fail(qlp.LayerSyntax, "attempt", qlp.FromReading(qlp.DigestJSON(a.Tree)), a.Reason)
	own.Required = true
	return append([]qlp.Check{own}, a.Checks...)
}

// judged says what follows from a verification's checks. attempts are all of the run's; capped is why no repair may follow
// ("" if it may); model says that models write, which may have another try where the offline generator has shown all it can.
func judged(in qlp.Intent, checks []qlp.Check, attempts []qlp.Attempt, caps qlp.Caps, capped string, model bool) decision {
	verdict := qlp.Decide(checks)
	d := decision{verdict: verdict, reason: qlp.ReasonOf(checks, verdict), jobs: []store.Job{packJob(in)}}
	spent := capped != "" || in.Run.Repairs >= caps.Repairs
	switch {
	case verdict == qlp.Verified && !spent:
		if r, ok := reviewRepair(in, checks, attempts); ok {
			return r
		}
		return d
	case verdict != qlp.VerdictFailed:
		return d
	case capped != "":
		d.reason = capped + "; " + d.reason
		return d
	case in.Run.Repairs >= caps.Repairs:
		if in.Run.Repairs > 0 {
			d.reason = "the repairs are spent; " + d.reason
		}
		return d
	}
	t, why := mender(in, checks, attempts, model)
	if t == nil {
		d.reason = why + "; " + d.reason
		return told(d, attempts, "", failuresOf(checks))
	}
	return told(mended(in, *t, d.reason), attempts, t.TaskID, failuresOf(checks))
}

// mended is the decision that a task which is done mends what a verification found.
func mended(in qlp.Intent, t qlp.TaskRun, reason string) decision {
	return decision{
		intent: qlp.StateRunning, repair: true, reason: reason,
		tasks: []taskMove{{t.TaskID, qlp.TaskDone, qlp.TaskRepairing, reason}},
		jobs:  []store.Job{taskJob(in, t, t.Attempts+1)},
	}
}

// failuresOf returns the checks that failed.
func failuresOf(checks []qlp.Check) []qlp.Check {
	return slices.DeleteFunc(slices.Clone(checks), func(c qlp.Check) bool { return c.Status() != qlp.Failed })
}

// pendingJobs returns the jobs that an intent's state asks for. After a restart they are added again; those that are still
// there are not doubled.
func pendingJobs(in qlp.Intent) []store.Job {
	job := store.Job{IntentID: in.ID, Pause: pauses(in)}
	switch in.State {
	case qlp.StateReceived:
		job.Kind = store.JobInterpret
	case qlp.StateInterpreting:
		job.Kind = store.JobInterpret
		if in.Spec != nil {
			job.Kind = store.JobPlan
		}
	case qlp.StatePlanned:
		job.Kind = store.JobPlan
	case qlp.StateRunning:
		return pendingTasks(in)
	case qlp.StateVerifying:
		if in.Run == nil {
			return nil
		}
		if in.Run.Verdict == "" {
			return []store.Job{verifyJob(in)}
		}
		return []store.Job{packJob(in)}
	default: // over, paused, or waiting for a person
		return nil
	}
	return []store.Job{job}
}

func pendingTasks(in qlp.Intent) []store.Job {
	var jobs []store.Job
	if in.Run == nil {
		return nil
	}
	for _, t := range in.Run.Tasks {
		switch t.State {
		case qlp.TaskReady, qlp.TaskRepairing:
			jobs = append(jobs, taskJob(in, t, t.Attempts+1))
		case qlp.TaskRunning:
			jobs = append(jobs, taskJob(in, t, max(t.Attempts, 1)))
		case qlp.TaskPending, qlp.TaskDone, qlp.TaskFailed, qlp.TaskCanceled:
		}
	}
	return jobs
}

func taskJob(in qlp.Intent, t qlp.TaskRun, attempt int) store.Job {
	return store.Job{Kind: store.JobTask, IntentID: in.ID, RunID: in.Run.ID, TaskID: t.TaskID, Attempt: attempt, Pause: pauses(in)}
}

func packJob(in qlp.Intent) store.Job {
	return store.Job{Kind: store.JobPack, IntentID: in.ID, RunID: in.Run.ID, Pause: pauses(in)}
}

// verifyJob is numbered by the repairs before it, of which each leads to one verification at most.
func verifyJob(in qlp.Intent) store.Job {
	return store.Job{Kind: store.JobVerify, IntentID: in.ID, RunID: in.Run.ID, Attempt: in.Run.Repairs + 1, Pause: pauses(in)}
}
