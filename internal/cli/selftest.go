package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest"
)

func (c *command) selfTest() *cobra.Command {
	var driver, class string
	cmd := &cobra.Command{
		Use:   "selftest",
		Short: "Run the hostile programs of the tests in this machine's sandbox",
		Long: "Run the hostile programs that QLP is tested with (fork bombs, floods, escapes, ways out) in sandboxes of this machine, and say for each\n" +
			"whether it ended as it must, touched nothing of the machine, and left nothing behind. It takes a minute or two.\n\n" +
			"Exit codes: 0 everything held, 1 something did not, 2 usage, 6 there is no sandbox on this machine.",
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.doSelfTest(cmd, driver, class) },
	}
	cmd.Flags().StringVar(&driver, "driver", "", "driver of the sandbox: "+strings.Join(app.Drivers(), ", "))
	cmd.Flags().StringVar(&class, "class", "", "one class of programs only: ends, processes, memory, disk, output, time, kernel, host, network, files, life, egress, proxy")
	cmd.Flags().BoolVar(&c.json, "json", false, "print one outcome a line, as JSON")
	return cmd
}

func (c *command) doSelfTest(cmd *cobra.Command, driver, class string) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	begun := time.Now()
	count := map[string]int{}
	paint := newPaint(c.out)
	caps, err := app.SelfTest(cmd.Context(), cfg, driver, class, func(o sandboxtest.Outcome) {
		count[o.Status]++
		if c.json {
			c.printJSON(o)
			return
		}
		status := paint.green("ok     ")
		switch o.Status {
		case sandboxtest.Failed:
			status = paint.red("FAILED ")
		case sandboxtest.Skipped:
			status = paint.yellow("skipped")
		}
		c.printf("%s  %-10s %-44s %6d ms%s\n", status, o.Class, o.Case, o.MS, because(plain(o.Detail, 300)))
	})
	if err != nil {
		return err
	}
	ran := count[sandboxtest.Passed] + count[sandboxtest.Failed]
	if c.json {
		c.printJSON(map[string]any{
			"type": "selftest.finished", "isolation": caps.Isolation, "engine": caps.Engine, "enforcement": caps.Enforcement,
			"passed": count[sandboxtest.Passed], "failed": count[sandboxtest.Failed], "skipped": count[sandboxtest.Skipped], "elapsed_ms": time.Since(begun).Milliseconds(),
		})
	} else {
		c.printf("\n%d held, %d did not, %d skipped in %s: isolated by %s, %s\n", count[sandboxtest.Passed], count[sandboxtest.Failed], count[sandboxtest.Skipped],
			seconds(time.Since(begun)), caps.Isolation, caps.Engine)
	}
	switch {
	case ran == 0:
		return qlp.Errorf(qlp.Invalid, "not one program was run").WithRemedy("leave --class out, or name one of those that --help lists")
	case count[sandboxtest.Failed] > 0:
		return exit(exitFailed)
	}
	return nil
}
