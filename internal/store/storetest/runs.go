package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

func sampleTree(t *testing.T, path string) qlp.Tree {
	t.Helper()
	tree, err := qlp.NewTree([]qlp.Entry{
		{Path: path, Digest: qlp.DigestOf([]byte(path)), Size: 3}, {Path: "run.sh", Digest: qlp.DigestOf(nil), Executable: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func (s *suite) testRun(t *testing.T) {
	st := s.open(t)
	run := addRun(t, st)
	get := func() qlp.Run {
		return read(t, st, func(ctx context.Context, r store.Reader) (qlp.Run, error) { return r.Run(ctx, run.ID) })
	}
	same(t, "the run", get(), run)

	tree, ended := sampleTree(t, "main.go"), time.Date(2026, 5, 4, 4, 0, 0, 7000, time.UTC)
	run.Verdict, run.Reason, run.Repairs, run.SandboxMS, run.PausedMS = qlp.Verified, "all passed", 2, 12345, 678
	run.Frozen, run.Tree, run.EndedAt = qlp.DigestOf([]byte("frozen")), tree.Digest(), &ended
	run.Evidence = qlp.DigestOf([]byte("report"))
	run.Capsule = &qlp.CapsuleRef{Digest: qlp.DigestOf([]byte("capsule")), Size: 1 << 33, Name: "shop-go.qlcapsule"}
	write(t, st, func(ctx context.Context, tx store.Tx) error {
		if err := tx.UpdateRun(ctx, run); err != nil {
			return err
		}
		return tx.SetTaskTree(ctx, run.ID, "domain", tree)
	})
	run.Tasks[1].Tree = tree
	same(t, "the run", get(), run)

	// A retry takes over the tasks of the run before it, with their files.
	second := qlp.Run{ID: newID(), IntentID: run.IntentID, Number: 2, FromTask: "wiring", StartedAt: ended, Tasks: []qlp.TaskRun{
		{TaskID: "domain", State: qlp.TaskDone, Attempts: 3, Tree: tree, Reason: "taken over"}, {TaskID: "wiring", State: qlp.TaskReady},
	}}
	write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.InsertRun(ctx, second) })
	runs := read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Run, error) { return r.Runs(ctx, run.IntentID) })
	same(t, "the runs", runs, []qlp.Run{run, second})
	in := read(t, st, func(ctx context.Context, r store.Reader) (qlp.Intent, error) { return r.Intent(ctx, run.IntentID) })
	same(t, "the intent's latest run", in.Run, second)
}

func (s *suite) testRunNumber(t *testing.T) {
	st := s.open(t)
	run := addRun(t, st)
	again := run
	again.ID = newID()
	refuse(t, st, qlp.Conflict, func(ctx context.Context, tx store.Tx) error { return tx.InsertRun(ctx, again) })
	refuse(t, st, qlp.NotFound, func(ctx context.Context, tx store.Tx) error {
		return tx.InsertRun(ctx, qlp.Run{ID: newID(), IntentID: newID(), Number: 1})
	})
	refuse(t, st, qlp.Invalid, func(ctx context.Context, tx store.Tx) error {
		return tx.InsertRun(ctx, qlp.Run{ID: newID(), IntentID: run.IntentID, Number: 0})
	})
	refuse(t, st, qlp.Invalid, func(ctx context.Context, tx store.Tx) error {
		return tx.InsertRun(ctx, qlp.Run{ID: newID(), IntentID: run.IntentID, Number: 2, Tasks: []qlp.TaskRun{{TaskID: "a"}}})
	})
}

