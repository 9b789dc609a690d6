// Command sandbox measures what a sandbox costs: the time to start /bin/true, from nothing to its exit code, with
// the bare system, with bubblewrap alone, with runc, gVisor and docker where they are, and with QLP's drivers, side by side in one run, one after
// another in turns, so that a busy moment of the machine meets all of them; then how many commands a second two workers
// get through, what an idle sandbox holds, and what many sandboxes in a row leave behind. It prints Markdown.
//
//	go build -o /tmp/qlp-init ./cmd/qlp-init && go run ./bench/sandbox -init /tmp/qlp-init -n 200
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native"
	"github.com/quantumlayer/qlp/internal/sandbox/process"
)

// peer is one way to run /bin/true.
type peer struct {
	name  string
	run   func() (time.Duration, error)
	times []time.Duration
}

func main() {
	n := flag.Int("n", 200, "rounds")
	init := flag.String("init", "", "qlp-init; empty means beside this program or in PATH")
	flag.Parse()
	if err := bench(context.Background(), os.Stdout, *n, *init); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, w io.Writer, n int, init string) error {
	d, err := native.New(ctx, slog.New(slog.DiscardHandler), native.Config{InitPath: init})
	if err != nil {
		return err
	}
	defer d.Close()
	peers := []*peer{{name: "bare exec, no isolation", run: command("/bin/true")}}
	if path, err := exec.LookPath("bwrap"); err == nil {
		peers = append(peers, &peer{name: "bubblewrap alone, no limits, no filter", run: command(append([]string{path}, bwrapArgs()...)...)})
	}
	if p, cleanup, err := runc(); err == nil {
		defer cleanup()
		peers = append(peers, p)
	} else {
		fmt.Fprintf(w, "runc is left out: %v\n\n", err)
	}
	if path, err := exec.LookPath("runsc"); err == nil {
		peers = append(peers, &peer{name: "gVisor: runsc do", run: command(path, "--rootless", "--network=none", "do", "/bin/true")})
	} else {
		fmt.Fprintf(w, "gVisor is left out: %v\n\n", err)
	}
	engines, closeEngines, why := containers(ctx)
	defer closeEngines()
	peers = append(peers, engines...)
	if why != "" {
		fmt.Fprintf(w, "Containers are left out: %s\n\n", why)
	}
	if p, err := process.New(ctx, slog.New(slog.DiscardHandler), process.Config{InitPath: init}); err == nil {
		defer p.Close()
		peers = append(peers, &peer{name: "qlp process, cold", run: once(ctx, p)})
	}
	q := &qlpPeers{ctx: ctx, d: d}
	kept, err := spare(ctx, init)
	if err != nil {
		return err
	}
	defer kept.closing()
	cold := &peer{name: "qlp native, cold: create + exec + destroy", run: q.cold}
	ready := &peer{name: "qlp native, until the exit code (destroy not waited for)", run: q.untilExit}
	peers = append(peers, cold, kept.peer, ready, &peer{name: "qlp native, warm: exec in a sandbox that is there", run: q.warm},
		&peer{name: "qlp native, the second command right after a sandbox's first", run: q.second})
	for round := range n + 5 {
		for i := range peers {
			p := peers[(i+round)%len(peers)]
			kept.settle() // what is made ahead is made in nobody's time
			took, err := p.run()
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			if round >= 5 { // the first rounds fill caches
				p.times = append(p.times, took)
			}
		}
	}
	if err := q.close(); err != nil {
		return err
	}
	table(w, peers, n)
	fmt.Fprintf(w, "\nDestroying, which the line \"until the exit code\" leaves out, took %s in the median.\n\n", median(q.destroys).Round(10*time.Microsecond))
	kept.closing()
	if err := rates(ctx, w, d); err != nil {
		return err
	}
	if err := idle(ctx, w, d); err != nil {
		return err
	}
	return row(ctx, w, d, row1000)
}

func command(argv ...string) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		start := time.Now()
		err := exec.Command(argv[0], argv[1:]...).Run()
		return time.Since(start), err
	}
}

func bwrapArgs() []string {
	return []string{
		"--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin",
		"--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--", "/bin/true",
	}
}

// qlpPeers are the driver's three numbers.
type qlpPeers struct {
	ctx      context.Context //nolint:containedctx // the one of main, for the whole program
	d        *native.Driver
	box      sandbox.Sandbox
	destroys []time.Duration
}

func (q *qlpPeers) cold() (time.Duration, error) {
	start := time.Now()
	res, err := sandbox.RunOnce(q.ctx, q.d, sandbox.Spec{}, sandbox.Cmd{Argv: []string{"/bin/true"}}, "")
	return time.Since(start), check(res, err)
}

func (q *qlpPeers) untilExit() (time.Duration, error) {
	start := time.Now()
	sb, err := q.d.Create(q.ctx, sandbox.Spec{})
	if err != nil {
		return 0, err
	}
	res, err := sb.Exec(q.ctx, sandbox.Cmd{Argv: []string{"/bin/true"}})
	took := time.Since(start)
	start = time.Now()
	if derr := sb.Destroy(q.ctx); derr != nil {
		return 0, derr
	}
	q.destroys = append(q.destroys, time.Since(start))
	return took, check(res, err)
}

func (q *qlpPeers) warm() (time.Duration, error) {
	if q.box == nil {
		var err error
		if q.box, err = q.d.Create(q.ctx, sandbox.Spec{}); err != nil {
			return 0, err
		}
	}
	start := time.Now()
	res, err := q.box.Exec(q.ctx, sandbox.Cmd{Argv: []string{"/bin/true"}})
	return time.Since(start), check(res, err)
}

func (q *qlpPeers) second() (took time.Duration, err error) {
	sb, err := q.d.Create(q.ctx, sandbox.Spec{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, sb.Destroy(q.ctx)) }()
	for range 2 {
		start := time.Now()
		res, err := sb.Exec(q.ctx, sandbox.Cmd{Argv: []string{"/bin/true"}})
		took = time.Since(start)
		if err := check(res, err); err != nil {
			return 0, err
		}
	}
	return took, nil
}

func (q *qlpPeers) close() error {
	if q.box == nil {
		return nil
	}
	return q.box.Destroy(q.ctx)
}

func check(res sandbox.Result, err error) error {
	if err == nil && res.Verdict != sandbox.OK {
		err = fmt.Errorf("verdict %s %s", res.Verdict, res.Reason)
	}
	return err
}

func table(w io.Writer, peers []*peer, n int) {
	fmt.Fprintf(w, "%d rounds in turns, %d processors, %s/%s, user %d, %s\n\n", n, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, os.Geteuid(), time.Now().UTC().Format(time.DateOnly))
	fmt.Fprintln(w, "| what | median ms | p95 ms | times bare exec |")
	fmt.Fprintln(w, "|---|---:|---:|---:|")
	base := median(peers[0].times)
	for _, p := range peers {
		m := median(p.times)
		fmt.Fprintf(w, "| %s | %.2f | %.2f | %.1f |\n", p.name, ms(m), ms(quantile(p.times, 0.95)), float64(m)/float64(base))
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func median(times []time.Duration) time.Duration { return quantile(times, 0.5) }

func quantile(times []time.Duration, q float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	s := slices.Clone(times)
	slices.Sort(s)
	return s[min(int(q*float64(len(s))), len(s)-1)]
}
