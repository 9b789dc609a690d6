package chaos

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// quiet is a play without a fault, which has ended. The tests break copies of what it left.
type quiet struct {
	stage  *stage
	report Report
	facts  Facts
}

func playQuietly(t *testing.T) quiet {
	t.Helper()
	dishes, err := menu(recordingsFolder(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Binary: binary, Work: workFolder(t), Recordings: recordingsFolder(t), Intents: 8, Settle: 2 * time.Minute, Progress: t.Output()}.WithDefaults()
	for cfg.Seed = 1; ; cfg.Seed++ { // until every dish is ordered
		ordered := map[string]bool{}
		for n := range cfg.Intents {
			ordered[take(dishes, cfg.Seed, n).dish.name] = true
		}
		if len(ordered) == len(dishes) {
			break
		}
	}
	s, err := set(t.Context(), cfg)
	t.Cleanup(func() {
		if err := s.strike(context.Background(), !t.Failed()); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	q := quiet{stage: s, report: Report{Config: cfg, Started: time.Now()}}
	if err := s.perform(t.Context(), &q.report); err != nil {
		t.Fatal(err)
	}
	db, err := s.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if q.facts, err = ReadFacts(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return q
}

// victim is an intent of a dish, with the run that it has.
func (q quiet) victim(t *testing.T, dish string) (intent Intent, run Run) {
	t.Helper()
	for _, g := range q.report.Guests {
		if g.Dish != dish {
			continue
		}
		for _, in := range q.facts.Intents {
			if in.Key == g.Key {
				at := slices.IndexFunc(q.facts.Runs, func(r Run) bool { return r.IntentID == in.ID })
				if at >= 0 {
					run = q.facts.Runs[at]
				}
				return in, run
			}
		}
	}
	t.Fatalf("no intent of the dish %q", dish)
	return intent, run
}

// copied is the stage with a copy of everything that it left.
func (q quiet) copied(t *testing.T) *stage {
	t.Helper()
	work := workFolder(t)
	s := &stage{cfg: q.stage.cfg, fleet: newFleet(nil), tmp: filepath.Join(work, "tmp"), shared: filepath.Join(work, "disk", "data"), owners: q.stage.owners}
	s.cfg.Work, s.cfg.Reruns, s.data = work, 0, []string{s.shared}
	for _, dir := range []string{s.tmp, filepath.Join(work, "run"), filepath.Join(work, "logs"), filepath.Dir(s.shared)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for to, from := range map[string]string{s.shared: q.stage.shared, filepath.Join(work, "logs"): filepath.Join(q.stage.cfg.Work, "logs")} {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	for _, secret := range []string{"keys", "token"} { // the product refuses keys that others may read
		err := filepath.WalkDir(filepath.Join(s.shared, secret), func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				err = os.Chmod(path, 0o600)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	s.env = []string{"TMPDIR=" + s.tmp, "XDG_RUNTIME_DIR=" + filepath.Join(work, "run"), "QLP_DATABASE_URL=", "QLP_SHARED=", "QLP_STOP_GRACE=5s"}
	s.add(0, s.shared, s.env)
	t.Cleanup(s.fleet.close)
	return s
}

// execute changes the database of a copy.
func execute(t *testing.T, s *stage, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.data[0], "qlp.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range statements {
		result, err := db.ExecContext(t.Context(), statement)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 && !strings.HasPrefix(statement, "DROP") && !strings.HasPrefix(statement, "CREATE") && !strings.HasPrefix(statement, "ALTER") {
			t.Fatalf("%s: changed nothing: %v", statement, err)
		}
	}
}

// loosen takes a table's key away, which would refuse what must be broken. What the harness reads must not rest on it.
func loosen(t *testing.T, s *stage, table, key string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.data[0], "qlp.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var made string
	if err := db.QueryRowContext(t.Context(), `SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?`, table).Scan(&made); err != nil {
		t.Fatal(err)
	}
	loose := strings.Replace(strings.Replace(made, key, "", 1), "TABLE "+table, "TABLE loose", 1)
	if loose == made || !strings.Contains(made, key) {
		t.Fatalf("the table %s has no %s: %s", table, key, made)
	}
	for _, statement := range []string{loose, "INSERT INTO loose SELECT * FROM " + table, "DROP TABLE " + table, "PRAGMA legacy_alter_table = ON", "ALTER TABLE loose RENAME TO " + table} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// audited has a copy audited by everything that a play is audited by.
func (q quiet) audited(t *testing.T, s *stage) []Violation {
	t.Helper()
	r := q.report
	r.Violations = nil
	if err := s.audit(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	return r.Violations
}

// written has what is written audited, without the commands and processes of the rest, which take time.
func (q quiet) written(t *testing.T, s *stage, change func(*Report)) []Violation {
	t.Helper()
	r := q.report
	r.Violations, r.Guests = nil, slices.Clone(q.report.Guests)
	if change != nil {
		change(&r)
	}
	if _, err := s.auditWritten(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	return r.Violations
}

// rulesOf are the rules that were broken, each once.
func rulesOf(list []Violation) []string {
	rules := []string{}
	for _, v := range list {
		rules = append(rules, v.Rule)
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// appended writes a copy of the first event of a type to an intent's events, as a step that takes effect a second time does.
func appended(intent Intent, where string) []string {
	return []string{
		fmt.Sprintf(`INSERT INTO events (intent_id, seq, type, at, run_id, task_id, attempt, data)
			SELECT intent_id, %d, type, at, run_id, task_id, attempt, data FROM events WHERE intent_id = '%s' AND %s ORDER BY seq LIMIT 1`, intent.LastSeq+1, intent.ID, where),
		fmt.Sprintf(`UPDATE intents SET last_seq = last_seq + 1 WHERE id = '%s'`, intent.ID),
	}
}

const (
	byModels = "by models, recorded"
	streams  = "WebSocket streams" // what was sent is not what is there any more
)

// TestAudit: what a quiet play leaves is good; each way of breaking it is found, under the rule that is meant, at the intent that is
// broken, and nothing else is.
func TestAudit(t *testing.T) {
	q := playQuietly(t)
	if found := q.audited(t, q.copied(t)); len(q.report.Violations)+len(found) > 0 {
		t.Fatalf("found in what is good: %v %v", q.report.Violations, found)
	}
	t.Run("database", q.inDatabase)
	t.Run("callers", q.inWhatCallersSaw)
	t.Run("files", q.inFiles)
	t.Run("machine", q.onMachine)
}

func (q quiet) inDatabase(t *testing.T) {
	py, run := q.victim(t, "python")
	asked, _ := q.victim(t, "a question")
	model, modelRun := q.victim(t, byModels)
	of := func(format string, in Intent, args ...any) []string {
		return []string{fmt.Sprintf(format, append(args, in.ID)...)}
	}
	for _, b := range []struct {
		name       string
		table, key string // a key that must go before
		do         []string
		want       []string
	}{
		{"a hole in the sequence", "", "", []string{
			fmt.Sprintf(`UPDATE events SET seq = seq + 100000 WHERE intent_id = '%s' AND seq > 4`, py.ID),
			fmt.Sprintf(`UPDATE events SET seq = seq - 99999 WHERE intent_id = '%s' AND seq > 4`, py.ID),
		}, []string{streams, "event sequences"}},
		{"an event is lost", "", "", of(`DELETE FROM events WHERE type = 'intent.needs_input' AND intent_id = '%s'`, asked), []string{streams, "event sequences"}},
		{"a number twice", "events", ",\n    PRIMARY KEY (intent_id, seq)", of(`INSERT INTO events SELECT * FROM events WHERE type = 'intent.needs_input' AND intent_id = '%s'`, asked), []string{streams, "event sequences"}},
		{"a number that is counted and not there", "", "", of(`UPDATE intents SET last_seq = last_seq + 1 WHERE id = '%s'`, py), []string{"event sequences"}},
		{"events of nobody", "", "", of(`INSERT INTO events SELECT 'nobody', 1, type, at, run_id, task_id, attempt, data FROM events WHERE seq = 1 AND intent_id = '%s'`, asked), []string{"event sequences"}},

		{"two ends", "", "", appended(py, `type = 'run.finished'`), []string{streams, "one terminal state"}},
		{"two capsules", "", "", appended(py, `type = 'capsule.ready'`), []string{streams, "one terminal state"}},
		{"the other terminal state", "", "", of(`UPDATE intents SET state = 'failed' WHERE id = '%s'`, py), []string{"moves", "one terminal state", "right end"}},
		{"no end", "", "", of(`UPDATE intents SET state = 'running' WHERE id = '%s'`, py), []string{"moves", "one terminal state", "right end"}},
		{"a run without an end", "", "", of(`UPDATE runs SET ended_at = NULL WHERE intent_id = '%s'`, py), []string{"one terminal state"}},
		{"a run's number is another", "", "", of(`UPDATE runs SET number = 2 WHERE intent_id = '%s'`, py), []string{"one terminal state"}},

		{"a spec twice", "", "", appended(py, `type = 'spec.ready'`), []string{streams, "steps told once"}},
		{"a plan twice", "", "", appended(py, `type = 'plan.ready'`), []string{streams, "steps told once"}},
		{"a run begun twice", "", "", appended(py, `type = 'run.started'`), []string{streams, "steps told once"}},
		{"a repair counted twice", "", "", of(`UPDATE runs SET repairs = repairs + 1 WHERE intent_id = '%s'`, py), []string{"steps told once"}},
		{"a move twice", "", "", appended(py, `type = 'task.state'`), []string{streams, "moves"}},
		{"a check twice", "", "", appended(py, `type = 'check.finished'`), []string{streams, "checks told once"}},
		{"a task that stands elsewhere", "", "", []string{fmt.Sprintf(`UPDATE run_tasks SET state = 'failed' WHERE run_id = '%s' AND position = 0`, run.ID)}, []string{"moves"}},

		{"an attempt doubled", "", "", []string{fmt.Sprintf(`INSERT INTO attempts SELECT run_id, task_id, number + 1, generator, state, reason, failure, checks, tree, started_at, ended_at
			FROM attempts WHERE run_id = '%s' LIMIT 1`, run.ID)}, []string{"attempts"}},
		{"an attempt under the same number", "attempts", "PRIMARY KEY (run_id, task_id, number),", []string{fmt.Sprintf(`INSERT INTO attempts SELECT * FROM attempts WHERE run_id = '%s' LIMIT 1`, run.ID)}, []string{"attempts"}},
		{"an attempt told of twice", "", "", appended(py, `type = 'attempt.finished'`), []string{streams, "attempts"}},
		{"an attempt without an end", "", "", []string{fmt.Sprintf(`UPDATE attempts SET state = 'running', ended_at = NULL
			WHERE (run_id, task_id, number) = (SELECT run_id, task_id, max(number) FROM attempts WHERE run_id = '%s' GROUP BY task_id LIMIT 1)`, run.ID)}, []string{"attempts"}},

		{"a call doubled", "", "", []string{doubledCall(t, q, model)}, []string{"ledger"}},
		{"a call told of twice", "", "", appended(model, `type = 'call.settled'`), []string{"ledger"}},
		{"a call that is open", "", "", []string{fmt.Sprintf(`UPDATE calls SET state = 'reserved' WHERE id = (SELECT max(id) FROM calls WHERE intent_id = '%s')`, model.ID)}, []string{"ledger"}},
		{"a sum that is counted twice", "", "", []string{fmt.Sprintf(`UPDATE spending SET tokens = tokens * 2 + 1 WHERE scope = 'run:%s'`, modelRun.ID)}, []string{"ledger"}},
		{"a reservation that was not given back", "", "", []string{fmt.Sprintf(`UPDATE spending SET reserved_calls = 1 WHERE scope = 'run:%s'`, modelRun.ID)}, []string{"ledger"}},

		{"a job that is left", "", "", []string{`UPDATE river_job SET state = 'running', finalized_at = NULL WHERE id = (SELECT max(id) FROM river_job)`}, []string{"queue"}},
		{"an intent that nobody handed in", "", "", of(`UPDATE intents SET idempotency_key = 'nobody' WHERE id = '%s'`, asked), []string{"idempotency"}},

		{"a tree is lost", "", "", []string{fmt.Sprintf(`UPDATE runs SET tree = 'sha256:%064d' WHERE id = '%s'`, 1, run.ID)}, []string{"blobs"}},
	} {
		t.Run(b.name, func(t *testing.T) {
			s := q.copied(t)
			if b.table != "" {
				loosen(t, s, b.table, b.key)
			}
			execute(t, s, b.do...)
			expect(t, q.written(t, s, nil), b.want...)
		})
	}
}

// doubledCall writes a call that was answered a second time, under another id.
func doubledCall(t *testing.T, q quiet, in Intent) string {
	t.Helper()
	db, err := q.stage.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	found, err := db.QueryContext(t.Context(), `SELECT name FROM pragma_table_info('calls') WHERE name <> 'id'`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	var columns []string
	for found.Next() {
		var c string
		if err := found.Scan(&c); err != nil {
			t.Fatal(err)
		}
		columns = append(columns, c)
	}
	list := strings.Join(columns, ", ")
	return fmt.Sprintf(`INSERT INTO calls (id, %s) SELECT id || '-2', %s FROM calls WHERE intent_id = '%s' AND state = 'settled' LIMIT 1`, list, list, in.ID)
}

// TestKeys: no two intents have one key, also where a database would hold them.
func TestKeys(t *testing.T) {
	f := Facts{}
	for _, id := range []string{"a", "b"} {
		f.Intents = append(f.Intents, Intent{ID: id, Key: "one", State: qlp.StateFailed})
	}
	for _, v := range AuditFacts(f) {
		if v.Rule == "idempotency keys" && v.Subject == "b" {
			return
		}
	}
	t.Error("one key of two intents is not found")
}

// expect holds what was found against the rules that must be found broken.
func expect(t *testing.T, found []Violation, want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), rulesOf(found)); diff != "" {
		t.Errorf("the rules found broken (-want +got):\n%s%v", diff, found)
	}
}

func (q quiet) inWhatCallersSaw(t *testing.T) {
	py, _ := q.victim(t, "python")
	guest := func(r *Report) *Guest {
		return &r.Guests[slices.IndexFunc(r.Guests, func(g Guest) bool { return g.Key == py.Key })]
	}
	for _, b := range []struct {
		name   string
		change func(*Report)
		want   string
	}{
		{"two ids for one key", func(r *Report) { g := guest(r); g.Told = append(slices.Clone(g.Told), "another") }, "idempotency"},
		{"an event sent twice", func(r *Report) { g := guest(r); g.Seen = slices.Insert(slices.Clone(g.Seen), 3, g.Seen[2]) }, streams},
		{"an event not sent", func(r *Report) { g := guest(r); g.Seen = slices.Delete(slices.Clone(g.Seen), 3, 4) }, streams},
		{"the end not sent", func(r *Report) { g := guest(r); g.Seen = g.Seen[:len(g.Seen)-1] }, streams},
		{"two events in the wrong order", func(r *Report) {
			g := guest(r)
			g.Seen = slices.Clone(g.Seen)
			g.Seen[3], g.Seen[4] = g.Seen[4], g.Seen[3]
		}, streams},
		{"other data than is written", func(r *Report) { g := guest(r); g.Seen = slices.Clone(g.Seen); g.Seen[2].Digest = "another" }, streams},
		{"an end that is not the right one", func(r *Report) { guest(r).Want = qlp.StateNeedsInput }, "right end"},
		{"canceled, and verified all the same", func(r *Report) { g := guest(r); g.Want, g.Canceled = qlp.StateCanceled, true }, "right end"},
		{"a process ended by itself", func(r *Report) { r.Alone = []life{{r.Started, r.Started.Add(time.Second)}} }, "processes that end by themselves"},
	} {
		t.Run(b.name, func(t *testing.T) {
			expect(t, q.written(t, q.stage, b.change), b.want)
		})
	}
}

func (q quiet) inFiles(t *testing.T) {
	_, run := q.victim(t, "python")
	blob := func(s *stage, digest string) string {
		hex := qlp.Digest(digest).Hex()
		return filepath.Join(s.shared, "blobs", "sha256", hex[:2], hex[2:])
	}
	file := "" // of the run's tree, and of no other's: any will do
	for _, tree := range q.facts.Trees {
		if tree.Digest == run.Tree {
			file = tree.Files[0]
		}
	}
	flip := func(path string) {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/2] ^= 1
		if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, b, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(path string) {
		t.Helper()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range []struct {
		name string
		do   func(s *stage)
		want []string
	}{
		{"a bit of a capsule", func(s *stage) { flip(blob(s, run.Capsule)) }, []string{"blobs", "capsules"}},
		{"a capsule is lost", func(s *stage) { remove(blob(s, run.Capsule)) }, []string{"blobs", "capsules"}},
		{"a capsule's size is another", func(s *stage) {
			execute(t, s, fmt.Sprintf(`UPDATE runs SET capsule_size = capsule_size + 1 WHERE id = '%s'`, run.ID))
		}, []string{"capsules"}},
		{"a bit of a file", func(s *stage) { flip(blob(s, file)) }, []string{"blobs"}},
		{"a file is lost", func(s *stage) { remove(blob(s, file)) }, []string{"blobs"}},
		{"the evidence is lost", func(s *stage) { remove(blob(s, run.Evidence)) }, []string{"blobs"}},
		{"a panic in a log", func(s *stage) {
			log, err := os.OpenFile(s.fleet.replicas[0].log, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := log.WriteString("panic: at the disco\n"); errors.Join(err, log.Close()) != nil {
				t.Fatal(err)
			}
		}, []string{"logs"}},
	} {
		t.Run(b.name, func(t *testing.T) {
			s := q.copied(t)
			b.do(s)
			expect(t, q.audited(t, s), b.want...)
		})
	}
}

func (q quiet) onMachine(t *testing.T) {
	put := func(t *testing.T, path string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("half of i"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("a process", func(t *testing.T) {
		s := q.copied(t)
		cmd := exec.CommandContext(t.Context(), "sleep", "600")
		cmd.Env = []string{"TMPDIR=" + s.tmp}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _, _ = cmd.Process.Kill(), cmd.Wait() }()
		expectLeft(t, q.audited(t, s), "process", "sleep 600")
	})
	t.Run("a sandbox's cgroup", func(t *testing.T) {
		s := q.copied(t)
		dir := cgroupFor(t, s.owners[0]+"-1")
		defer func() { _ = syscall.Rmdir(dir) }()
		expectLeft(t, q.audited(t, s), "cgroup", dir)
	})
	t.Run("a mount", func(t *testing.T) {
		s := q.copied(t)
		dir := filepath.Join(s.cfg.Work, "sandbox")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
			t.Skipf("nothing can be mounted here: %v", err)
		}
		defer func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) }()
		expectLeft(t, q.audited(t, s), "mount", dir)
	})
	t.Run("a temporary file that nobody clears", func(t *testing.T) {
		s := q.copied(t)
		path := filepath.Join(s.shared, "elsewhere", ".tmp-1")
		put(t, path)
		expectLeft(t, q.audited(t, s), "temporary file", path)
	})
	t.Run("a temporary file that a start clears", func(t *testing.T) {
		s := q.copied(t)
		put(t, filepath.Join(s.shared, "blobs", "tmp", "blob-1"))
		put(t, filepath.Join(s.shared, ".tmp-1"))
		put(t, filepath.Join(s.shared, "keys", ".signing-1"))
		expect(t, q.audited(t, s))
	})
}

// expectLeft wants one violation, which names what is left.
func expectLeft(t *testing.T, found []Violation, subject, name string) {
	t.Helper()
	for _, v := range found {
		if v.Rule != "nothing left" || v.Subject != subject || !strings.Contains(v.Detail, name) {
			t.Errorf("found %v", v)
		}
	}
	if len(found) == 0 {
		t.Errorf("%s %s is left, and not found", subject, name)
	}
}

// cgroupFor makes a group beside this process's own.
func cgroupFor(t *testing.T, name string) string {
	t.Helper()
	for _, parent := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids"} {
		dir := filepath.Join(parent, fmt.Sprintf("%s-%d", name, rand.Uint64()))
		if os.Mkdir(dir, 0o755) == nil {
			return dir
		}
	}
	t.Skip("no cgroup can be made here")
	return ""
}
