package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

func (s *suite) testJobs(t *testing.T) {
	st := s.open(t)
	run := addRun(t, st)
	var want []store.Job
	for i, kind := range []store.JobKind{store.JobInterpret, store.JobPlan, store.JobTask, store.JobVerify, store.JobPack} {
		want = append(want, store.Job{Kind: kind, IntentID: run.IntentID, RunID: run.ID, TaskID: "domain", Attempt: i})
	}
	for range 2 {
		write(t, st, func(ctx context.Context, tx store.Tx) error {
			for _, job := range want {
				for range 2 {
					if err := tx.Enqueue(ctx, job); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	same(t, "the jobs", s.Jobs(t.Context(), t, st), want)
	other := want[2]
	other.Attempt++
	write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.Enqueue(ctx, other) })
	same(t, "the jobs", s.Jobs(t.Context(), t, st), append(want, other))
}

func (s *suite) testJobsRefused(t *testing.T) {
	st := s.open(t)
	for _, job := range []store.Job{{Kind: "dance", IntentID: "i"}, {IntentID: "i"}, {Kind: store.JobPlan}} {
		refuse(t, st, qlp.Invalid, func(ctx context.Context, tx store.Tx) error { return tx.Enqueue(ctx, job) })
	}
}

func (s *suite) testCancelJobs(t *testing.T) {
	st := s.open(t)
	a, b := addIntent(t, st), addIntent(t, st)
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		for i, id := range []string{a.ID, a.ID, b.ID} {
			if err := tx.Enqueue(ctx, store.Job{Kind: store.JobTask, IntentID: id, RunID: "r", TaskID: fmt.Sprint(i)}); err != nil {
				return err
			}
		}
		return nil
	})
	write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.CancelJobs(ctx, a.ID) })
	left := store.Job{Kind: store.JobTask, IntentID: b.ID, RunID: "r", TaskID: "2"}
	same(t, "the jobs", s.Jobs(t.Context(), t, st), []store.Job{left})
	// What was canceled may be asked for again.
	again := store.Job{Kind: store.JobTask, IntentID: a.ID, RunID: "r", TaskID: "0"}
	write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.Enqueue(ctx, again) })
	same(t, "the jobs", s.Jobs(t.Context(), t, st), []store.Job{left, again})
}
