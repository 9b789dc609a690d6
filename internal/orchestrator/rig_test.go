package orchestrator_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/blob/file"
	"github.com/quantumlayer/qlp/internal/capsule"
	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/interpreter/grammar"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/planner"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/reviewer"
	"github.com/quantumlayer/qlp/internal/stack"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
	"github.com/quantumlayer/qlp/internal/validator"
	"github.com/quantumlayer/qlp/internal/worker"
)

const notes = "a Python API for notes with a title and an optional body text"

// rig is an engine over a real database, real blobs, the real interpreter, planner and packer, and a real queue. The
// generator and the validator are the test's: what the engine does with their answers is what is shown here.
type rig struct {
	*orchestrator.Engine
	t      *testing.T
	dir    string
	sqlite *sqlite.Store
	store  store.Store // what the engine sees
	blobs  blob.Store
	worker *worker.Worker

	interpreters map[string]interpreter.Interpreter
	planners     map[string]orchestrator.Planner
	generators   map[string]generator.Generator
	providers    func(qlp.Settings) error
	reviewer     reviewer.Reviewer
	spending     func(context.Context, store.Reader, qlp.Intent) (*qlp.RunSpending, error)
	judge        *judge
	config       orchestrator.Config
	wrap         func(store.Store) store.Store

	mu    sync.Mutex
	clock func() time.Time
}

func newRig(t *testing.T, set ...func(*rig)) *rig {
	t.Helper()
	r := &rig{
		t: t, dir: t.TempDir(), judge: &judge{}, generators: map[string]generator.Generator{"offline": tiny{}},
		interpreters: map[string]interpreter.Interpreter{"offline": grammar.New()},
		planners:     map[string]orchestrator.Planner{"offline": orchestrator.PlanOffline(planner.Plan)},
		clock:        func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
	}
	for _, s := range set {
		s(r)
	}
	if err := os.WriteFile(filepath.Join(r.dir, "qlp.db"), migrated(t), 0o600); err != nil {
		t.Fatal(err)
	}
	r.open()
	t.Cleanup(r.close)
	return r
}

var empty struct {
	once sync.Once
	file []byte
	err  error
}

// migrated returns an empty database, whose schema is made once for all tests.
func migrated(t *testing.T) []byte {
	t.Helper()
	empty.once.Do(func() {
		dir := t.TempDir()
		st, err := sqlite.Open(t.Context(), filepath.Join(dir, "qlp.db"), sqlite.Config{})
		if err == nil {
			err = st.Close()
		}
		if err == nil {
			empty.file, err = os.ReadFile(filepath.Join(dir, "qlp.db"))
		}
		empty.err = err
	})
	if empty.err != nil {
		t.Fatal(empty.err)
	}
	return empty.file
}

