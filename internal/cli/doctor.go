package cli

import (
	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/app"
)

func (c *command) doctor() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Try what a run needs on this machine, and say what to do about what is missing",
		Long:  "Try what a run needs on this machine: the toolchains, the data folder, and the sandbox, by running a canary in it.\n\nExit codes: 0 all is well, 1 something is not.",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			findings := app.Doctor(cmd.Context(), cfg)
			paint := newPaint(c.out)
			code := exitOK
			rows := [][]string{}
			for _, f := range findings {
				word := paint.green("ok")
				if !f.OK {
					word, code = paint.red("failed"), exitFailed
				}
				rows = append(rows, []string{word, f.Check, plain(f.Detail, 160)})
				if !f.OK && f.Fix != "" {
					rows = append(rows, []string{"", "", paint.yellow("do: " + f.Fix)})
				}
			}
			if c.json {
				c.printJSON(findings)
			} else {
				table(c.out, rows)
			}
			return exit(code)
		},
	}
	cmd.Flags().BoolVar(&c.json, "json", false, "print JSON")
	return cmd
}
