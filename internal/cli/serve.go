package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/telemetry"
)

func (c *command) serve() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Serve the API on the loopback address, with a worker",
		Long: "Serve the API on the loopback address, with a worker. Callers send the token from the file `token` in the data folder.\n" +
			"Other qlp commands on the same data folder talk to this server by themselves.\n\n" +
			"Over one PostgreSQL (--database-url) any number of servers share the work, with one folder for what they have in common\n" +
			"(--shared). --roles api serves without running anything, --roles worker runs and serves its health and metrics alone.\n" +
			"A server that is told to stop says that it is not ready, goes on answering for --stop-delay, gives running jobs\n" +
			"--stop-grace, and hands over what is left.",
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			log := telemetry.Logger(c.err, cfg.LogLevel, cfg.LogFormat)
			ctx := context.WithoutCancel(cmd.Context())
			a, err := app.Open(ctx, cfg, version(), log)
			if err != nil {
				return err
			}
			err = a.Serve(cmd.Context(), func(at app.Server) {
				c.printf("listening on %s\n  token:  %s\n  API:    %s/openapi.json\n", at.URL, at.TokenPath, at.URL)
			})
			stopping, cancel := context.WithTimeout(ctx, cfg.StopGrace*2)
			defer cancel()
			return errors.Join(err, a.Stop(stopping))
		},
	}
}