func (s *suite) testAttempts(t *testing.T) {
	st := s.open(t)
	run := addRun(t, st)
	broken := qlp.Fail(qlp.LayerBuild, "go-build", qlp.Evidence{}, "does not build", qlp.Finding{Path: "a.go", Line: 3, Rule: "build", Severity: "error", Message: "m"})
	first := qlp.Attempt{
		RunID: run.ID, TaskID: "domain", Number: 1, Generator: "offline", State: qlp.AttemptRunning, Failure: []qlp.Check{broken},
		StartedAt: time.Date(2026, 5, 4, 3, 3, 0, 0, time.UTC),
	}
	begin := func(a qlp.Attempt) (stored qlp.Attempt, began bool) {
		t.Helper()
		write(t, st, func(ctx context.Context, tx store.Tx) (err error) {
			stored, began, err = tx.BeginAttempt(ctx, a)
			return err
		})
		return stored, began
	}
	stored, began := begin(first)
	if !began {
		t.Error("the first call did not begin the attempt")
	}
	same(t, "the attempt", stored, first)
	other := first
	other.Generator, other.StartedAt = "another", first.StartedAt.Add(time.Hour)
	stored, began = begin(other)
	if began {
		t.Error("the second call began it again")
	}
	same(t, "the attempt", stored, first)

	ended := first.StartedAt.Add(time.Second)
	first.State, first.Reason, first.EndedAt, first.Tree = qlp.AttemptGood, "fine", &ended, sampleTree(t, "domain/book.go")
	first.Checks = []qlp.Check{qlp.Pass(qlp.LayerSyntax, "go-parse", qlp.FromReading(first.Tree.Digest()))}
	write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.EndAttempt(ctx, first) })
	refuse(t, st, qlp.Conflict, func(ctx context.Context, tx store.Tx) error { return tx.EndAttempt(ctx, first) })
	if stored, began = begin(other); began {
		t.Error("a begin after the end began it again")
	}
	same(t, "the ended attempt", stored, first)

	second := first
	second.Number, second.State = 2, qlp.AttemptRunning
	refuse(t, st, qlp.NotFound, func(ctx context.Context, tx store.Tx) error {
		second.State = qlp.AttemptFailed
		return tx.EndAttempt(ctx, second)
	})
	begin(second)
	for _, state := range []qlp.AttemptState{"", qlp.AttemptRunning, "lost"} {
		refuse(t, st, qlp.Invalid, func(ctx context.Context, tx store.Tx) error { second.State = state; return tx.EndAttempt(ctx, second) })
	}
	got := read(t, st, func(ctx context.Context, r store.Reader) (qlp.Run, error) { return r.Run(ctx, run.ID) })
	if got.Tasks[1].Attempts != 2 || got.Tasks[0].Attempts != 0 {
		t.Errorf("attempts begun: %d and %d, want 2 and 0", got.Tasks[1].Attempts, got.Tasks[0].Attempts)
	}
	bad := second
	bad.Number = 0
	refuse(t, st, qlp.Invalid, func(ctx context.Context, tx store.Tx) error { _, _, err := tx.BeginAttempt(ctx, bad); return err })
}

func (s *suite) testAttemptOrder(t *testing.T) {
	st := s.open(t)
	run := addRun(t, st) // wiring stands before domain in its plan
	type key struct {
		task   string
		number int
	}
	for _, k := range []key{{"domain", 2}, {"wiring", 1}, {"domain", 1}, {"domain", 10}} {
		write(t, st, func(ctx context.Context, tx store.Tx) error {
			_, _, err := tx.BeginAttempt(ctx, qlp.Attempt{RunID: run.ID, TaskID: k.task, Number: k.number})
			return err
		})
	}
	list := func(task string) (keys []key) {
		for _, a := range read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Attempt, error) { return r.Attempts(ctx, run.ID, task) }) {
			keys = append(keys, key{a.TaskID, a.Number})
		}
		return keys
	}
	if got, want := list(""), []key{{"wiring", 1}, {"domain", 1}, {"domain", 2}, {"domain", 10}}; !slices.Equal(got, want) {
		t.Errorf("all attempts: %v, want %v", got, want)
	}
	if got, want := list("wiring"), []key{{"wiring", 1}}; !slices.Equal(got, want) {
		t.Errorf("attempts of wiring: %v, want %v", got, want)
	}
}

func (s *suite) testChecks(t *testing.T) {
	st := s.open(t)
	run := addRun(t, st)
	x := qlp.Execution{
		ID: newID(), Check: "build/go-build", Argv: []string{"go", "build", "./..."}, Env: map[string]string{"A": "b"}, Verdict: "ok",
		Counts: &qlp.Counts{Passed: 3}, Stdout: qlp.DigestOf(nil), StartedAt: time.Date(2026, 5, 4, 3, 4, 0, 123456789, time.UTC), WallMS: 12, PeakMemory: 1 << 40,
	}
	y := x
	y.ID = newID()
	checks := []qlp.Check{
		qlp.Pass(qlp.LayerBuild, "go-build", qlp.FromExecutions(x, y)).WithCounts(qlp.Counts{Passed: 3}),
		qlp.Skip(qlp.LayerSecurity, "gosec", "gosec is not installed"),
		qlp.Broken(qlp.LayerQuality, "lint", qlp.Evidence{}, "it crashed"),
	}
	checks[0].Required = true
	verify := func(c []qlp.Check, xs []qlp.Execution) {
		t.Helper()
		write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.ReplaceChecks(ctx, run.ID, c, xs) })
		got := read(t, st, func(ctx context.Context, r store.Reader) (qlp.Run, error) { return r.Run(ctx, run.ID) })
		same(t, "the checks", got.Checks, c)
		gotX := read(t, st, func(ctx context.Context, r store.Reader) ([]qlp.Execution, error) { return r.Executions(ctx, run.ID) })
		same(t, "the executions", gotX, xs)
	}
	verify(checks, []qlp.Execution{y, x})
	verify(checks[:1], []qlp.Execution{x})
	verify(nil, nil)
	refuse(t, st, qlp.Conflict, func(ctx context.Context, tx store.Tx) error {
		return tx.ReplaceChecks(ctx, run.ID, nil, []qlp.Execution{x, x})
	})
	refuse(t, st, qlp.NotFound, func(ctx context.Context, tx store.Tx) error { return tx.ReplaceChecks(ctx, newID(), checks, nil) })
}

