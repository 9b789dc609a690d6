package chaos

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// stage is what a play needs: folders, a disk, a database, processes.
type stage struct {
	cfg      Config
	disk     *disk
	noDisk   string // why there is none
	data     []string
	shared   string // of the blobs and the token
	tmp      string
	env      []string // of every process
	owners   []string
	fleet    *fleet
	proxies  []*proxy
	database *postgres // nil: SQLite
	before   Machine
}

// Play plays everything that cfg says and audits what is left. The work folder is removed when nothing was found.
func Play(ctx context.Context, cfg Config) (report Report, err error) {
	cfg = cfg.WithDefaults()
	if cfg.Work, err = filepath.Abs(cfg.Work); err != nil {
		return report, err
	}
	report = Report{Config: cfg, Started: time.Now().UTC()}
	s, err := set(ctx, cfg)
	defer func() {
		err = errors.Join(err, s.strike(ctx, err == nil && report.Good() && !cfg.Keep))
	}()
	if err != nil {
		return report, err
	}
	report.NoDisk = s.noDisk
	if err := s.perform(ctx, &report); err != nil {
		return report, err
	}
	report.Ended = time.Now().UTC()
	err = s.audit(ctx, &report)
	report.Audited = time.Now().UTC()
	return report, err
}

// set makes the folders and what is in them.
func set(ctx context.Context, cfg Config) (*stage, error) {
	s := &stage{cfg: cfg, fleet: newFleet(nil), tmp: filepath.Join(cfg.Work, "tmp")}
	disk := filepath.Join(cfg.Work, "disk")
	for _, dir := range []string{disk, s.tmp, filepath.Join(cfg.Work, "logs")} {
		if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // a sandbox's user passes through
			return s, err
		}
	}
	if s.disk, s.noDisk = newDisk(disk); s.disk == nil {
		cfg.say("no full disk is played: %s", s.noDisk)
	}
	// What an ordinary user's sandboxes share on a host lasts: it is no temporary file, and lies beside those.
	runtime := filepath.Join(cfg.Work, "run")
	if err := os.MkdirAll(runtime, 0o700); err != nil {
		return s, err
	}
	s.env = []string{"TMPDIR=" + s.tmp, "XDG_RUNTIME_DIR=" + runtime, "QLP_DATABASE_URL=", "QLP_SHARED=", "QLP_STOP_GRACE=5s"}
	if cfg.Database == SQLite {
		s.shared = filepath.Join(disk, "data")
		s.data = []string{s.shared}
		s.add(0, s.shared, s.env)
	} else if err := s.setReplicas(ctx, disk); err != nil {
		return s, err
	}
	var err error
	s.before, err = lookAtMachine(cfg.Work, nil, append(s.existing(), s.tmp))
	return s, err
}

// setReplicas makes a database, and for each replica a proxy before it and a data folder of its own.
func (s *stage) setReplicas(ctx context.Context, disk string) (err error) {
	s.shared = filepath.Join(disk, "shared")
	s.data = []string{s.shared}
	if s.database, err = newPostgres(ctx, s.cfg.URL); err != nil {
		return err
	}
	for i := range s.cfg.Replicas {
		p, err := newProxy(ctx, s.database.dial)
		if err != nil {
			return err
		}
		s.proxies = append(s.proxies, p)
		data := filepath.Join(disk, fmt.Sprintf("data-%d", i))
		s.data = append(s.data, data)
		s.add(i, data, append(s.env, "QLP_DATABASE_URL="+s.database.through(p.address()), "QLP_SHARED="+s.shared))
	}
	return nil
}

func (s *stage) add(number int, data string, env []string) {
	s.fleet.replicas = append(s.fleet.replicas, &replica{
		number: number, binary: s.cfg.Binary, data: data, shared: s.shared, env: append([]string(nil), env...),
		log: filepath.Join(s.cfg.Work, "logs", fmt.Sprintf("replica-%d.log", number)),
	})
}

