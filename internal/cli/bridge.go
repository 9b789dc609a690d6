package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/telemetry"
)

func (c *command) bridge() *cobra.Command {
	var dir, listen string
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "bridge --dir DIR",
		Short: "Be the model: an OpenAI-compatible endpoint whose prompts and answers are files",
		Long: "Be the model: an OpenAI-compatible endpoint on this machine, whose prompts and answers are files in a folder.\n" +
			"A request becomes NNNN-ROLE-DIGEST.prompt.md, and waits for NNNN-ROLE-DIGEST.answer.md, or .answer.json.\n" +
			"A request that was answered before is answered at once.",
		Example: "  qlp bridge --dir prompts\n  # providers.yaml:  providers: {me: {kind: bridge, base_url: \"http://127.0.0.1:8099/v1\"}}",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			if dir == "" {
				return qlp.Errorf(qlp.Invalid, "no folder is named").WithRemedy("give --dir")
			}
			if err := private(listen, false); err != nil {
				return qlp.Errorf(qlp.Invalid, "%s can be reached from other machines", listen).WithRemedy("listen on 127.0.0.1: whoever asks here needs no key")
			}
			log := telemetry.Logger(c.err, cfg.LogLevel, cfg.LogFormat)
			return app.ServeBridge(cmd.Context(), dir, listen, wait, log, func(url string) {
				c.printf("waiting for requests on %s\n  prompts and answers: %s\n", url, dir)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&dir, "dir", "", "folder of prompts and answers, made if it is not there")
	f.StringVar(&listen, "listen", "127.0.0.1:8099", "address, on this machine only")
	f.DurationVar(&wait, "wait", time.Hour, "how long a request waits for its answer")
	return cmd
}
