package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// keeper is the store as its operator sees it.
func keeper(t *testing.T, st store.Store) store.Keeper {
	t.Helper()
	k, ok := st.(store.Keeper)
	if !ok {
		t.Fatalf("%T is no keeper", st)
	}
	return k
}

// built is an intent with a run that has something of everything.
type built struct {
	run  qlp.Run
	call qlp.Call
	kept []qlp.Digest // blobs that must be there
}

// build adds such an intent, whose blobs have digests of its own.
func build(t *testing.T, st store.Store, tenant string, end qlp.State, capsule bool) built {
	t.Helper()
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	id := newID()
	digest := func(of string) qlp.Digest { return qlp.DigestOf([]byte(of + id)) }
	in := qlp.Intent{ID: id, Tenant: tenant, Words: "a shop", State: qlp.StateReceived, Revision: 1, Created: at, Updated: at}
	tree, err := qlp.NewTree([]qlp.Entry{{Path: "main.go", Digest: digest("main"), Size: 4}})
	if err != nil {
		t.Fatal(err)
	}
	tried, err := qlp.NewTree([]qlp.Entry{{Path: "main.go", Digest: digest("tried"), Size: 5}})
	if err != nil {
		t.Fatal(err)
	}
	b := built{call: sampleCall()}
	b.run = qlp.Run{
		ID: newID(), IntentID: id, Number: 1, StartedAt: at, Evidence: digest("report"), Tree: tree.Digest(),
		Tasks: []qlp.TaskRun{{TaskID: "domain", State: qlp.TaskReady}},
	}
	b.call.ID, b.call.IntentID, b.call.RunID = newID(), id, b.run.ID
	x := qlp.Execution{ID: "x1", Check: "build/go-build", Stdout: digest("stdout"), Stderr: digest("stderr")}
	check := qlp.Pass(qlp.LayerBuild, "go-build", qlp.FromReading(digest("what was read")))
	b.kept = []qlp.Digest{digest("main"), digest("tried"), digest("report"), digest("stdout"), digest("stderr"), qlp.DigestOf([]byte("answer"))}
	if capsule {
		b.run.Capsule = &qlp.CapsuleRef{Digest: digest("capsule"), Size: 1, Name: "a"}
		b.kept = append(b.kept, digest("capsule"))
	}
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		a := qlp.Attempt{RunID: b.run.ID, TaskID: "domain", Number: 1, Generator: "g", State: qlp.AttemptRunning, StartedAt: at}
		done := a
		done.State, done.Tree, done.EndedAt = qlp.AttemptGood, tried, &at
		err := errors.Join(tx.InsertIntent(ctx, in, tenant+id, ""), tx.InsertRun(ctx, b.run), tx.PutTree(ctx, tree), tx.SetTaskTree(ctx, b.run.ID, "domain", tree))
		_, _, began := tx.BeginAttempt(ctx, a)
		_, appended := tx.Append(ctx, qlp.Event{IntentID: id, Type: qlp.EventIntentReceived, Data: []byte(`{"told":"` + string(digest("told")) + `"}`)})
		return errors.Join(err, began, appended, tx.EndAttempt(ctx, done),
			tx.ReplaceChecks(ctx, b.run.ID, []qlp.Check{check}, []qlp.Execution{x}),
			tx.ReserveCall(ctx, b.call, store.CallCaps{}), tx.SettleCall(ctx, settled(b.call)))
	})
	if end != "" {
		write(t, st, func(ctx context.Context, tx store.Tx) error {
			return errors.Join(tx.MoveIntent(ctx, id, qlp.StateReceived, qlp.StateInterpreting, ""), tx.MoveIntent(ctx, id, qlp.StateInterpreting, end, ""))
		})
	}
	return b
}

