package worker_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
	"github.com/quantumlayer/qlp/internal/worker"
)

// killed is the life of the process that will be killed: it begins the attempt, says so, and hangs in the middle of it.
func killed(t *testing.T, path string) {
	st, err := sqlite.Open(t.Context(), path, sqlite.Config{})
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{do: func(ctx context.Context, job store.Job) error {
		if _, err := attempt(ctx, st, job); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(os.Stdout, "begun", job.TaskID) // to the parent
		<-ctx.Done()
		return ctx.Err()
	}}
	w, err := worker.New(st.Queue, e, slog.New(slog.DiscardHandler), worker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {} // up to the kill
}

func attempt(ctx context.Context, st store.Store, job store.Job) (began bool, err error) {
	err = st.Tx(ctx, func(tx store.Tx) error {
		_, began, err = tx.BeginAttempt(ctx, qlp.Attempt{RunID: job.RunID, TaskID: job.TaskID, Number: job.Attempt})
		return err
	})
	return began, err
}

// TestKilledProcessIsTakenOver kills -9 a process in the middle of two jobs, with a third one waiting, and starts another
// one: all three run at once, each is completed exactly once, and nothing else runs.
func TestKilledProcessIsTakenOver(t *testing.T) {
	t.Parallel()
	if path := os.Getenv("QLP_TEST_KILLED"); path != "" {
		killed(t, path)
	}
	path := filepath.Join(t.TempDir(), "qlp.db")
	jobs := seed(t, path)

	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledProcessIsTakenOver$")
	child.Env = append(os.Environ(), "QLP_TEST_KILLED="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	begun := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "begun") {
			if begun++; begun == len(jobs) {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	_ = child.Wait()
	if begun != len(jobs) {
		t.Fatalf("the child began %d jobs", begun)
	}

	st, err := sqlite.Open(t.Context(), path, sqlite.Config{}) // the lock went with the process
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	last := store.Job{Kind: store.JobPack, IntentID: "i", RunID: "r"}
	e := &engine{do: func(ctx context.Context, job store.Job) error {
		if job == last {
			return nil
		}
		began, err := attempt(ctx, st, job)
		if began {
			t.Errorf("%s: the attempt was begun a second time", job.TaskID)
		}
		if err != nil {
			return err
		}
		return st.Tx(ctx, func(tx store.Tx) error {
			a := qlp.Attempt{RunID: job.RunID, TaskID: job.TaskID, Number: job.Attempt, State: qlp.AttemptGood}
			if err := tx.EndAttempt(ctx, a); err != nil {
				return err
			}
			_, err := tx.Append(ctx, qlp.Event{IntentID: job.IntentID, Type: qlp.EventAttemptFinished, TaskID: job.TaskID})
			return err
		})
	}}
	started := time.Now()
	start(t, st, e, worker.Config{})
	eventually(t, "the jobs to run again", func() bool { return len(e.seen()) >= len(jobs) })
	for _, c := range e.seen() {
		if late := c.at.Sub(started); late > time.Second {
			t.Errorf("%s was taken over after %s", c.job.TaskID, late)
		}
	}
	eventually(t, "the attempts to end", func() bool {
		ended := 0
		err := st.Read(t.Context(), func(r store.Reader) error {
			evs, err := r.Events(t.Context(), "i", 0, 10)
			ended = len(evs)
			return err
		})
		return err == nil && ended >= len(jobs)
	})
	// Another start takes over nothing, and one more job shows that the queue had nothing else to do.
	enqueue(t, st, last)
	eventually(t, "the last job", func() bool { c := e.seen(); return c[len(c)-1].job == last })
	if got := e.seen(); len(got) != len(jobs)+1 {
		t.Errorf("calls: %+v", got)
	}
	err = st.Read(t.Context(), func(r store.Reader) error {
		list, err := r.Attempts(t.Context(), "r", "")
		for _, a := range list {
			if a.State != qlp.AttemptGood {
				t.Errorf("attempt %d of %s is %s", a.Number, a.TaskID, a.State)
			}
		}
		evs, everr := r.Events(t.Context(), "i", 0, 10)
		if len(list) != len(jobs) || len(evs) != len(jobs) || everr != nil {
			t.Errorf("%d attempts, %d events, %v; want %d", len(list), len(evs), everr, len(jobs))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// seed makes a database with an intent, its run, and a job for each of its tasks.
func seed(t *testing.T, path string) (jobs []store.Job) {
	t.Helper()
	st, err := sqlite.Open(t.Context(), path, sqlite.Config{})
	if err != nil {
		t.Fatal(err)
	}
	err = st.Tx(t.Context(), func(tx store.Tx) error {
		if err := tx.InsertIntent(t.Context(), qlp.Intent{ID: "i", Words: "w"}, "", ""); err != nil {
			return err
		}
		run := qlp.Run{ID: "r", IntentID: "i", Number: 1}
		for _, id := range []string{"domain", "storage", "wiring"} {
			run.Tasks = append(run.Tasks, qlp.TaskRun{TaskID: id, State: qlp.TaskRunning})
			jobs = append(jobs, store.Job{Kind: store.JobTask, IntentID: "i", RunID: "r", TaskID: id, Attempt: 1})
		}
		return tx.InsertRun(t.Context(), run)
	})
	if err != nil {
		t.Fatal(err)
	}
	enqueue(t, st, jobs...)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	return jobs
}

// TestJobThatKillsItsProcess is given up after a number of lives, instead of killing every process that starts.
func TestJobThatKillsItsProcess(t *testing.T) {
	t.Parallel()
	st := open(t)
	enqueue(t, st, task(1))
	for life := 0; ; life++ {
		if life > 20 {
			t.Fatal("it was never given up")
		}
		begun := make(chan struct{}, 1)
		e := &engine{do: func(ctx context.Context, _ store.Job) error { begun <- struct{}{}; <-ctx.Done(); return ctx.Err() }}
		e.abandon = func(context.Context, store.Job, error) error { begun <- struct{}{}; return nil }
		w, err := worker.New(st.Queue, e, slog.New(slog.DiscardHandler), worker.Config{Grace: time.Millisecond, Kills: 5})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-begun
		if c := e.seen(); c[0].method == "abandon" {
			if life < 5 || !strings.Contains(c[0].cause, "times in the middle of this task job") {
				t.Errorf("given up in life %d because: %s", life, c[0].cause)
			}
			if err := w.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			return
		}
		// What a kill leaves behind: the job is running and nobody runs it. A new River client finds it so.
		if _, err := st.Queue.Reclaim(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
