// Package enqueue is what the drivers' queues have in common: how a queue job looks to River, and when it is the same as one that
// is there.
//
// It never touches a database.
//
// Arrows: store, qlp, and River's types.
package enqueue

import (
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// MaxAttempts is what River allows a job. The worker gives up long before, and says so to the engine.
const MaxAttempts = 1000

// Args is a store.Job as River sees it.
type Args struct{ store.Job }

// Kind returns the kind of this job: River knows a worker for each.
func (a Args) Kind() string { return string(a.Job.Kind) }

// Check refuses what is no job.
func Check(job store.Job) error {
	switch job.Kind {
	case store.JobEmbed:
		return nil
	case store.JobInterpret, store.JobPlan, store.JobTask, store.JobVerify, store.JobPack:
	default:
		return qlp.Errorf(qlp.Invalid, "there is no job of kind %.40q", job.Kind)
	}
	if job.IntentID == "" {
		return qlp.Errorf(qlp.Invalid, "a job needs an intent")
	}
	return nil
}

// Once has River add nothing while a job with the same kind, intent, run, task and attempt waits or runs.
func Once() *river.InsertOpts {
	return &river.InsertOpts{
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
			rivertype.JobStateRetryable, rivertype.JobStateScheduled,
		}},
	}
}