// digests returns what the rows speak of.
func digests(t *testing.T, k store.Keeper) map[qlp.Digest]bool {
	t.Helper()
	out := map[qlp.Digest]bool{}
	err := k.Digests(t.Context(), func(d qlp.Digest, kept bool) { out[d] = out[d] || kept })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (s *suite) testDigests(t *testing.T) {
	st := s.open(t)
	var all []built
	for range 3 {
		all = append(all, build(t, st, "ours", qlp.StateFailed, true))
	}
	got := digests(t, keeper(t, st))
	for _, b := range all {
		for _, d := range b.kept {
			if !got[d] {
				t.Errorf("%s is not kept", d)
			}
		}
		for _, what := range []string{"told", "what was read"} {
			if kept, there := got[qlp.DigestOf([]byte(what+b.run.IntentID))]; !there || kept {
				t.Errorf("%s: there %v, kept %v", what, there, kept)
			}
		}
	}
}

// testExpire clears what may be cleared and nothing else.
func (s *suite) testExpire(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	st := s.openWith(t, Options{Clock: func() time.Time { return now }})
	k := keeper(t, st)
	gone := build(t, st, "ours", qlp.StateFailed, false)
	build(t, st, "ours", qlp.StateFailed, true) // has a capsule
	build(t, st, "ours", "", false)             // goes on
	expired := func(before time.Time) []store.ExpiredRun {
		var out []store.ExpiredRun
		for after := ""; ; {
			page, err := k.Expired(t.Context(), before, after, 1)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				return out
			}
			out, after = append(out, page...), page[0].ID
		}
	}
	if runs := expired(now); len(runs) != 0 {
		t.Errorf("at its end: %v", runs)
	}
	later := now.Add(time.Hour)
	want := []store.ExpiredRun{{ID: gone.run.ID, IntentID: gone.run.IntentID}}
	same(t, "the expired runs", expired(later), want)
	if cleared, err := k.Expire(t.Context(), want[0], now); err != nil || cleared {
		t.Errorf("one that has gone on meanwhile: %v, %v", cleared, err)
	}
	if cleared, err := k.Expire(t.Context(), store.ExpiredRun{ID: gone.run.ID, IntentID: "nobody"}, later); err != nil || cleared {
		t.Errorf("one that was erased meanwhile: %v, %v", cleared, err)
	}
	if cleared, err := k.Expire(t.Context(), want[0], later); err != nil || !cleared {
		t.Errorf("cleared %v, %v", cleared, err)
	}
	if runs := expired(later); len(runs) != 0 {
		t.Errorf("after it was cleared: %v", runs)
	}
	run := read(t, st, func(ctx context.Context, r store.Reader) (qlp.Run, error) { return r.Run(ctx, gone.run.ID) })
	if run.Tree != "" || run.Evidence != "" || run.Tasks[0].Tree != nil || len(run.Checks) != 1 {
		t.Errorf("what is left: %+v", run)
	}
	events := read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Event, error) {
		return r.Events(ctx, gone.run.IntentID, 0, 100)
	})
	last := events[len(events)-1]
	if last.Type != qlp.EventRunExpired || last.RunID != run.ID || string(last.Data) != `{"executions":1}` {
		t.Errorf("the event: %+v", last)
	}
	before := digests(t, k)
	if n, err := k.DropTrees(t.Context()); err != nil || n != 2 {
		t.Errorf("%d trees dropped, %v", n, err)
	}
	after := digests(t, k)
	for _, d := range gone.kept[:2] {
		if _, there := after[d]; there || !before[d] {
			t.Errorf("%s of a tree: before %v, after %v", d, before[d], there)
		}
	}
	if !after[qlp.DigestOf([]byte("answer"))] {
		t.Error("the ledger's answers are not kept")
	}
	if n, err := k.DropTrees(t.Context()); err != nil || n != 0 {
		t.Errorf("again: %d trees dropped, %v", n, err)
	}
}