// existing are the data folders that are there.
func (s *stage) existing() (dirs []string) {
	for _, d := range s.data {
		if _, err := os.Stat(d); err == nil {
			dirs = append(dirs, d)
		}
	}
	return dirs
}

// perform starts the processes, lets the crowd and the storm loose on them, and stops them when all intents have ended.
func (s *stage) perform(ctx context.Context, report *Report) error {
	cfg := s.cfg
	dishes, err := menu(cfg.Recordings)
	if err != nil {
		return err
	}
	keeping, stopKeeping := context.WithCancel(ctx)
	defer stopKeeping()
	var keepers sync.WaitGroup
	for _, r := range s.fleet.replicas {
		keepers.Go(func() {
			if err := r.keep(keeping); err != nil {
				cfg.say("%v", err)
			}
		})
	}
	starting, cancel := context.WithTimeout(ctx, 2*time.Minute)
	err = s.fleet.ready(starting)
	cancel()
	if err != nil {
		return fmt.Errorf("the replicas do not start; see %s: %w", filepath.Join(cfg.Work, "logs"), err)
	}
	b := &bell{}
	c := &crowd{cfg: cfg, fleet: s.fleet, bell: b, dishes: dishes, enough: make(chan struct{})}
	st := &storm{
		cfg: cfg, fleet: s.fleet, proxies: s.proxies, disk: s.disk, bell: b, crowd: c,
		random: rand.New(rand.NewPCG(cfg.Seed, 0)), //nolint:gosec // what is played must be repeatable
	}
	if s.database != nil {
		st.working, st.worker = s.working, s.worker
	}
	playing, stopPlaying := context.WithCancelCause(ctx)
	defer stopPlaying(nil)
	var crowding sync.WaitGroup
	crowding.Go(func() { c.play(playing) })
	err = st.rage(ctx)
	close(c.enough)
	report.Calm = time.Now().UTC()
	cfg.say("the last fault is made; %d intents are over", c.over.Load())
	timer := time.AfterFunc(cfg.Settle, func() { stopPlaying(fmt.Errorf("not over %s after the last fault", cfg.Settle)) })
	crowding.Wait()
	timer.Stop()
	report.Faults, report.Guests, report.Resumed, report.Retries = st.faults, c.guests, int(c.resumed.Load()), s.fleet.retries
	for _, e := range c.errs {
		report.Violations = append(report.Violations, Violation{"callers", "", e.Error()})
	}
	readying, cancel := context.WithTimeout(ctx, time.Minute)
	err = errors.Join(err, s.fleet.ready(readying))
	cancel()
	stopKeeping()
	keepers.Wait()
	return errors.Join(err, s.stop(ctx, report))
}

// stop ends every process in peace.
func (s *stage) stop(ctx context.Context, report *Report) error {
	stopping, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, r := range s.fleet.replicas {
		if err := r.stop(stopping); err != nil {
			report.Violations = append(report.Violations, Violation{"stop", fmt.Sprintf("replica %d", r.number), err.Error()})
		}
		s.owners = append(s.owners, r.owners...)
		report.Starts += r.starts
		report.Alone = append(report.Alone, r.alone...)
	}
	return ctx.Err()
}

// audit looks at everything that is left.
func (s *stage) audit(ctx context.Context, report *Report) error {
	s.cfg.say("auditing")
	facts, err := s.auditWritten(ctx, report)
	if err != nil {
		return err
	}
	// The keys are on the disk of the play; the commands that are run again need a sandbox, as anybody has it.
	found, verified, err := capsules(ctx, s.cfg, facts, s.blobs(), append([]string{"QLP_DATA=" + s.data[0], "TMPDIR=" + s.tmp, "XDG_RUNTIME_DIR=" + filepath.Join(s.cfg.Work, "run")}, databaseless...))
	if err != nil {
		return err
	}
	report.Verified = verified
	for _, look := range []func() ([]Violation, error){func() ([]Violation, error) { return s.left(ctx) }, s.panics} {
		more, err := look()
		if err != nil {
			return err
		}
		found = append(found, more...)
	}
	report.Violations = append(report.Violations, found...)
	return nil
}

