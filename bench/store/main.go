// Command store measures the embedded store, its queue and its blobs, and prints one line a measure; then, where a server is named, the
// same operations over PostgreSQL. Run it with
//
//	go run ./bench/store [-durable] [-n 2000] [-idle 10s] [-postgres URL]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/blob/file"
	"github.com/quantumlayer/qlp/internal/events"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/postgres"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
	"github.com/quantumlayer/qlp/internal/worker"
)

func main() {
	durable := flag.Bool("durable", false, "synchronise each commit and blob with the disk")
	n := flag.Int("n", 2000, "how often each operation is done")
	idle := flag.Duration("idle", 10*time.Second, "how long an idle worker is watched")
	dir := flag.String("dir", "", "where to write (a temporary folder by default)")
	server := flag.String("postgres", os.Getenv("QLP_TEST_POSTGRES"), "URL of a private PostgreSQL server as its superuser; without it, SQLite alone is measured")
	flag.Parse()
	ctx := context.Background()
	err := run(ctx, *dir, *durable, *n, *idle)
	if err == nil && *server != "" {
		fmt.Println()
		err = runPostgres(ctx, *server, *n, *idle)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// subject is a store of either kind, with its queue.
type subject struct {
	store.Store
	queue   worker.Queue
	waiting func(context.Context) ([]store.Job, error)
}

func run(ctx context.Context, parent string, durable bool, n int, idle time.Duration) error {
	dir, err := os.MkdirTemp(parent, "qlp-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "qlp.db")
	if err := opening(path, func() (io.Closer, error) { return sqlite.Open(ctx, path, sqlite.Config{Durable: durable}) }); err != nil {
		return err
	}
	st, err := sqlite.Open(ctx, path, sqlite.Config{Durable: durable})
	if err != nil {
		return err
	}
	if err := all(ctx, subject{st, st.Queue, st.Queue.Waiting}, n, idle); err != nil {
		return err
	}
	if err := blobs(ctx, filepath.Join(dir, "blobs"), durable); err != nil {
		return err
	}
	if err := st.Close(); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	start := time.Now()
	if st, err = sqlite.Open(ctx, path, sqlite.Config{}); err != nil {
		return err
	}
	fmt.Printf("%-44s %9.2f ms (%.1f MB)\n", "open what these measures left", ms(time.Since(start)), float64(info.Size())/1e6)
	return st.Close()
}

// runPostgres measures a database of its own on the server, as its settings have it.
func runPostgres(ctx context.Context, server string, n int, idle time.Duration) (err error) {
	name := fmt.Sprintf("bench_%d", time.Now().UnixNano())
	admin, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, admin.Close(ctx)) }()
	var version, fsync string
	if err := admin.QueryRow(ctx, "SELECT current_setting('server_version'), current_setting('fsync')").Scan(&version, &fsync); err != nil {
		return err
	}
	fmt.Printf("PostgreSQL %s, fsync %s, by a Unix socket\n", version, fsync)
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return err
	}
	defer func() {
		_, derr := admin.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
		err = errors.Join(err, derr)
	}()
	u, err := url.Parse(server)
	if err != nil {
		return err
	}
	u.Path = "/" + name
	open := func() (*postgres.Store, error) { return postgres.Open(ctx, u.String(), postgres.Config{}) }
	if err := opening(name, func() (io.Closer, error) { return open() }); err != nil {
		return err
	}
	st, err := open()
	if err != nil {
		return err
	}
	return errors.Join(all(ctx, subject{st, st.Queue, st.Queue.Waiting}, n, idle), st.Close())
}

func all(ctx context.Context, st subject, n int, idle time.Duration) error {
	for _, measure := range []func() error{
		func() error { return operations(ctx, st, n) },
		func() error { return contended(ctx, st, n) },
		func() error { return hops(ctx, st, n/4) },
		func() error { return following(ctx, st, n/4) },
		func() error { return resting(ctx, st, idle) },
	} {
		if err := measure(); err != nil {
			return err
		}
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// report prints the middle, the slow and the slowest of a measure.
func report(name string, took []time.Duration) {
	slices.Sort(took)
	at := func(p int) time.Duration { return took[min(len(took)*p/100, len(took)-1)] }
	fmt.Printf("%-44s p50 %7.3f   p95 %7.3f   p99 %7.3f   max %8.3f ms   (%d)\n", name, ms(at(50)), ms(at(95)), ms(at(99)), ms(at(100)), len(took))
}

func timed(n int, name string, fn func(i int) error) error {
	took := make([]time.Duration, n)
	for i := range took {
		start := time.Now()
		if err := fn(i); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		took[i] = time.Since(start)
	}
	report(name, took)
	return nil
}

func opening(what string, open func() (io.Closer, error)) error {
	for _, name := range []string{"open a new database", "open it again", "open it once more"} {
		start := time.Now()
		st, err := open()
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		fmt.Printf("%-44s %9.2f ms\n", name, ms(time.Since(start)))
		if err := st.Close(); err != nil {
			return err
		}
	}
	return nil
}

// contended measures small writes of four writers while four readers read.
func contended(ctx context.Context, st subject, n int) error {
	id := newID()
	err := st.Tx(ctx, func(tx store.Tx) error { return tx.InsertIntent(ctx, qlp.Intent{ID: id, Words: "w"}, "", "") })
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var failed error
	took := map[string][]time.Duration{}
	note := func(name string, d time.Duration, err error) {
		mu.Lock()
		defer mu.Unlock()
		took[name] = append(took[name], d)
		if err != nil {
			failed = err
		}
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range n / 4 {
				start := time.Now()
				err := st.Tx(ctx, func(tx store.Tx) error {
					_, err := tx.Append(ctx, qlp.Event{IntentID: id, Type: qlp.EventTaskState})
					return err
				})
				note("append one event, 4 writers and 4 readers", time.Since(start), err)
			}
		})
		wg.Go(func() {
			for range n / 4 {
				start := time.Now()
				err := st.Read(ctx, func(r store.Reader) error { _, err := r.Intent(ctx, id); return err })
				note("read intent, 4 writers and 4 readers", time.Since(start), err)
			}
		})
	}
	wg.Wait()
	for _, name := range []string{"append one event, 4 writers and 4 readers", "read intent, 4 writers and 4 readers"} {
		report(name, took[name])
	}
	return failed
}

