package e2e

import (
	"context"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/client"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// The kill test: processes die at random moments of runs, and nothing is lost. Chains are independent data folders that
// run side by side; each is killed so many times before its intents may finish in peace.
const (
	killChains    = 2
	killsPerChain = 32
	intentsAtOnce = 2
)

// TestKillAtRandomPoints kills the server with SIGKILL at random points of runs and starts it again. In the end every
// intent is over once, with the right verdict, no attempt or event is doubled, and nothing is left behind.
func TestKillAtRandomPoints(t *testing.T) {
	t.Parallel()
	for chain := range killChains {
		t.Run(strconv.Itoa(chain), func(t *testing.T) {
			t.Parallel()
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			k := &killer{t: t, data: t.TempDir(), tmp: t.TempDir(), random: rand.New(rand.NewPCG(seed, 0))}
			k.play()
		})
	}
}

type killer struct {
	t         *testing.T
	data, tmp string
	random    *rand.Rand
	intents   []string // all that were handed in
	kills     int
}

func (k *killer) play() {
	words := []string{clinicPython, "a Python API for notes with a title and an optional body text"}
	for k.kills < killsPerChain {
		s := startServer(k.t, k.data, "TMPDIR="+k.tmp)
		for len(k.unfinished(s)) < intentsAtOnce {
			in, err := s.Create(k.t.Context(), client.NewIntent{Words: words[len(k.intents)%len(words)]}, "key-"+strconv.Itoa(len(k.intents)))
			if err != nil {
				k.t.Fatalf("after %d kills: %v\n%s", k.kills, err, s.stderr)
			}
			k.intents = append(k.intents, in.ID)
		}
		<-time.After(time.Duration(k.random.Int64N(int64(1500 * time.Millisecond)))) // the random moment
		s.kill()
		k.kills++
	}
	s := startServer(k.t, k.data, "TMPDIR="+k.tmp)
	for _, id := range k.intents {
		k.finish(s, id)
	}
	k.t.Logf("%d kills over %d intents", k.kills, len(k.intents))
	if code := s.stop(k.t); code != 0 {
		k.t.Errorf("the last server ended with %d\n%s", code, s.stderr)
	}
	k.nothingLeft()
}

func (k *killer) unfinished(s *server) []string {
	k.t.Helper()
	var ids []string
	for _, id := range k.intents {
		in, err := s.Get(k.t.Context(), id)
		if err != nil {
			k.t.Fatalf("intent %s after %d kills: %v", id, k.kills, err)
		}
		if !in.State.Over() {
			ids = append(ids, id)
		}
	}
	return ids
}

// finish waits for the intent's end and holds its history against what must be true of it.
func (k *killer) finish(s *server, id string) {
	t := k.t
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var seq int64
	ends := 0
	for e, err := range s.Events(ctx, id, 0) {
		if err != nil {
			t.Fatalf("intent %s does not end: %v\n%s", id, err, s.stderr)
		}
		if seq++; e.Seq != seq {
			t.Fatalf("intent %s: event %d where %d should be", id, e.Seq, seq)
		}
		if e.Type == qlp.EventRunFinished {
			ends++
			break
		}
	}
	in, err := s.Get(ctx, id)
	if err != nil || in.State != qlp.StateVerified || ends != 1 {
		t.Fatalf("intent %s: state %s (%s), %d ends, %v", id, in.State, in.Reason, ends, err)
	}
	attempts, err := s.Attempts(ctx, in.Run.ID)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, a := range attempts {
		key := a.TaskID + "/" + strconv.Itoa(a.Number)
		if seen[key] || a.Number != 1 || a.State != qlp.AttemptGood {
			t.Errorf("intent %s: attempt %s is doubled, repeated or %s", id, key, a.State)
		}
		seen[key] = true
	}
	if len(attempts) != len(in.Plan.Tasks) {
		t.Errorf("intent %s: %d attempts for %d tasks", id, len(attempts), len(in.Plan.Tasks))
	}
	capsule, err := s.Capsule(ctx, in.Run.ID)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "c.qlcapsule")
	if err := os.WriteFile(path, capsule, 0o600); err != nil {
		t.Fatal(err)
	}
	if o := qlpRun(t, k.data, "capsule", "verify", path); o.code != 0 {
		t.Errorf("intent %s: its capsule does not verify: %s", id, o.stdout)
	}
}

// nothingLeft looks for what the killed processes could have left behind.
func (k *killer) nothingLeft() {
	t := k.t
	t.Helper()
	// Whatever the servers started carries their data folder in its environment or command line.
	procs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range procs {
		for _, file := range []string{"cmdline", "environ"} {
			b, err := os.ReadFile(filepath.Join(p, file))
			if err == nil && strings.Contains(string(b), k.data) && filepath.Base(p) != strconv.Itoa(os.Getpid()) {
				t.Errorf("a process is left: %s %q", p, b)
			}
		}
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Error(err)
	}
	for m := range strings.Lines(string(mounts)) {
		if strings.Contains(m, "qlp") && !strings.Contains(m, "/qlp-chaos-") { // the disk of the chaos test, which may run beside this one
			t.Errorf("a mount is left: %s", m)
		}
	}
	left := 0
	err = filepath.WalkDir(k.tmp, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && path != k.tmp {
			left++
			t.Errorf("a temporary file is left: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