func (s *stage) blobs() string { return filepath.Join(s.shared, "blobs") }

// auditWritten holds what is written against what must be, what the callers were told, and the blobs.
func (s *stage) auditWritten(ctx context.Context, report *Report) (Facts, error) {
	db, err := s.open(ctx)
	if err != nil {
		return Facts{}, err
	}
	facts, err := ReadFacts(ctx, db)
	if err = errors.Join(err, db.Close()); err != nil {
		return facts, err
	}
	report.measure(facts)
	found, err := AuditBlobs(facts, s.blobs())
	if err != nil {
		return facts, err
	}
	report.Violations = append(report.Violations, auditEnds(report.Alone, report.Faults)...)
	report.Violations = append(report.Violations, AuditFacts(facts)...)
	report.Violations = append(report.Violations, AuditGuests(facts, report.Guests, report.rough())...)
	report.Violations = append(report.Violations, found...)
	return facts, nil
}

// databaseless is the environment of commands that need no database.
var databaseless = []string{"QLP_DATABASE_URL=", "QLP_SHARED="} //nolint:gochecknoglobals // a constant, as far as Go has such

func (s *stage) open(ctx context.Context) (*sql.DB, error) {
	if s.database != nil {
		return s.database.open(ctx)
	}
	return openSQLite(filepath.Join(s.data[0], "qlp.db"))
}

// left looks for what the processes have left behind. A file that a killed process was writing is cleared away by the first
// start an hour later: so it is made that old, and each replica is started once more.
func (s *stage) left(ctx context.Context) ([]Violation, error) {
	after, err := lookAtMachine(s.cfg.Work, s.owners, append(s.existing(), s.tmp))
	if err != nil {
		return nil, err
	}
	if len(after.Temporary) > 0 {
		if err := errors.Join(age(after.Temporary), s.onceMore(ctx)); err != nil {
			return nil, err
		}
		if after, err = lookAtMachine(s.cfg.Work, s.owners, append(s.existing(), s.tmp)); err != nil {
			return nil, err
		}
	}
	before := s.before
	if s.disk != nil {
		before.Mounts = append(before.Mounts, s.disk.dir)
	}
	return AuditMachine(before, after), nil
}

// onceMore starts and stops every replica.
func (s *stage) onceMore(ctx context.Context) error {
	for _, r := range s.fleet.replicas {
		if err := r.launch(); err != nil {
			return err
		}
		starting, cancel := context.WithTimeout(ctx, time.Minute)
		r.listenTo(starting, r.done)
		err := r.stop(starting)
		cancel()
		if err != nil {
			return err
		}
		s.owners = append(s.owners, r.owners...)
	}
	return nil
}

// panics reads the logs.
func (s *stage) panics() ([]Violation, error) {
	f := findings{rule: "logs"}
	for _, r := range s.fleet.replicas {
		b, err := os.ReadFile(r.log)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(b)) {
			for _, bad := range []string{"panic:", "fatal error:", "Engine panicked", "SIGBUS", "SIGSEGV"} {
				if strings.Contains(line, bad) {
					f.add(r.log, "%.200s", strings.TrimSpace(line))
				}
			}
		}
	}
	return f.list, nil
}

// strike takes everything down; the folder stays when something was found.
func (s *stage) strike(ctx context.Context, good bool) error {
	s.fleet.close()
	var errs []error
	for _, p := range s.proxies {
		errs = append(errs, p.close())
	}
	if !good && s.disk != nil { // what is on it is kept beside it
		errs = append(errs, os.CopyFS(filepath.Join(s.cfg.Work, "kept"), os.DirFS(s.disk.dir)))
	}
	if s.disk != nil {
		errs = append(errs, s.disk.unmount())
	}
	if s.database != nil {
		errs = append(errs, s.database.close(context.WithoutCancel(ctx), good))
	}
	if good {
		errs = append(errs, os.RemoveAll(s.cfg.Work))
	}
	return errors.Join(errs...)
}
