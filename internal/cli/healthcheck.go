package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/client"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// healthcheckTimeout is shorter than any probe's own.
const healthcheckTimeout = 3 * time.Second

func (c *command) healthcheck() *cobra.Command {
	return &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask the server on the data folder whether it is ready",
		Long: "Ask the server on the data folder whether it is ready, as the probe of a container does.\n\n" +
			"Exit codes: 0 it is, 1 it is not or there is none.",
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			at, ok := app.FindServer(cfg)
			if !ok {
				return qlp.Errorf(qlp.Unavailable, "no server has said in %s where it listens", cfg.DataDir).WithRemedy("start qlp serve, or name its folder with --data")
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), healthcheckTimeout)
			defer cancel()
			if err := client.New(at.URL, at.Token.Reveal(), nil).Ready(ctx); err != nil {
				return err
			}
			c.printf("ready: %s\n", at.URL)
			return nil
		},
	}
}