func (s *suite) testErase(t *testing.T) {
	st := s.open(t)
	k := keeper(t, st)
	ours, theirs := build(t, st, "ours", qlp.StateFailed, true), build(t, st, "theirs", qlp.StateFailed, true)
	active := build(t, st, "ours", "", false)
	child := qlp.Intent{ID: newID(), Tenant: "theirs", Words: "w", State: qlp.StateReceived, Revision: 2, Parent: ours.run.IntentID, Created: time.Now(), Updated: time.Now()}
	reserved := sampleCall()
	reserved.ID, reserved.IntentID, reserved.RunID = newID(), ours.run.IntentID, ours.run.ID
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.InsertIntent(ctx, child, "", ""), tx.ReserveCall(ctx, reserved, store.CallCaps{}),
			tx.Enqueue(ctx, store.Job{Kind: store.JobInterpret, IntentID: active.run.IntentID}), tx.Enqueue(ctx, store.Job{Kind: store.JobInterpret, IntentID: child.ID}))
	})
	if has, err := k.Owned(t.Context(), "ours"); err != nil || has != (store.Owned{Intents: 2, Active: 1, Calls: 1}) {
		t.Errorf("owned: %+v, %v", has, err)
	}
	scopes, err := k.Scopes(t.Context(), "ours")
	if err != nil || len(scopes) != 4 || scopes[store.ScopeTask(ours.run.ID, "domain")].Tokens == 0 || scopes[store.ScopeRun(active.run.ID)].Calls != 1 {
		t.Errorf("scopes: %+v, %v", scopes, err)
	}
	day := spending(t, st, "day:2026-05-04")
	if _, err := k.Erase(t.Context(), "ours"); qlp.CodeOf(err) != qlp.Conflict || qlp.RemedyOf(err) == "" {
		t.Errorf("with an active intent: %v", err)
	}
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.SettleCall(ctx, settled(reserved)), tx.MoveIntent(ctx, active.run.IntentID, qlp.StateReceived, qlp.StateCanceled, ""))
	})
	if n, err := k.Erase(t.Context(), "ours"); err != nil || n != 2 {
		t.Fatalf("erased %d, %v", n, err)
	}
	if err := k.Scrub(t.Context()); err != nil {
		t.Error(err)
	}
	for _, id := range []string{ours.run.IntentID, ours.run.ID, active.run.ID} {
		err := st.Read(t.Context(), func(r store.Reader) error { _, err := r.Owner(t.Context(), id); return err })
		if qlp.CodeOf(err) != qlp.NotFound {
			t.Errorf("%s: %v", id, err)
		}
	}
	if has, err := k.Owned(t.Context(), "ours"); err != nil || has != (store.Owned{}) {
		t.Errorf("left over: %+v, %v", has, err)
	}
	if after := spending(t, st, "day:2026-05-04"); after.Tokens <= day.Tokens || spending(t, st, store.ScopeRun(ours.run.ID)).Calls != 0 {
		t.Errorf("the day has spent %+v, before the last call %+v", after, day)
	}
	if jobs := s.Jobs(t.Context(), t, st); len(jobs) != 1 || jobs[0].IntentID != child.ID {
		t.Errorf("jobs: %v", jobs)
	}
	in := read(t, st, func(ctx context.Context, r store.Reader) (qlp.Intent, error) { return r.Intent(ctx, child.ID) })
	if in.Parent != "" {
		t.Errorf("the child's parent is %s", in.Parent)
	}
	read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Execution, error) {
		return r.Executions(ctx, theirs.run.ID)
	})
	if n, err := k.DropTrees(t.Context()); err != nil || n != 4 {
		t.Errorf("%d trees dropped, %v", n, err)
	}
	got := digests(t, k)
	for _, d := range theirs.kept {
		if !got[d] {
			t.Errorf("%s of the other tenant is not kept", d)
		}
	}
}

func (s *suite) testAlone(t *testing.T) {
	k := keeper(t, s.open(t))
	for range 2 {
		err := k.Alone(t.Context(), func(ctx context.Context) error {
			err := k.Alone(ctx, func(context.Context) error { t.Error("two at a time"); return nil })
			if qlp.CodeOf(err) != qlp.Conflict || qlp.RemedyOf(err) == "" {
				t.Errorf("the second one: %v", err)
			}
			return errors.New("as it is")
		})
		if err == nil || err.Error() != "as it is" {
			t.Errorf("got %v", err)
		}
	}
}

// testDropTreesAtOnce drops trees while others put the same ones and refer to them: none is lost that is referred to.
func (s *suite) testDropTreesAtOnce(t *testing.T) {
	st := s.open(t)
	k := keeper(t, st)
	run := addRun(t, st)
	tree := sampleTree(t, "main.go")
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil {
			if _, err := k.DropTrees(t.Context()); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for range 100 {
		write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.PutTree(ctx, tree) })
		write(t, st, func(ctx context.Context, tx store.Tx) error {
			run.Tree = tree.Digest()
			return errors.Join(tx.PutTree(ctx, tree), tx.UpdateRun(ctx, run))
		})
		got := read(t, st, func(ctx context.Context, r store.Reader) (qlp.Tree, error) { return r.Tree(ctx, tree.Digest()) })
		if !slices.Equal(got, tree) {
			t.Errorf("read %v", got)
		}
		write(t, st, func(ctx context.Context, tx store.Tx) error { run.Tree = ""; return tx.UpdateRun(ctx, run) })
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
