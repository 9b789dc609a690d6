package sqlite_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
)

// TestKillLosesNothing kills -9 a writer again and again, each time a bit later in its work: every event that it told of
// after its commit is there, with its job, in its place, and nothing is half.
func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	if path := os.Getenv("QLP_TEST_WRITER"); path != "" {
		st := open(t, path, sqlite.Config{})
		for i := 0; ; i++ {
			var seq int64
			err := st.Tx(t.Context(), func(tx store.Tx) error {
				evs, err := tx.Append(t.Context(), qlp.Event{IntentID: "one", Type: qlp.EventTaskState, Data: []byte(strings.Repeat("7", 2000))})
				if err != nil {
					return err
				}
				seq = evs[0].Seq
				return tx.Enqueue(t.Context(), store.Job{Kind: store.JobTask, IntentID: "one", Attempt: int(seq)})
			})
			if err != nil {
				t.Fatal(err)
			}
			_, _ = fmt.Fprintln(os.Stdout, "told", seq) // to the parent
		}
	}
	path := filepath.Join(t.TempDir(), "qlp.db")
	st := open(t, path, sqlite.Config{})
	addOne(t, st)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	for round := range 5 {
		told := killWriter(t, path, 20+37*round)
		st := open(t, path, sqlite.Config{}) // reads the whole file, and refuses a damaged one
		jobs, err := st.Queue.Waiting(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		err = st.Read(t.Context(), func(r store.Reader) error {
			evs, err := r.Events(t.Context(), "one", 0, 10_000)
			if int64(len(evs)) < told || len(jobs) != len(evs) {
				t.Errorf("round %d: %d events, %d jobs, and %d were told of", round, len(evs), len(jobs), told)
			}
			for i, ev := range evs {
				if ev.Seq != int64(i+1) || jobs[i].Attempt != i+1 {
					t.Fatalf("round %d: event %d and job %d stand in place %d", round, ev.Seq, jobs[i].Attempt, i+1)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killWriter lets a child write, kills it after n commits, and returns the last number that it told of.
func killWriter(t *testing.T, path string, n int) (last int64) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKillLosesNothing$")
	child.Env = append(os.Environ(), "QLP_TEST_WRITER="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	commits := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var seq int64
		if got, _ := fmt.Sscanf(lines.Text(), "told %d", &seq); got == 1 {
			last = seq
			if commits++; commits == n {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	_ = child.Wait()
	if commits < n {
		t.Fatalf("the child ended by itself after %d commits", commits)
	}
	return last
}
