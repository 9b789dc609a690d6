package cli

import (
	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/validator/security/gosectool"
	"github.com/quantumlayer/qlp/internal/validator/test/accepttool"
	"github.com/quantumlayer/qlp/internal/validator/test/sitetool"
)

// tool holds the tools that the checks run inside the sandbox. They are part of this binary, so that they are never missing
// and their version is ours.
func (c *command) tool() *cobra.Command {
	cmd := &cobra.Command{Use: "tool", Short: "Tools that checks run inside the sandbox", Hidden: true}
	cmd.AddCommand(&cobra.Command{
		Use: "gosec", Short: "Scan Go code", DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error { return exit(gosectool.Main(args, c.out)) },
	})
	cmd.AddCommand(&cobra.Command{
		Use: "accept CASES.json -- ENTRY...", Short: "Play the acceptance cases of a program", DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return exit(accepttool.Main(args, c.out, cmd.ErrOrStderr()))
		},
	})
	cmd.AddCommand(&cobra.Command{
		Use: "site DIR", Short: "Follow the links of a static site", DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error { return exit(sitetool.Main(args, c.out)) },
	})
	return cmd
}
