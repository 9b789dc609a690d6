package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator/test/accepttool"
	"github.com/quantumlayer/qlp/internal/validator/test/sitetool"
)

// tool holds the tools that the checks run inside the sandbox. They are part of this binary or stand beside it, so that they are never
// missing and their version is ours.
func (c *command) tool() *cobra.Command {
	cmd := &cobra.Command{Use: "tool", Short: "Tools that checks run inside the sandbox", Hidden: true}
	cmd.AddCommand(&cobra.Command{
		Use: "gosec", Short: "Scan Go code", DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error { return become("qlp-gosec", args) },
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

// become has the program that stands beside this one take its place.
func become(name string, args []string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own binary: %w", err)
	}
	path := filepath.Join(filepath.Dir(self), name)
	err = syscall.Exec(path, append([]string{name}, args...), os.Environ()) //nolint:gosec // our own program, beside this one
	return qlp.Errorf(qlp.Unavailable, "%s cannot be run: %w", path, err).WithRemedy("keep the file %s beside the qlp program; `make build` builds both", name)
}
