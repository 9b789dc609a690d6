package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/telemetry"
)

func (c *command) providers() *cobra.Command {
	cmd := &cobra.Command{
		Use: "providers", Short: "List and try the providers of models", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.listProviders(), c.testProviders())
	return cmd
}

func (c *command) listProviders() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the configured providers and their roles; nobody is asked", Args: usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			found, err := app.Providers(cfg, os.Getenv)
			if err != nil {
				return err
			}
			if c.json {
				c.printJSON(found)
				return nil
			}
			rows := [][]string{{"NAME", "KIND", "ADDRESS", "KEY", "ROLES"}}
			for _, p := range found {
				rows = append(rows, []string{p.Name, p.Kind, plain(p.Address, 60), p.Key, plain(strings.Join(p.Roles, ", "), 120)})
			}
			table(c.out, rows)
			return nil
		},
	}
	cmd.Flags().BoolVar(&c.json, "json", false, "print JSON")
	return cmd
}

func (c *command) testProviders() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test [NAME[/MODEL]]...",
		Short: "Make one small structured call to each model, and print what it showed",
		Long: "Make one small structured call to each configured model, or to those that are named, and print what it showed.\n" +
			"The calls are real: they cost what they say, and are held against the caps.\n\nExit codes: 0 all answered as asked, 1 one did not, 2 there is none to ask.",
		Example: "  qlp providers test\n  qlp providers test openai/MODEL --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			found, err := app.TestProviders(cmd.Context(), cfg, args, telemetry.Logger(c.err, quieter(cfg.LogLevel), cfg.LogFormat))
			if err != nil {
				return err
			}
			code := exitOK
			for _, t := range found {
				if !t.OK {
					code = exitFailed
				}
			}
			if c.json {
				c.printJSON(found)
			} else {
				c.showTests(found)
			}
			return exit(code)
		},
	}
	cmd.Flags().BoolVar(&c.json, "json", false, "print JSON")
	return cmd
}

func (c *command) showTests(found []app.ProviderTest) {
	paint := newPaint(c.out)
	rows := [][]string{{"", "MODEL", "FIRST", "TOTAL", "TOKENS", "COST", "PRICE (IN/OUT)", "WINDOW", "STRUCTURED", "VECTORS"}}
	for _, t := range found {
		word := paint.green("ok")
		if !t.OK {
			word = paint.red("failed")
		}
		cost, price := "unknown", "unknown"
		if t.Price != nil {
			cost = fmt.Sprintf("$%.6f", float64(t.Micros)/1e6)
			price = fmt.Sprintf("$%g/$%g a million", float64(t.Price.Input)/1e6, float64(t.Price.Output)/1e6)
		}
		rows = append(rows, []string{
			word, plain(t.Choice, 60), millis(t.FirstMS), millis(t.TotalMS), fmt.Sprint(t.Usage.Total()), cost, price,
			number(t.Window), known(t.Structured), number(int64(t.Dimensions)),
		})
		if !t.OK {
			rows = append(rows, []string{"", plain(t.Error, 200)})
			if t.Remedy != "" {
				rows = append(rows, []string{"", paint.yellow("do: " + plain(t.Remedy, 200))})
			}
		}
	}
	table(c.out, rows)
}

func millis(ms int64) string {
	if ms == 0 {
		return "-"
	}
	return fmt.Sprintf("%d ms", ms)
}

func number(n int64) string {
	if n == 0 {
		return "unknown"
	}
	return fmt.Sprint(n)
}

func known(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
