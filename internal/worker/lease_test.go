package worker_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/postgres"
	"github.com/quantumlayer/qlp/internal/store/postgres/pgtest"
	"github.com/quantumlayer/qlp/internal/worker"
)

// replica is the life of another worker on the database: it says which job it begins, by which name, and when its context ended.
func replica(t *testing.T, address string) {
	st, err := postgres.Open(t.Context(), address, postgres.Config{Conns: 4})
	if err != nil {
		t.Fatal(err)
	}
	say := func(args ...any) { _, _ = fmt.Fprintln(os.Stdout, args...) } // to the parent
	var w *worker.Worker
	e := &engine{do: func(ctx context.Context, job store.Job) error {
		say("begun", job.TaskID, w.ID())
		<-ctx.Done()
		say("dropped", job.TaskID)
		return nil // as if it had been done after all
	}}
	if w, err = worker.New(st.Queue, e, slog.New(slog.DiscardHandler), worker.Config{}); err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	say("ready")
	select {} // up to the kill
}

// other starts a replica as a process of its own, and returns it with what reads the next line that begins with a word.
func other(t *testing.T, test, address string) (*exec.Cmd, func(word string) string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$")
	child.Env = append(os.Environ(), "QLP_TEST_REPLICA="+address)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = child.Process.Kill()
		_, _ = io.Copy(io.Discard, out)
		_ = child.Wait()
	})
	lines := bufio.NewScanner(out)
	return child, func(word string) string {
		t.Helper()
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), word); ok {
				return strings.TrimSpace(rest)
			}
		}
		t.Fatalf("the other process ended before it said %s", word)
		return ""
	}
}

// here starts a worker in this process that says which jobs it begins, and holds each until it is let go.
func here(t *testing.T, address string) (st *postgres.Store, w *worker.Worker, begun chan store.Job, letGo chan struct{}) {
	t.Helper()
	st, err := postgres.Open(t.Context(), address, postgres.Config{Conns: 6})
	if err != nil {
		t.Fatal(err)
	}
	begun, letGo = make(chan store.Job, 10), make(chan struct{})
	e := &engine{do: func(ctx context.Context, job store.Job) error {
		begun <- job
		select {
		case <-letGo:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	if w, err = worker.New(st.Queue, e, slog.New(slog.DiscardHandler), worker.Config{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st, w, begun, letGo
}

// TestDeadWorkerIsTakenOver kills -9 a worker in the middle of a job: within 15 s another one runs it.
func TestDeadWorkerIsTakenOver(t *testing.T) {
	t.Parallel()
	if address := os.Getenv("QLP_TEST_REPLICA"); address != "" {
		replica(t, address)
	}
	address := pgtest.Database(t, "")
	st, w, begun, letGo := here(t, address)
	close(letGo)
	child, next := other(t, t.Name(), address)
	next("ready")
	enqueue(t, st, task(1))
	next("begun")
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case job := <-begun:
		t.Fatalf("%+v was taken from a worker that is alive", job)
	case <-time.After(5 * time.Second): // two beats
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	select {
	case <-begun:
		t.Logf("taken over after %s", time.Since(killed).Round(time.Millisecond))
		if late := time.Since(killed); late > 15*time.Second {
			t.Errorf("taken over after %s", late)
		}
	case <-time.After(time.Minute):
		t.Fatal("nobody took it over")
	}
	eventually(t, "the job to be done", func() bool { state, _ := jobOf(t, address); return state == "completed" })
}

// TestFrozenWorkerIsFenced stops a worker for longer than its lease and wakes it: it drops the job that another one runs now,
// what it says about it counts for nothing, and it works again under another name.
func TestFrozenWorkerIsFenced(t *testing.T) {
	t.Parallel()
	if address := os.Getenv("QLP_TEST_REPLICA"); address != "" {
		replica(t, address)
	}
	address := pgtest.Database(t, "")
	st, w, begun, letGo := here(t, address)
	child, next := other(t, t.Name(), address)
	next("ready")
	enqueue(t, st, task(1))
	first := next("begun")
	if err := child.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-begun:
	case <-time.After(time.Minute):
		t.Fatal("nobody took the job over")
	}
	if err := child.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	next("dropped")            // and says that it is done
	for n := 2; n <= 10; n++ { // more than this process's worker has room for
		enqueue(t, st, task(n))
	}
	again := next("begun")
	if strings.Fields(first)[1] == strings.Fields(again)[1] {
		t.Error("it works under the same name")
	}
	if state, by := jobOf(t, address); state != "running" || by != w.ID() {
		t.Errorf("the job is %s by %s, and %s runs it", state, by, w.ID())
	}
	close(letGo)
	eventually(t, "the job to be done", func() bool { state, _ := jobOf(t, address); return state == "completed" })
}

// jobOf returns the state of the first job, and who ran it last.
func jobOf(t *testing.T, address string) (state, by string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	err = conn.QueryRow(t.Context(), "SELECT state, attempted_by[array_upper(attempted_by, 1)] FROM river_job ORDER BY id LIMIT 1").Scan(&state, &by)
	if err != nil {
		t.Fatal(err)
	}
	return state, by
}

// TestStoppedWorkerHandsOver: what is cut off by the end of the grace is available at once, not after a lease.
func TestStoppedWorkerHandsOver(t *testing.T) {
	t.Parallel()
	address := pgtest.Database(t, "")
	st, err := postgres.Open(t.Context(), address, postgres.Config{Conns: 6})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	began := make(chan struct{}, 1)
	stuck := &engine{do: func(ctx context.Context, _ store.Job) error { began <- struct{}{}; <-ctx.Done(); return ctx.Err() }}
	leaving, err := worker.New(st.Queue, stuck, slog.New(slog.DiscardHandler), worker.Config{Grace: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := leaving.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	enqueue(t, st, task(1))
	<-began
	staying, w, begun, letGo := here(t, address)
	_ = staying
	close(letGo)
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := leaving.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	stopped := time.Now()
	select {
	case <-begun:
		if late := time.Since(stopped); late > 5*time.Second {
			t.Errorf("handed over after %s", late)
		}
	case <-time.After(time.Minute):
		t.Fatal("nobody took it over")
	}
}
