package cli

import (
	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/telemetry"
)

func (c *command) migrate() *cobra.Command {
	var adopt bool
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's schema up to date",
		Long: "Bring the schema of the database up to date: that of --database-url, or the one in the data folder. Every command does so\n" +
			"by itself where it may; this one is for a role that may more than the servers' own, and for doing it ahead of them.\n\n" +
			"A database belongs to one shared folder. --adopt binds it to the one that is set, after the folder was moved or restored.",
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			if err := app.Migrate(cmd.Context(), cfg, adopt, telemetry.Logger(c.err, cfg.LogLevel, cfg.LogFormat)); err != nil {
				return err
			}
			c.printf("the schema is up to date\n")
			return nil
		},
	}
	cmd.Flags().BoolVar(&adopt, "adopt", false, "bind the database to the shared folder that is set")
	return cmd
}