// hopper tells when a job arrives, and does nothing else.
type hopper struct{ arrived chan time.Time }

func (h hopper) Interpret(context.Context, store.Job) error      { return nil }
func (h hopper) Plan(context.Context, store.Job) error           { return nil }
func (h hopper) Task(context.Context, store.Job) error           { h.arrived <- time.Now(); return nil }
func (h hopper) Verify(context.Context, store.Job) error         { return nil }
func (h hopper) Pack(context.Context, store.Job) error           { return nil }
func (h hopper) Embed(context.Context, store.Job) error          { return nil }
func (h hopper) Abandon(context.Context, store.Job, error) error { return nil }

// hops measures from the begin of the transaction that adds a job to the call of the engine, and from its commit.
func hops(ctx context.Context, st subject, n int) error {
	if err := drop(ctx, st); err != nil {
		return err
	}
	h := hopper{arrived: make(chan time.Time, 1)}
	w, err := worker.New(st.queue, h, slog.New(slog.DiscardHandler), worker.Config{})
	if err != nil {
		return err
	}
	if err := w.Start(ctx); err != nil {
		return err
	}
	whole, hop := make([]time.Duration, n), make([]time.Duration, n)
	for i := range n {
		time.Sleep(time.Duration(i%7) * time.Millisecond) // not in step with anything in the queue
		start := time.Now()
		err := st.Tx(ctx, func(tx store.Tx) error {
			return tx.Enqueue(ctx, store.Job{Kind: store.JobTask, IntentID: "i", RunID: "r", TaskID: "t", Attempt: i})
		})
		if err != nil {
			return err
		}
		committed := time.Now()
		at := <-h.arrived
		whole[i], hop[i] = at.Sub(start), at.Sub(committed)
	}
	report("hop: commit of a job to the engine's call", hop)
	report("hop: begin of its transaction to the call", whole)
	return w.Stop(ctx)
}

// drop removes the jobs that the other measures left, which nobody is to run.
func drop(ctx context.Context, st subject) error {
	jobs, err := st.waiting(ctx)
	if err != nil {
		return err
	}
	return st.Tx(ctx, func(tx store.Tx) error {
		for _, job := range jobs {
			if err := tx.CancelJobs(ctx, job.IntentID); err != nil {
				return err
			}
		}
		return nil
	})
}

// following measures from the commit of an event to a follower that has it.
func following(ctx context.Context, st subject, n int) error {
	id := newID()
	err := st.Tx(ctx, func(tx store.Tx) error { return tx.InsertIntent(ctx, qlp.Intent{ID: id, Words: "w"}, "", "") })
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer func() { cancel(); wg.Wait() }()
	arrived := make(chan time.Time)
	const followers = 20
	for f := range followers {
		wg.Go(func() {
			for _, err := range events.Follow(ctx, st, id, 0) {
				if err != nil {
					return
				}
				if f == 0 {
					arrived <- time.Now()
				}
			}
		})
	}
	took := make([]time.Duration, n)
	for i := range took {
		err := st.Tx(ctx, func(tx store.Tx) error {
			_, err := tx.Append(ctx, qlp.Event{IntentID: id, Type: qlp.EventTaskState})
			return err
		})
		if err != nil {
			return err
		}
		start := time.Now()
		took[i] = max(0, (<-arrived).Sub(start))
	}
	report("event: commit to one of 20 followers", took)
	return nil
}

// resting measures what a worker costs that has nothing to do, with one follower of events.
func resting(ctx context.Context, st subject, d time.Duration) error {
	w, err := worker.New(st.queue, hopper{arrived: make(chan time.Time, 1)}, slog.New(slog.DiscardHandler), worker.Config{})
	if err != nil {
		return err
	}
	if err := w.Start(ctx); err != nil {
		return err
	}
	time.Sleep(2 * time.Second) // River elects its leader first
	before := cpu()
	time.Sleep(d)
	used := cpu() - before
	fmt.Printf("%-44s %9.2f %% of one core (%.0f ms of processor time in %s)\n", "idle worker", 100*used.Seconds()/d.Seconds(), ms(used), d)
	return w.Stop(ctx)
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// blobs measures a project of 40 small files.
func blobs(ctx context.Context, dir string, durable bool) error {
	s, err := file.Open(dir, file.Config{Durable: durable})
	if err != nil {
		return err
	}
	var tree qlp.Tree
	project := func(i int) (files []qlp.File) {
		for f := range 40 {
			files = append(files, qlp.File{Path: fmt.Sprintf("f%02d.go", f), Content: fmt.Appendf(make([]byte, 2000), "%d/%d", i, f)})
		}
		return files
	}
	if err := timed(50, "blobs: put a new tree of 40 files", func(i int) error { tree, err = blob.PutTree(ctx, s, project(i)); return err }); err != nil {
		return err
	}
	if err := timed(50, "blobs: put it again", func(i int) error { _, err := blob.PutTree(ctx, s, project(i)); return err }); err != nil {
		return err
	}
	if err := timed(50, "blobs: get a tree of 40 files", func(int) error { _, err := blob.GetTree(ctx, s, tree); return err }); err != nil {
		return err
	}
	return s.Close()
}
