package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// sample is about as large as the Spec of a service with three entities.
func sample() *qlp.Spec {
	spec := &qlp.Spec{Title: "Library", Kind: qlp.KindService, Stack: "go"}
	for _, name := range []string{"book", "member", "loan"} {
		e := qlp.Entity{Name: name, Plural: name + "s"}
		for i := range 6 {
			e.Fields = append(e.Fields, qlp.Field{Name: fmt.Sprintf("field_%d", i), Type: "string", Unique: i == 0})
		}
		spec.Entities = append(spec.Entities, e)
	}
	for i := range 60 {
		spec.Acceptance = append(spec.Acceptance, qlp.Acceptance{ID: fmt.Sprintf("book.create.%d", i), When: "a book is created", Then: "it is there"})
	}
	return spec
}

// operations measures what the orchestrator does, one after the other.
func operations(ctx context.Context, st subject, n int) error {
	ids, runs := make([]string, n), make([]string, n)
	for i := range ids {
		ids[i], runs[i] = newID(), newID()
	}
	spec := sample()
	var tree qlp.Tree
	for i := range 40 {
		tree = append(tree, qlp.Entry{Path: fmt.Sprintf("internal/file_%02d.go", i), Digest: qlp.DigestOf([]byte{byte(i)}), Size: 2000})
	}
	tx := func(fn func(i int, tx store.Tx) error) func(int) error {
		return func(i int) error { return st.Tx(ctx, func(tx store.Tx) error { return fn(i, tx) }) }
	}
	read := func(fn func(i int, r store.Reader) error) func(int) error {
		return func(i int) error { return st.Read(ctx, func(r store.Reader) error { return fn(i, r) }) }
	}
	data, err := json.Marshal(qlp.StateChanged{From: "ready", To: "running"})
	if err != nil {
		return err
	}
	for _, m := range []struct {
		name string
		fn   func(i int) error
	}{
		{"insert intent, event, job", tx(func(i int, tx store.Tx) error {
			if err := tx.InsertIntent(ctx, qlp.Intent{ID: ids[i], Words: "a library", Spec: spec}, ids[i], qlp.DigestOf(nil)); err != nil {
				return err
			}
			if _, err := tx.Append(ctx, qlp.Event{IntentID: ids[i], Type: qlp.EventIntentReceived}); err != nil {
				return err
			}
			return tx.Enqueue(ctx, store.Job{Kind: store.JobInterpret, IntentID: ids[i]})
		})},
		{"move intent", tx(func(i int, tx store.Tx) error {
			return tx.MoveIntent(ctx, ids[i], qlp.StateReceived, qlp.StateInterpreting, "")
		})},
		{"insert run with 6 tasks", tx(func(i int, tx store.Tx) error {
			run := qlp.Run{ID: runs[i], IntentID: ids[i], Number: 1}
			for _, id := range []string{"acceptance", "domain", "storage", "handlers", "wiring", "documents"} {
				run.Tasks = append(run.Tasks, qlp.TaskRun{TaskID: id, State: qlp.TaskReady})
			}
			return tx.InsertRun(ctx, run)
		})},
		{"begin attempt, move task, event", tx(func(i int, tx store.Tx) error {
			if _, _, err := tx.BeginAttempt(ctx, qlp.Attempt{RunID: runs[i], TaskID: "domain", Number: 1}); err != nil {
				return err
			}
			if err := tx.MoveTask(ctx, runs[i], "domain", qlp.TaskReady, qlp.TaskRunning, ""); err != nil {
				return err
			}
			_, err := tx.Append(ctx, qlp.Event{IntentID: ids[i], Type: qlp.EventTaskState, Data: data})
			return err
		})},
		{"end attempt with a tree of 40, event, job", tx(func(i int, tx store.Tx) error {
			if err := tx.EndAttempt(ctx, qlp.Attempt{RunID: runs[i], TaskID: "domain", Number: 1, State: qlp.AttemptGood, Tree: tree}); err != nil {
				return err
			}
			if err := tx.SetTaskTree(ctx, runs[i], "domain", tree); err != nil {
				return err
			}
			if _, err := tx.Append(ctx, qlp.Event{IntentID: ids[i], Type: qlp.EventTaskState, Data: data}); err != nil {
				return err
			}
			return tx.Enqueue(ctx, store.Job{Kind: store.JobTask, IntentID: ids[i], RunID: runs[i], TaskID: "storage", Attempt: 1})
		})},
		{"append one event", tx(func(i int, tx store.Tx) error {
			_, err := tx.Append(ctx, qlp.Event{IntentID: ids[i], Type: qlp.EventTaskState, Data: data})
			return err
		})},
		{"cancel jobs", tx(func(i int, tx store.Tx) error { return tx.CancelJobs(ctx, ids[i]) })},
		{"read intent with its run", read(func(i int, r store.Reader) error { _, err := r.Intent(ctx, ids[i]); return err })},
		{"read run", read(func(i int, r store.Reader) error { _, err := r.Run(ctx, runs[i]); return err })},
		{"read state", read(func(i int, r store.Reader) error { _, err := r.State(ctx, ids[i]); return err })},
		{"read events", read(func(i int, r store.Reader) error { _, err := r.Events(ctx, ids[i], 0, 256); return err })},
		{"list 50 intents from the middle", read(func(i int, r store.Reader) error {
			_, err := r.Intents(ctx, store.IntentFilter{After: ids[len(ids)/2], Limit: 50})
			return err
		})},
	} {
		if err := timed(n, m.name, m.fn); err != nil {
			return err
		}
	}
	return nil
}
