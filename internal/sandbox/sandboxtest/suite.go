// Package sandboxtest holds the hostile programs that every sandbox driver must survive, and the helpers to build the
// native driver's init for tests. After each program the suite asserts the verdict, that nothing on the host was touched,
// that no process survives, that the same sandbox still runs an ordinary program, and that the driver's next one does.
//
// It never relaxes a case for a driver: what a level does not claim is skipped by name with its reason, and what a machine cannot show (no Python to make raw system calls) is skipped by name.
//
// Arrows: internal/sandbox, sandbox/egress; imported by drivers' tests and, for the self test, by app.
package sandboxtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox"
)

// Options describe the driver under test.
type Options struct {
	Driver sandbox.Driver
	// Spec is what every sandbox is made from, besides limits and a marker in its environment.
	Spec sandbox.Spec
	// Weak names classes of limits that this driver holds by best effort here; cases that need more are skipped by name.
	Weak map[string]bool
	// Mortal says that a sandbox may end with a program that takes all of its memory: one cgroup holds the program and the init.
	// Then the driver's next sandbox must work, as everywhere, and this one need not.
	Mortal bool
	// Skip names cases ("host/cgroups"), or whole classes ("network"), that a driver does not claim to survive, and why.
	Skip     map[string]string
	programs *programs
	// SharedProcesses says that /proc shows the machine's processes, so that counting them inside proves nothing. That none
	// survives Destroy is asserted all the same.
	SharedProcesses bool
}

// Case is one hostile program.
type Case struct {
	Name string
	// Shell, Python, C or Go is the program. Python is run with the prelude; C and Go are words for testdata's programs.
	Shell, Python, C, Go string
	Files                map[string]sandbox.File
	Limits               sandbox.Limits
	// Want are the verdicts of which any will do.
	Want   []sandbox.Verdict
	Reason string
	// Says must be in stdout; SaysNot must not.
	Says, SaysNot string
	// Needs is a limit (as in Result.Enforcement) that must be enforced for the case to mean anything.
	Needs string
	// Within bounds the time until Exec returns; 15 seconds if zero.
	Within time.Duration
	// Check looks further.
	Check func(t T, b *Bench, res sandbox.Result)
}

// Bench is one sandbox with the host things that must not be touched.
type Bench struct {
	Sandbox sandbox.Sandbox
	Canary  string // a file of the host
	Mark    string // in the environment of every process inside
	Port    int    // of a host listener on 127.0.0.1
	Socket  string // name of the host's abstract unix socket
	touched chan string
	shared  bool
}

// limits are small, so that bombs are cheap.
func limits() sandbox.Limits {
	return sandbox.Limits{
		CPUs: 1, Wall: 10 * time.Second, CPUTime: 8 * time.Second, Memory: 128 * sandbox.MiB, Pids: 64, Disk: 32 * sandbox.MiB,
		Inodes: 2000, Output: 64 * sandbox.KiB, OutputKill: sandbox.MiB, FileSize: 16 * sandbox.MiB, CopyOut: 4 * sandbox.MiB,
	}
}

// Run runs every case as a subtest.
func Run(t T, o Options) {
	o.programs = &programs{dir: t.TempDir()}
	for _, group := range []struct {
		class string
		cases []Case
	}{
		{"ends", ends()},
		{"processes", processes()},
		{"memory", memory()},
		{"disk", disk()},
		{"output", output()},
		{"time", times()},
		{"kernel", kernel()},
		{"host", host()},
		{"network", network()},
	} {
		t.Run(group.class, func(t T) {
			o.skip(t, group.class)
			for _, c := range group.cases {
				t.Run(strings.ReplaceAll(c.Name, " ", "_"), func(t T) {
					o.skip(t, group.class+"/"+c.Name)
					one(t, o, c)
				})
			}
		})
	}
	t.Run("files", func(t T) { files(t, o) })
	t.Run("life", func(t T) { life(t, o) })
	t.Run("egress", func(t T) { wayOut(t, o) })
	t.Run("proxy", func(t T) { proxy(t, o) })
}

func (o Options) skip(t T, name string) {
	t.Helper()
	if why := o.Skip[name]; why != "" {
		t.Skip(why)
	}
}

// NewBench makes a sandbox and its surroundings.
func NewBench(t T, o Options, l sandbox.Limits) *Bench {
	t.Helper()
	b := &Bench{Mark: rand.Text(), Canary: filepath.Join(t.TempDir(), "canary"), touched: make(chan string, 16), shared: o.SharedProcesses}
	if err := os.WriteFile(b.Canary, []byte("untouched"), 0o666); err != nil {
		t.Fatal(err)
	}
	b.listen(t)
	spec := o.Spec
	spec.Limits = l
	spec.Env = map[string]string{"MARK": b.Mark, "CANARY": b.Canary, "PORT": strconv.Itoa(b.Port), "ABSTRACT": b.Socket}
	sb, err := o.Driver.Create(t.Context(), spec)
	if err != nil {
		t.Fatalf("create sandbox: %v", err)
	}
	b.Sandbox = sb
	t.Cleanup(func() {
		if err := sb.Destroy(context.Background()); err != nil {
			t.Errorf("destroy: %v", err)
		}
	})
	return b
}

