package cli

import (
	"errors"
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
		Use: "sandbox", Short: "Run a command in the sandbox", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.runInSandbox())
	return cmd
}

func (c *command) runInSandbox() *cobra.Command {
	var wall time.Duration
	var cpu float64
	var pids int
	var dir string
	memory, disk, output := size(256*sandbox.MiB), size(64*sandbox.MiB), size(sandbox.MiB)
	cmd := &cobra.Command{
		Use:   "run [flags] -- CMD [ARG...]",
		Short: "Run one command without network, within limits, on a copy of a folder",
		Long: "Run one command without network, within limits, on a copy of a folder that is thrown away afterwards.\n\n" +
			"Exit codes: 0 the command ended with 0, 1 it did not (the verdict says how), 2 usage, 5 interrupted, 6 machine error.",
		Example: "  qlp sandbox run --wall 2s --memory 64m -- python3 -c 'print(6*7)'",
		Args:    usage(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			limits := sandbox.Limits{
				CPUs: cpu, Wall: wall, Memory: int64(memory), Pids: pids, Disk: int64(disk), Output: int64(output),
			}
			if err := positive(limits); err != nil {
				return err
			}
			driver, err := app.Sandbox(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			spec := sandbox.Spec{Limits: limits, Require: cfg.RequireLimits}
			result, err := sandbox.RunOnce(cmd.Context(), driver, spec, sandbox.Cmd{Argv: args}, dir)
			if err = errors.Join(err, driver.Close()); err != nil {
				return err
			}
			c.printResult(result)
			if result.Verdict == sandbox.Canceled {
				return exitError(exitCanceled)
			}
			if result.Verdict != sandbox.OK {
				return exitError(exitFailed)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.DurationVar(&wall, "wall", 10*time.Second, "time on the clock")
	f.Float64Var(&cpu, "cpu", 1, "processors")
	f.Var(&memory, "memory", "memory, with k, m or g")
	f.IntVar(&pids, "pids", 64, "processes and threads")
	f.Var(&disk, "disk", "size of the writable places, with k, m or g")
	f.Var(&output, "output", "bytes of output that are kept, with k, m or g")
	f.StringVar(&dir, "dir", "", "folder whose copy is the working folder (default: an empty one)")
	f.BoolVar(&c.json, "json", false, "print one JSON object with verdict, output and figures")
	return cmd
}

func positive(l sandbox.Limits) error {
	if l.Wall <= 0 || l.CPUs <= 0 || l.Pids <= 0 || l.Memory <= 0 || l.Disk <= 0 || l.Output <= 0 {
		return qlp.Errorf(qlp.Invalid, "a limit is not above zero").WithRemedy("leave it out for its default")
	}
	return nil
}

func (c *command) printResult(r sandbox.Result) {
	if c.json {
		c.printJSON(r)
		return
	}
	_, _ = c.out.Write(r.Stdout)
	_, _ = c.err.Write(r.Stderr)
	if r.Verdict != sandbox.OK {
		text := string(r.Verdict)
		switch {
		case r.Signal != "":
			text += ", " + r.Signal
		case r.Verdict == sandbox.Nonzero:
			text += ", exit code " + strconv.Itoa(r.ExitCode)
		}
		_, _ = c.err.Write([]byte("qlp: " + text + because(r.Reason) + "\n"))
	}
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