func (s *suite) testCheckWithoutStatus(t *testing.T) {
	st := s.open(t)
	run := addRun(t, st)
	refuse(t, st, qlp.Invalid, func(ctx context.Context, tx store.Tx) error {
		return tx.ReplaceChecks(ctx, run.ID, []qlp.Check{{Layer: qlp.LayerBuild, Name: "go-build"}}, nil)
	})
}

func (s *suite) testTrees(t *testing.T) {
	st := s.open(t)
	tree := sampleTree(t, "main.go")
	for range 2 { // the second time changes nothing
		write(t, st, func(ctx context.Context, tx store.Tx) error { return tx.PutTree(ctx, tree) })
	}
	got := read(t, st, func(ctx context.Context, r store.Reader) (qlp.Tree, error) { return r.Tree(ctx, tree.Digest()) })
	same(t, "the tree", got, tree)
	if got.Digest() != tree.Digest() {
		t.Error("the tree has another digest now")
	}
}

func (s *suite) testUnknown(t *testing.T) {
	st := s.open(t)
	run := addRun(t, st)
	nobody := newID()
	for name, fn := range map[string]func(ctx context.Context, tx store.Tx) error{
		"Intent":     func(ctx context.Context, tx store.Tx) error { _, err := tx.Intent(ctx, nobody); return err },
		"Run":        func(ctx context.Context, tx store.Tx) error { _, err := tx.Run(ctx, nobody); return err },
		"Runs":       func(ctx context.Context, tx store.Tx) error { _, err := tx.Runs(ctx, nobody); return err },
		"Attempts":   func(ctx context.Context, tx store.Tx) error { _, err := tx.Attempts(ctx, nobody, ""); return err },
		"Executions": func(ctx context.Context, tx store.Tx) error { _, err := tx.Executions(ctx, nobody); return err },
		"Tree":       func(ctx context.Context, tx store.Tx) error { _, err := tx.Tree(ctx, qlp.DigestOf(nil)); return err },
		"Events":     func(ctx context.Context, tx store.Tx) error { _, err := tx.Events(ctx, nobody, 0, 1); return err },
		"MoveIntent": func(ctx context.Context, tx store.Tx) error {
			return tx.MoveIntent(ctx, nobody, qlp.StateReceived, qlp.StateCanceled, "")
		},
		"SetSpec":   func(ctx context.Context, tx store.Tx) error { return tx.SetSpec(ctx, nobody, qlp.Spec{}) },
		"SetPlan":   func(ctx context.Context, tx store.Tx) error { return tx.SetPlan(ctx, nobody, qlp.Plan{}) },
		"SetNeeds":  func(ctx context.Context, tx store.Tx) error { return tx.SetNeeds(ctx, nobody, "model") },
		"UpdateRun": func(ctx context.Context, tx store.Tx) error { return tx.UpdateRun(ctx, qlp.Run{ID: nobody}) },
		"MoveTask": func(ctx context.Context, tx store.Tx) error {
			return tx.MoveTask(ctx, run.ID, "x", qlp.TaskPending, qlp.TaskReady, "")
		},
		"SetTaskTree": func(ctx context.Context, tx store.Tx) error { return tx.SetTaskTree(ctx, run.ID, "x", nil) },
		"BeginAttempt": func(ctx context.Context, tx store.Tx) error {
			_, _, err := tx.BeginAttempt(ctx, qlp.Attempt{RunID: run.ID, TaskID: "x", Number: 1})
			return err
		},
		"Append": func(ctx context.Context, tx store.Tx) error {
			_, err := tx.Append(ctx, qlp.Event{IntentID: nobody, Type: "x"})
			return err
		},
	} {
		err := st.Tx(t.Context(), func(tx store.Tx) error { return fn(t.Context(), tx) })
		if qlp.CodeOf(err) != qlp.NotFound {
			t.Errorf("%s: %v, want not_found", name, err)
		}
	}
}
