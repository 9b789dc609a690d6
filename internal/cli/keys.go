package cli

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/capsule"
)

func (c *command) keys() *cobra.Command {
	cmd := &cobra.Command{
		Use: "keys", Short: "Show the signing key, and pin the keys of others", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.showKey(), c.listKeys(), c.pinKey(), c.unpinKey())
	return cmd
}

func (c *command) keyring() (capsule.Keyring, error) {
	cfg, err := c.load()
	return app.Keyring(cfg), err
}

func (c *command) showKey() *cobra.Command {
	var pem bool
	cmd := &cobra.Command{
		Use: "show", Short: "Show this machine's public key, made on first use", Args: usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			ring, err := c.keyring()
			if err != nil {
				return err
			}
			key, err := ring.Signing()
			if err != nil {
				return err
			}
			if pem {
				c.printf("%s", key.Public().PEM())
			} else {
				c.printf("%s\n", key.Public().ID())
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&pem, "pem", false, "print the public key itself, for others to pin")
	return cmd
}

func (c *command) listKeys() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the keys whose capsules are accepted", Args: usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			ring, err := c.keyring()
			if err != nil {
				return err
			}
			if own, ok, err := ring.Own(); err != nil {
				return err
			} else if ok {
				c.printf("%s  own\n", own.ID())
			}
			pinned, err := ring.Pinned()
			if err != nil {
				return err
			}
			for _, id := range slices.Sorted(maps.Keys(pinned)) {
				c.printf("%s  pinned\n", id)
			}
			return nil
		},
	}
}

func (c *command) pinKey() *cobra.Command {
	return &cobra.Command{
		Use: "pin FILE", Short: "Accept capsules of this public key, and refuse those of unknown ones from now on", Args: usage(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			ring, err := c.keyring()
			if err != nil {
				return err
			}
			b, err := readFileOr(c.in, args[0])
			if err != nil {
				return err
			}
			key, err := capsule.ParsePublicKey(b)
			if err != nil {
				return err
			}
			if err := ring.Pin(key); err != nil {
				return err
			}
			c.printf("%s  pinned\n", key.ID())
			return nil
		},
	}
}

func (c *command) unpinKey() *cobra.Command {
	return &cobra.Command{
		Use: "unpin ID", Short: "Forget a pinned key", Args: usage(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			ring, err := c.keyring()
			if err != nil {
				return err
			}
			return ring.Unpin(args[0])
		},
	}
}
