package cli

import (
	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/qlp"
)

func (c *command) tenant() *cobra.Command {
	cmd := &cobra.Command{
		Use: "tenant", Short: "Export or erase everything that one tenant owns", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.exportTenant(), c.eraseTenant())
	return cmd
}

func (c *command) exportTenant() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export NAME FILE",
		Short: "Write everything that a tenant owns to a tar",
		Long: "Write everything that a tenant owns to a tar that is not there yet: intents, runs, attempts, executions, events, model calls and\n" +
			"vectors as JSON lines, and the blobs and capsules that they refer to. Servers may run meanwhile.\n\n" +
			"Exit codes: 0 all is in it, 1 blobs are missing or damaged (the others are in it).",
		Args: usage(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, log, err := c.keeping()
			if err != nil {
				return err
			}
			e, err := app.ExportTenant(cmd.Context(), cfg, version(), args[0], args[1], log)
			if err != nil {
				return err
			}
			if c.json {
				c.printJSON(e)
			} else {
				c.printf("%s: %d intents, %d runs, %d capsules, %d blobs (%s)\n", args[1], e.Lines["intents"], e.Lines["runs"], len(e.Capsules), e.Blobs, inMiB(e.Bytes))
			}
			return c.missing(e.Missing)
		},
	}
	cmd.Flags().BoolVar(&c.json, "json", false, "print what is in it as JSON")
	return cmd
}

func (c *command) eraseTenant() *cobra.Command {
	var yes, cancel bool
	cmd := &cobra.Command{
		Use:   "erase NAME",
		Short: "Remove everything that a tenant owns, for good",
		Long: "Remove everything that a tenant owns, for good: its rows, its queue jobs, and the blobs and capsules that no other tenant refers\n" +
			"to. What was spent stays in the sums of days and months, which name nobody. Active intents are refused, or cancelled with --cancel.\n\n" +
			"On SQLite, no server may run on the data folder, and its file is written anew. On PostgreSQL, servers may run; blobs that are\n" +
			"younger than an hour go with the next qlp gc. Backups and exports that were made before are not touched.",
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !yes {
				return qlp.Errorf(qlp.Invalid, "everything that the tenant %.64q owns would be removed for good", args[0]).
					WithRemedy("add --yes if that is meant; qlp tenant export %s FILE makes a copy first", args[0])
			}
			cfg, log, err := c.keeping()
			if err != nil {
				return err
			}
			e, err := app.EraseTenant(cmd.Context(), cfg, args[0], cancel, log)
			if err != nil {
				return err
			}
			if c.json {
				c.printJSON(e)
				return nil
			}
			c.printf("erased %d intents and %d blobs (%s)\n", e.Intents, e.Garbage.Blobs, inMiB(e.Garbage.Bytes))
			if e.Garbage.Young > 0 {
				c.printf("%d blobs that nothing refers to are younger than an hour: run qlp gc after that\n", e.Garbage.Young)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "remove it")
	cmd.Flags().BoolVar(&cancel, "cancel", false, "cancel intents that are active first")
	cmd.Flags().BoolVar(&c.json, "json", false, "print the result as JSON")
	return cmd
}