// listen opens what a program inside must not reach.
func (b *Bench) listen(t T) {
	t.Helper()
	b.Socket = "qlp-test-" + b.Mark
	for _, network := range []string{"tcp4", "tcp6", "unix"} {
		at := map[string]string{"tcp4": "127.0.0.1:0", "tcp6": fmt.Sprintf("[::1]:%d", b.Port), "unix": "@" + b.Socket}[network]
		l, err := new(net.ListenConfig).Listen(t.Context(), network, at)
		if err != nil && network == "tcp6" {
			continue // no such address on this machine, or the port is another's
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		if tcp, ok := l.Addr().(*net.TCPAddr); ok {
			b.Port = tcp.Port
		}
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				b.touched <- network + " listener"
				conn.Close()
			}
		}()
	}
}

func one(t T, o Options, c Case) {
	if c.Needs != "" && o.Weak[c.Needs] {
		t.Skipf("the limit %s is held by best effort here", c.Needs)
	}
	argv, files := command(t, o, c)
	b := NewBench(t, o, limits().Lower(c.Limits))
	if files != nil {
		if err := sandbox.PutTree(t.Context(), b.Sandbox, files); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	res, err := b.Sandbox.Exec(t.Context(), sandbox.Cmd{Argv: argv})
	took := time.Since(start)
	if err != nil {
		t.Fatalf("exec: %v", err)
	}
	if !slices.Contains(c.Want, res.Verdict) {
		t.Errorf("verdict %s (exit %d, signal %q, reason %q), want %v\nstdout: %.600s\nstderr: %.600s",
			res.Verdict, res.ExitCode, res.Signal, res.Reason, c.Want, res.Stdout, res.Stderr)
	}
	if c.Reason != "" && res.Reason != c.Reason {
		t.Errorf("reason %q, want %q", res.Reason, c.Reason)
	}
	if c.Says != "" && !bytes.Contains(res.Stdout, []byte(c.Says)) {
		t.Errorf("stdout does not say %q: %.600s\nstderr: %.600s", c.Says, res.Stdout, res.Stderr)
	}
	if c.SaysNot != "" && bytes.Contains(res.Stdout, []byte(c.SaysNot)) {
		t.Errorf("stdout says %q: %.600s", c.SaysNot, res.Stdout)
	}
	if within := max(c.Within, 15*time.Second); took > within {
		t.Errorf("took %s, more than %s", took, within)
	}
	if c.Check != nil {
		c.Check(t, b, res)
	}
	b.Unharmed(t)
	if !o.Mortal || res.Verdict != sandbox.OOM {
		b.StillWorks(t)
	}
	b.Gone(t)
	next(t, o)
}

// command says what is run, and which files it needs.
func command(t T, o Options, c Case) ([]string, map[string]sandbox.File) {
	t.Helper()
	switch {
	case c.Python != "":
		if _, err := os.Stat("/usr/bin/python3"); err != nil {
			t.Skip("no /usr/bin/python3 to make system calls with")
		}
		return []string{"/usr/bin/python3", "-I", "-c", prelude + c.Python}, c.Files
	case c.C != "":
		return []string{"./hostile", c.C}, o.programs.inC(t)
	case c.Go != "":
		return []string{"./hostile", c.Go}, o.programs.inGo(t)
	}
	return []string{"sh", "-c", c.Shell}, c.Files
}

// next asserts that the driver's next sandbox, with its defaults, runs an ordinary program.
func next(t T, o Options) {
	t.Helper()
	res, err := sandbox.RunOnce(t.Context(), o.Driver, o.Spec, sandbox.Cmd{Argv: []string{"sh", "-c", "ls -A; echo next"}}, "")
	if err != nil || res.Verdict != sandbox.OK || string(res.Stdout) != "next\n" {
		t.Errorf("next sandbox: %s %q %q %v", res.Verdict, res.Stdout, res.Stderr, err)
	}
}

// Unharmed asserts that the host things are as they were.
func (b *Bench) Unharmed(t T) {
	t.Helper()
	if got, err := os.ReadFile(b.Canary); err != nil || string(got) != "untouched" {
		t.Errorf("the host's canary was touched: %q, %v", got, err)
	}
	select {
	case what := <-b.touched:
		t.Errorf("the host's %s was reached", what)
	default:
	}
}

// StillWorks asserts that nothing is left inside and that an ordinary program runs.
func (b *Bench) StillWorks(t T) {
	t.Helper()
	// The shell itself counts itself and the init.
	res, err := b.Sandbox.Exec(t.Context(), sandbox.Cmd{Argv: []string{"sh", "-c", `set -- /proc/[0-9]*; echo ordinary $#`}})
	if err != nil {
		t.Fatalf("next run: %v", err)
	}
	if res.Verdict != sandbox.OK || string(res.Stdout) != "ordinary 2\n" && !b.shared {
		t.Errorf("next run: %s %q %q, want two processes", res.Verdict, res.Stdout, res.Stderr)
	}
}

// Gone destroys the sandbox and asserts that no process carries its mark.
func (b *Bench) Gone(t T) {
	t.Helper()
	if err := b.Sandbox.Destroy(t.Context()); err != nil {
		t.Errorf("destroy: %v", err)
	}
	if left := Survivors(b.Mark); len(left) > 0 {
		t.Errorf("processes survive: %v", left)
	}
}

// Survivors lists the processes of this host that carry mark in their environment.
func Survivors(mark string) []string {
	var left []string
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, f := range files {
		env, err := os.ReadFile(f)
		if err == nil && bytes.Contains(env, []byte("MARK="+mark)) {
			cmd, _ := os.ReadFile(filepath.Join(filepath.Dir(f), "cmdline"))
			left = append(left, fmt.Sprintf("%s %q", filepath.Base(filepath.Dir(f)), cmd))
		}
	}
	return left
}