func (r *rig) open() {
	r.t.Helper()
	var err error
	if r.sqlite, err = sqlite.Open(r.t.Context(), filepath.Join(r.dir, "qlp.db"), sqlite.Config{}); err != nil {
		r.t.Fatal(err)
	}
	if r.blobs, err = file.Open(filepath.Join(r.dir, "blobs"), file.Config{}); err != nil {
		r.t.Fatal(err)
	}
	r.store = r.sqlite
	if r.wrap != nil {
		r.store = r.wrap(r.sqlite)
	}
	ids := 0
	var mu sync.Mutex
	prefix := fmt.Sprint(time.Now().UnixNano())
	r.Engine = orchestrator.New(orchestrator.Deps{
		Store: r.store, Blobs: r.blobs, Stack: stack.Find,
		Interpreters: r.interpreters, Planners: r.planners, Providers: r.providers, Reviewer: r.reviewer, Spending: r.spending,
		Generators: r.generators, Validator: r.judge, Packer: packer{capsule.NewKeyring(filepath.Join(r.dir, "keys"))},
		Clock: r.now, Log: slog.New(slog.DiscardHandler),
		NewID: func() string { mu.Lock(); defer mu.Unlock(); ids++; return fmt.Sprintf("%s-%04d", prefix, ids) },
	}, r.config)
	r.worker, err = worker.New(r.sqlite.Queue, r.Engine, slog.New(slog.DiscardHandler), worker.Config{
		Grace: time.Millisecond, Delays: []time.Duration{time.Millisecond, 5 * time.Millisecond},
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.clock()
}

func (r *rig) setClock(clock func() time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock = clock
}

// start resumes and works.
func (r *rig) start() {
	r.t.Helper()
	if err := r.Resume(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	if err := r.worker.Start(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// close ends the process, as far as that can be done without a process of its own; a test of the whole program kills it.
func (r *rig) close() {
	ctx := context.Background()
	if err := r.worker.Stop(ctx); err != nil {
		r.t.Error(err)
	}
	if err := r.sqlite.Close(); err != nil {
		r.t.Error(err)
	}
	if err := r.blobs.Close(); err != nil {
		r.t.Error(err)
	}
}

func (r *rig) submit(req orchestrator.Request) qlp.Intent {
	r.t.Helper()
	if req.Words == "" && req.Spec == nil {
		req.Words = notes
	}
	in, err := r.Submit(r.t.Context(), req)
	if err != nil {
		r.t.Fatal(err)
	}
	return in
}

func (r *rig) intent(id string) qlp.Intent {
	r.t.Helper()
	var in qlp.Intent
	err := r.sqlite.Read(r.t.Context(), func(tx store.Reader) (err error) {
		in, err = tx.Intent(r.t.Context(), id)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return in
}

func (r *rig) attempts(in qlp.Intent) []qlp.Attempt {
	r.t.Helper()
	var list []qlp.Attempt
	err := r.sqlite.Read(r.t.Context(), func(tx store.Reader) (err error) {
		list, err = tx.Attempts(r.t.Context(), in.Run.ID, "")
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

func (r *rig) events(id string) []qlp.Event {
	r.t.Helper()
	var list []qlp.Event
	err := r.sqlite.Read(r.t.Context(), func(tx store.Reader) (err error) {
		list, err = tx.Events(r.t.Context(), id, 0, 1000)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// wait reads the intent again after each change, until it is as ok wants it.
func (r *rig) wait(id, what string, ok func(qlp.Intent) bool) qlp.Intent {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 2*time.Minute) // the race detector, on a machine that is busy
	defer cancel()
	for {
		changed := r.sqlite.Changed(id)
		in := r.intent(id)
		if ok(in) {
			return in
		}
		select {
		case <-changed:
		case <-ctx.Done():
			r.t.Fatalf("no %s: the intent is %s (%s)", what, in.State, in.Reason)
		}
	}
}

// end waits until the intent is over, and checks what holds of every end.
func (r *rig) end(id string, want qlp.State) qlp.Intent {
	r.t.Helper()
	in := r.wait(id, "end", func(in qlp.Intent) bool { return in.State.Over() })
	if in.State != want {
		r.t.Errorf("the intent is %s (%s), want %s", in.State, in.Reason, want)
	}
	r.history(in)
	return in
}

// history checks the events: without holes, one end for each run, and the end last.
func (r *rig) history(in qlp.Intent) {
	r.t.Helper()
	events := r.events(in.ID)
	runs, ends := 0, 0
	for i, e := range events {
		if e.Seq != int64(i)+1 {
			r.t.Errorf("event %d has number %d", i+1, e.Seq)
		}
		switch e.Type {
		case qlp.EventRunStarted:
			runs++
		case qlp.EventRunFinished:
			ends++
		}
	}
	if last := events[len(events)-1]; last.Type != qlp.EventRunFinished || ends != max(runs, 1) {
		r.t.Errorf("%d runs with %d ends; the last event is %s", runs, ends, last.Type)
	}
	if in.Run == nil {
		return
	}
	for _, t := range in.Run.Tasks {
		if t.State != qlp.TaskDone && t.State != qlp.TaskFailed && t.State != qlp.TaskCanceled {
			r.t.Errorf("task %s is %s after the end", t.TaskID, t.State)
		}
	}
	seen := map[string]bool{}
	for _, a := range r.attempts(in) {
		key := fmt.Sprint(a.TaskID, a.Number)
		if seen[key] || a.State == qlp.AttemptRunning {
			r.t.Errorf("attempt %s is %s, doubled: %v", key, a.State, seen[key])
		}
		seen[key] = true
	}
}

type packer struct{ keys capsule.Keyring }

func (p packer) Pack(_ context.Context, in capsule.Input) ([]byte, error) {
	key, err := p.keys.Signing()
	if err != nil {
		return nil, err
	}
	return capsule.Pack(in, key)
}

// tiny writes one short file into each place that a task owns.
type tiny struct{}

func (tiny) Name() string { return "offline" }

func (tiny) Generate(_ context.Context, req generator.Request) ([]qlp.File, error) {
	var files []qlp.File
	for _, place := range req.Task.Owns {
		path := place
		if path[len(path)-1] == '/' {
			path += "part.txt"
		}
		files = append(files, qlp.File{Path: path, Content: []byte("attempt at " + place + "\n")})
	}
	return files, nil
}

// judge is a validator that answers as the test says; without words of the test everything passes.
type judge struct {
	syntax   func(files []qlp.File) string                                     // why it fails
	validate func(ctx context.Context, n int, s validator.Subject) []qlp.Check // n counts from 1
	report   func(*validator.Report)
	tookMS   int64

	mu    sync.Mutex
	calls int
}

func (j *judge) Syntax(_ context.Context, _ qlp.Stack, files []qlp.File) ([]qlp.Check, error) {
	ev := qlp.FromReading(qlp.DigestJSON(files))
	if j.syntax != nil {
		if reason := j.syntax(files); reason != "" {
			return []qlp.Check{qlp.Fail(qlp.LayerSyntax, "content", ev, reason)}, nil
		}
	}
	return []qlp.Check{qlp.Pass(qlp.LayerSyntax, "content", ev)}, nil
}

func (j *judge) Validate(ctx context.Context, s validator.Subject, progress func(qlp.Check)) (validator.Report, error) {
	j.mu.Lock()
	j.calls++
	n := j.calls
	j.mu.Unlock()
	checks := passed(s)
	if j.validate != nil {
		checks = j.validate(ctx, n, s)
	}
	if ctx.Err() != nil {
		return validator.Report{}, context.Cause(ctx)
	}
	for _, c := range checks {
		progress(c)
	}
	report := validator.Report{Checks: checks, SandboxMS: j.tookMS, Toolchain: map[string]string{"python3": "3.11.2"}}
	if j.report != nil {
		j.report(&report)
	}
	return report, nil
}

func (j *judge) count() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.calls
}

func passed(s validator.Subject) []qlp.Check {
	c := qlp.Pass(qlp.LayerSyntax, "content", qlp.FromReading(qlp.DigestJSON(s.Files)))
	c.Required = true
	return []qlp.Check{c}
}

// failed is a required check that failed in path.
func failed(s validator.Subject, path, message string) []qlp.Check {
	c := qlp.Fail(qlp.LayerBuild, "py-import", qlp.FromReading(qlp.DigestJSON(s.Files)), "does not import",
		qlp.Finding{Path: path, Line: 1, Severity: "error", Rule: "import", Message: message})
	c.Required = true
	return append(passed(s), c)
}
