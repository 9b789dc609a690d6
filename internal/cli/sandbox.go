package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

func (c *command) sandbox() *cobra.Command {
	cmd := &cobra.Command{
		Use: "sandbox", Short: "Run a command in the sandbox, or try what the sandbox holds", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.runInSandbox(), c.selfTest())
	return cmd
}

func (c *command) runInSandbox() *cobra.Command {
	var t app.Trial
	var isolation, network string
	l := &t.Spec.Limits
	memory, disk, output := size(256*sandbox.MiB), size(64*sandbox.MiB), size(sandbox.MiB)
	cmd := &cobra.Command{
		Use:   "run [flags] -- CMD [ARG...]",
		Short: "Run one command without network, within limits, on a copy of a folder",
		Long: "Run one command without network, within limits, on a copy of a folder that is thrown away afterwards.\n\n" +
			"Exit codes: the command's own when it ended by itself; 126 it cannot be executed; 127 it is not there; 125 everything else: it was\n" +
			"killed (the last line, or the verdict, says for what), the input is wrong, or the machine cannot do it.",
		Example: "  qlp sandbox run --wall 2s --memory 64m -- python3 -c 'print(6*7)'\n" +
			"  qlp sandbox run --stack go --net fetch --memory 2g --disk 1g --pids 500 --wall 2m --dir . -- go mod download",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.notStarted(qlp.Errorf(qlp.Invalid, "there is no command").WithRemedy("put it behind --: qlp sandbox run -- echo hello"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			l.Memory, l.Disk, l.Output = int64(memory), int64(disk), int64(output)
			t.Spec.Isolation, t.Fetch = sandbox.Level(isolation), network == "fetch"
			t.Cmd.Argv = args
			tried, err := c.try(cmd, t, network)
			if err != nil {
				return c.notStarted(err)
			}
			c.printTried(tried)
			return ending(tried.Result)
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return c.notStarted(qlp.Errorf(qlp.Invalid, "%w", err).WithRemedy("see qlp sandbox run --help"))
	})
	f := cmd.Flags()
	f.StringVar(&t.Driver, "driver", "", "driver of the sandbox: "+strings.Join(app.Drivers(), ", "))
	f.StringVar(&isolation, "isolation", "", "weakest wall that will do: vm, gvisor, namespaces, process")
	f.StringVar(&network, "net", "none", "none, or fetch: the registries that this machine's package managers are set to use")
	f.StringVar(&t.Stack, "stack", "", "stack whose toolchain the command sees (default: the system's own programs)")
	f.DurationVar(&l.Wall, "wall", 10*time.Second, "time on the clock")
	f.Float64Var(&l.CPUs, "cpu", 1, "processors")
	f.Var(&memory, "memory", "memory, with k, m or g")
	f.IntVar(&l.Pids, "pids", 64, "processes and threads")
	f.Var(&disk, "disk", "size of the writable places, with k, m or g")
	f.Var(&output, "output", "bytes of output that are kept, with k, m or g")
	f.StringVar(&t.Dir, "dir", "", "folder whose copy is the working folder (default: an empty one)")
	f.BoolVar(&c.json, "json", false, "print one JSON object with verdict, output and figures")
	return cmd
}

// try refuses what cannot be meant before anything starts.
func (c *command) try(cmd *cobra.Command, t app.Trial, network string) (app.Tried, error) {
	if network != "none" && network != "fetch" {
		return app.Tried{}, qlp.Errorf(qlp.Invalid, "there is no network %.40q", network).WithRemedy("use none or fetch")
	}
	if err := sensible(t.Spec.Limits); err != nil {
		return app.Tried{}, err
	}
	if err := folder(t.Dir); err != nil {
		return app.Tried{}, err
	}
	if err := executable(t.Dir, t.Cmd.Argv[0]); err != nil {
		return app.Tried{}, err
	}
	cfg, err := c.load()
	if err != nil {
		return app.Tried{}, err
	}
	t.Spec.Require = cfg.RequireLimits
	return app.Try(cmd.Context(), cfg, t)
}

// notStarted prints why nothing was run.
func (c *command) notStarted(err error) error {
	_ = c.exitCode(err)
	return exitError(exitSandbox)
}

// ending is Docker's convention: the program's own exit code, or one that says why there is none.
func ending(r sandbox.Result) error {
	switch {
	case r.Verdict == sandbox.OK:
		return nil
	case r.Verdict == sandbox.Nonzero:
		return exitError(r.ExitCode)
	case r.Verdict == sandbox.NotStarted && r.Reason == sandbox.ReasonNotFound:
		return exitError(exitNotThere)
	case r.Verdict == sandbox.NotStarted:
		return exitError(exitNotExecutable)
	}
	return exitError(exitSandbox)
}

func (c *command) printTried(t app.Tried) {
	r := t.Result
	if c.json {
		c.printJSON(t)
		return
	}
	_, _ = c.out.Write(r.Stdout)
	_, _ = c.err.Write(r.Stderr)
	for _, d := range t.Egress {
		if !d.Allowed {
			_, _ = fmt.Fprintf(c.err, "qlp: refused: %s %s port %d: %s\n", d.Method, d.Host, d.Port, d.Reason)
		}
	}
	if r.Verdict != sandbox.OK {
		text := string(r.Verdict)
		switch {
		case r.Signal != "":
			text += ", " + r.Signal
		case r.Verdict == sandbox.Nonzero:
			text += ", exit code " + strconv.Itoa(r.ExitCode)
		}
		_, _ = fmt.Fprintf(c.err, "qlp: %s%s\n", text, because(r.Reason))
	}
	if hint := missing(r, t.Stack); hint != "" {
		_, _ = fmt.Fprintf(c.err, "     %s\n", hint)
	}
}

// missing says what to do about a program that could not be started.
func missing(r sandbox.Result, stack string) string {
	switch {
	case r.Verdict != sandbox.NotStarted:
		return ""
	case r.Reason == sandbox.ReasonNotFound && stack == "":
		return "a sandbox has the programs of /usr; --stack adds a toolchain, and --dir a folder whose programs are called as ./name"
	case r.Reason == sandbox.ReasonNotFound:
		return "the toolchain of " + stack + " and /usr have no such program; install it on this machine, or bring it with --dir"
	case r.Reason == sandbox.ReasonNotExec:
		return "it must be marked executable, and be a program for this kind of machine or a script that begins with #!"
	}
	return ""
}

// size is a flag value in bytes, written with a unit: 64m.
type size int64

// String writes the value as Set reads it.
func (s *size) String() string {
	for _, u := range []struct {
		bytes int64
		name  string
	}{{sandbox.GiB, "g"}, {sandbox.MiB, "m"}, {sandbox.KiB, "k"}} {
		if n := int64(*s); n != 0 && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(*s), 10)
}

// Set reads a whole number with an optional unit: k, m or g, also as KiB or kb.
func (s *size) Set(text string) error {
	lower := strings.ToLower(strings.TrimSpace(text))
	digits := strings.TrimRight(lower, "bikmg")
	unit, ok := map[string]int64{
		"": 1, "b": 1, "k": sandbox.KiB, "kb": sandbox.KiB, "kib": sandbox.KiB, "m": sandbox.MiB, "mb": sandbox.MiB, "mib": sandbox.MiB,
		"g": sandbox.GiB, "gb": sandbox.GiB, "gib": sandbox.GiB,
	}[lower[len(digits):]]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !ok || n <= 0 || n > (1<<50)/unit {
		return qlp.Errorf(qlp.Invalid, "%q is not a size such as 64m", text)
	}
	*s = size(n * unit)
	return nil
}

// Type is what the help calls the value.
func (*size) Type() string { return "size" }
