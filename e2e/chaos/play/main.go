// Command play runs the chaos test and writes its report: see docs/operations/chaos.md.
//
// It never leaves a process behind, also when it is interrupted.
//
// Arrows: chaos.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/quantumlayer/qlp/e2e/chaos"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := play(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// play returns the exit code: 0 when nothing was found, 1 when something was, 2 when it could not be played.
func play(ctx context.Context, args []string, out, progress io.Writer) int {
	cfg := chaos.Config{Progress: progress}
	var report, work string
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.StringVar(&cfg.Binary, "qlp", "bin/qlp", "the binary")
	flags.StringVar(&cfg.Database, "database", chaos.SQLite, "sqlite or postgres")
	flags.StringVar(&cfg.URL, "url", os.Getenv("QLP_TEST_POSTGRES"), "of a private PostgreSQL server, as a superuser; without it, QLP_TEST_POSTGRES")
	flags.StringVar(&cfg.Recordings, "recordings", "e2e/testdata/models/csv-summary", "folder of a recorded run with models; empty means none")
	flags.Uint64Var(&cfg.Seed, "seed", uint64(time.Now().UnixNano()), "what is played follows from it")
	flags.IntVar(&cfg.Intents, "intents", 20, "intents at the least; more are handed in while faults are left")
	flags.IntVar(&cfg.Kills, "kills", 50, "kills")
	flags.IntVar(&cfg.Freezes, "freezes", -1, "freezes; -1 means some, as the kills have it")
	flags.IntVar(&cfg.Cuts, "cuts", -1, "cuts of the connection to PostgreSQL; -1 means some")
	flags.IntVar(&cfg.Fills, "fills", -1, "full disks; -1 means some")
	flags.IntVar(&cfg.Replicas, "replicas", 3, "replicas of PostgreSQL")
	flags.IntVar(&cfg.Open, "open", 0, "intents at a time; 0 means 2 and 2 for each replica")
	flags.IntVar(&cfg.Reruns, "reruns", 5, "capsules whose commands are run again")
	flags.DurationVar(&cfg.For, "for", 0, "time after which no new fault is made; 0 means none")
	flags.BoolVar(&cfg.Keep, "keep", false, "keep the folder also when nothing is found")
	flags.StringVar(&work, "work", "", "folder of data and logs; without it, one below the folder for temporary files")
	flags.StringVar(&report, "report", "", "file that the report is appended to; without it, it is printed")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	fail := func(err error) int {
		_, _ = fmt.Fprintln(progress, "chaos:", err)
		return 2
	}
	var err error
	if cfg.Work, err = workFolder(work); err != nil {
		return fail(err)
	}
	for _, path := range []*string{&cfg.Binary, &cfg.Recordings} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return fail(err)
		}
	}
	_, _ = fmt.Fprintf(progress, "seed %d, in %s\n", cfg.Seed, cfg.Work)
	played, err := chaos.Play(ctx, cfg)
	text := played.Markdown()
	if report != "" && err == nil {
		err = appendTo(report, text)
	} else {
		_, _ = fmt.Fprintln(out, text)
	}
	switch {
	case err != nil:
		return fail(err)
	case !played.Good():
		_, _ = fmt.Fprintf(progress, "chaos: %d violations; see %s\n", len(played.Violations), played.Config.Work)
		return 1
	}
	return 0
}

func workFolder(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "qlp-chaos-*")
	}
	return dir, os.MkdirAll(dir, 0o755) //nolint:gosec // a sandbox's user passes through
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644) //nolint:gosec // a report is for everybody
	if err != nil {
		return err
	}
	_, err = f.WriteString("\n" + text)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
