// Command queue measures how many tasks a second go through the orchestrator, with 1, 2 and 4 replicas over PostgreSQL and one process over
// SQLite, and beside it, in the same rounds, the queue alone: River's own benchmark, and QLP's worker with an engine that does nothing.
//
//	go build -o bin/bench-queue ./bench/queue && bin/bench-queue -postgres "$QLP_TEST_POSTGRES"
//
// A replica is a process of its own. The clock runs from the moment at which all are told to begin, with all intents waiting in the queue, to
// the last capsule.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

type settings struct {
	postgres string // of a private server, as a superuser; "" leaves PostgreSQL out
	init     string // qlp-init; "" leaves the real sandbox out
	intents  int
	jobs     int
	rounds   int
}

func main() {
	var s settings
	flag.StringVar(&s.postgres, "postgres", os.Getenv("QLP_TEST_POSTGRES"), "URL of a private server as its superuser; without it, PostgreSQL is left out")
	flag.StringVar(&s.init, "init", "bin/qlp-init", "the init of the real sandbox")
	flag.IntVar(&s.intents, "intents", 60, "intents of a round, of some six tasks each")
	flag.IntVar(&s.jobs, "jobs", 20_000, "jobs of a round of River's benchmark; QLP's worker alone has a quarter of them")
	flag.IntVar(&s.rounds, "rounds", 5, "rounds, of which the median is printed")
	replica := flag.String("replica", "", "be a replica of the store: for the program itself")
	boxed := flag.Bool("boxed", false, "of a replica: with the real sandbox")
	data := flag.String("data", "", "of a replica: the folder of blobs and keys")
	flag.Parse()
	ctx := context.Background()
	run := func() error { return measure(ctx, s) }
	if *replica != "" {
		run = func() error { return beReplica(ctx, *replica, *data, s.init, *boxed) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "queue:", err)
		os.Exit(1)
	}
}

// line is one thing that is measured; run returns how many a second.
type line struct {
	name, unit string
	run        func() (float64, error)
	rates      []float64
}

func measure(ctx context.Context, s settings) error {
	var queue, whole []*line
	for _, db := range []database{sqliteDatabase{}, postgresDatabase{s.postgres}} {
		if !db.there() {
			fmt.Printf("PostgreSQL is left out: no server is named.\n\n")
			continue
		}
		queue = append(queue,
			&line{name: "River's own benchmark (2,000 workers, jobs put in by 5,000), " + db.name(), unit: "jobs", run: func() (float64, error) { return riverAlone(ctx, db, s.jobs, 2000) }},
			&line{name: "River, as many workers as QLP has (4), " + db.name(), unit: "jobs", run: func() (float64, error) { return riverAlone(ctx, db, s.jobs/4, 4) }},
			&line{name: "QLP's queue and worker, an engine that does nothing, " + db.name(), unit: "jobs", run: func() (float64, error) { return workerAlone(ctx, db, s.jobs/4) }},
		)
		for _, boxed := range []bool{false, true} {
			for _, n := range db.replicas() {
				what := "no-op sandbox"
				intents := s.intents
				if boxed {
					what, intents = "a real sandbox for each task and each verification", s.intents/2
				}
				whole = append(whole, &line{name: fmt.Sprintf("%s, %d replicas, %s", db.name(), n, what), unit: "tasks", run: func() (float64, error) {
					return orchestrated(ctx, db, n, intents, boxed)
				}})
			}
		}
	}
	lines := slices.Concat(queue, whole)
	for round := range s.rounds {
		for i := range lines {
			l := lines[(i+round)%len(lines)]
			rate, err := l.run()
			if err != nil {
				return fmt.Errorf("%s: %w", l.name, err)
			}
			l.rates = append(l.rates, rate)
		}
	}
	table := func(what string, list []*line) {
		fmt.Printf("| %s | a second, median | least | most | times the first line |\n|---|---:|---:|---:|---:|\n", what)
		for _, l := range list {
			fmt.Printf("| %s | %.0f %s | %.0f | %.0f | %.2f |\n", l.name, median(l.rates), l.unit, slices.Min(l.rates), slices.Max(l.rates), median(l.rates)/median(list[0].rates))
		}
		fmt.Println()
	}
	table(fmt.Sprintf("the queue alone, %d rounds by turns", s.rounds), queue)
	table(fmt.Sprintf("through the orchestrator, %d rounds by turns", s.rounds), whole)
	return nil
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// database makes empty databases.
type database interface {
	name() string
	there() bool
	replicas() []int
	// fresh returns the address of an empty one, and what removes it.
	fresh(ctx context.Context) (address string, remove func(), err error)
}

type sqliteDatabase struct{}

func (sqliteDatabase) name() string    { return "SQLite" }
func (sqliteDatabase) there() bool     { return true }
func (sqliteDatabase) replicas() []int { return []int{1} }

func (sqliteDatabase) fresh(context.Context) (string, func(), error) {
	dir, err := os.MkdirTemp("", "qlp-bench-")
	return dir + "/qlp.db", func() { _ = os.RemoveAll(dir) }, err
}

type postgresDatabase struct{ server string }

func (postgresDatabase) name() string    { return "PostgreSQL" }
func (p postgresDatabase) there() bool   { return p.server != "" }
func (postgresDatabase) replicas() []int { return []int{1, 2, 4} }

func (p postgresDatabase) fresh(ctx context.Context) (string, func(), error) {
	name := fmt.Sprintf("bench_%d", time.Now().UnixNano())
	execute := func(statement string) error {
		conn, err := pgx.Connect(ctx, p.server)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(ctx) }()
		_, err = conn.Exec(ctx, statement)
		return err
	}
	if err := execute("CREATE DATABASE " + name); err != nil {
		return "", nil, err
	}
	address, err := within(p.server, name)
	return address, func() { _ = execute("DROP DATABASE " + name + " WITH (FORCE)") }, err
}
