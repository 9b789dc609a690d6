// Package accepttool plays the acceptance cases of a program: each case in a fresh folder, each call a process of its own,
// what it printed and wrote compared with what is expected. It is run inside the sandbox, by `qlp tool accept`, and reports
// in the form of `go test -json`, a test a case, with the differences in plain words on standard error.
//
// It never lets the program that it judges reach the report or the cases: the program gets pipes of its own, no other
// process can open this one's (it is not dumpable, so /proc and ptrace are closed), what the program leaves running is
// killed before anything is compared, and with --hide the cases file is away while a program runs, so that nobody reads the
// answers off it. It never passes without a case, and never runs on the host over foreign code.
//
// Arrows: qlp; the kernel's system calls.
package accepttool

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// Exit codes of Main.
const (
	ExitGood   = 0 // every case is as expected, and there is one
	ExitBad    = 1 // one is not, or there is none
	ExitBroken = 2 // nothing was played: wrong arguments, or this machine does not let the tool protect itself
)

// options of one run.
type options struct {
	cases string
	entry []string
	call  time.Duration // of one call
	all   time.Duration // of all cases; those that are left when it is over fail
	hide  bool
}

// Main plays the cases file that args name against the entry after "--", and returns the exit code.
func Main(args []string, out, errs io.Writer) int {
	opts, err := parse(args, errs)
	if err != nil {
		_, _ = fmt.Fprintln(errs, "accept:", err)
		return ExitBroken
	}
	if err := protect(); err != nil {
		_, _ = fmt.Fprintln(errs, "accept: protect the report from the program:", err)
		return ExitBroken
	}
	r := newReport(out, errs)
	cases, content, err := readFile(opts.cases)
	if err != nil {
		r.refuse(err.Error())
		return r.exit()
	}
	if opts.hide {
		if err := os.Remove(opts.cases); err != nil {
			_, _ = fmt.Fprintln(errs, "accept: hide the cases:", err)
			return ExitBroken
		}
		defer func() {
			if err := os.WriteFile(opts.cases, content, 0o644); err != nil { //nolint:gosec // it was as readable before
				_, _ = fmt.Fprintln(errs, "accept: put the cases back:", err)
			}
		}()
	}
	p := player{entry: opts.entry, limit: opts.call, until: time.Now().Add(opts.all)}
	for _, c := range cases {
		start := time.Now()
		r.run(c.ID)
		r.result(c.ID, p.play(c), time.Since(start))
	}
	return r.exit()
}

func parse(args []string, errs io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("accept", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.Usage = func() {
		_, _ = fmt.Fprintln(errs, "usage: qlp tool accept [--hide] [--time 10s] [--total 4m] CASES.json -- ENTRY...")
	}
	flags.BoolVar(&o.hide, "hide", false, "take the cases file away while programs run")
	flags.DurationVar(&o.call, "time", 10*time.Second, "the longest time of one call")
	flags.DurationVar(&o.all, "total", 4*time.Minute, "the longest time of all cases")
	if err := flags.Parse(args); err != nil {
		return options{}, fmt.Errorf("read the arguments: %w", err)
	}
	rest := flags.Args()
	if len(rest) < 3 || rest[1] != "--" || rest[2] == "" || o.call <= 0 || o.all <= 0 {
		flags.Usage()
		return options{}, fmt.Errorf("a cases file, --, and the program are needed")
	}
	o.cases, o.entry = rest[0], rest[2:]
	return o, nil
}
