package cli

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/telemetry"
)

// keeping reads the settings for a command that keeps house: it works on the data itself, not through a server.
func (c *command) keeping() (config.Config, *slog.Logger, error) {
	cfg, err := c.load()
	return cfg, telemetry.Logger(c.err, quieter(cfg.LogLevel), cfg.LogFormat), err
}

// inMiB prints a number of bytes for people.
func inMiB(bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}

func (c *command) backup() *cobra.Command {
	var what app.Backup
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write the database and its blobs to one file, also while a server runs",
		Long: "Write the database in the data folder, and the blobs that it refers to, to one file that is not there yet. A server may run\n" +
			"meanwhile. The file appears whole or not at all, and only its owner may read it.\n\n" +
			"The private key that capsules are signed with is NOT in it, unless --keys is given: whoever has that key can sign in this\n" +
			"machine's name. Without it, a restored folder still accepts the capsules that it signed, and makes a new one for others.\n" +
			"Settings, providers.yaml and the API's token are not in it.\n\n" +
			"A PostgreSQL database makes its own backups; --blobs writes the blobs alone, after it.\n\n" +
			"Exit codes: 0 all is in it, 1 blobs are missing or damaged (the others are in it).",
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, log, err := c.keeping()
			if err != nil {
				return err
			}
			m, err := app.MakeBackup(cmd.Context(), cfg, version(), args[0], what, log)
			if err != nil {
				return err
			}
			if c.json {
				c.printJSON(m)
			} else {
				c.printf("%s: %d blobs, %s in all before compression", args[0], m.Blobs.Count, inMiB(m.Bytes()))
				if m.Keys {
					c.printf("; WITH the private signing key: keep it as you keep the key\n")
				} else {
					c.printf("; without the private signing key (--keys)\n")
				}
			}
			return c.missing(m.Missing)
		},
	}
	cmd.Flags().BoolVar(&what.Keys, "keys", false, "with the private key that capsules are signed with")
	cmd.Flags().BoolVar(&what.Blobs, "blobs", false, "the blobs alone, without the database")
	cmd.Flags().BoolVar(&c.json, "json", false, "print the manifest as JSON")
	return cmd
}

// missing says which blobs are not there; there are at most a few of interest.
func (c *command) missing(digests []qlp.Digest) error {
	for i, d := range digests {
		if i == 10 {
			_, _ = fmt.Fprintf(c.err, "and %d more\n", len(digests)-i)
			break
		}
		_, _ = fmt.Fprintf(c.err, "missing or damaged: the blob %s\n", d)
	}
	if len(digests) > 0 {
		return exitError(exitFailed)
	}
	return nil
}

func (c *command) restore() *cobra.Command {
	var into string
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Write a backup into an empty data folder",
		Long: "Write a backup into the data folder, or into another one with --into, which is empty or not there. Every digest is compared\n" +
			"before anything is written; a backup that is damaged, or of a newer qlp, changes nothing. Afterwards all of it is read once more.\n\n" +
			"Exit codes: 0 all is there, 1 blobs are missing that were missing when the backup was made.",
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, log, err := c.keeping()
			if err != nil {
				return err
			}
			done, err := app.RestoreBackup(cmd.Context(), cfg, args[0], into, log)
			if err != nil {
				return err
			}
			m := done.Manifest
			c.printf("%s: as of %s, %d blobs", done.Into, m.Created.Format(time.RFC3339), m.Blobs.Count)
			if m.Keys {
				c.printf(", with the signing key\n")
			} else {
				c.printf(", without a signing key: the next capsule makes a new one\n")
			}
			return c.missing(done.Verified.Missing)
		},
	}
	cmd.Flags().StringVar(&into, "into", "", "folder to restore into, in place of the data folder")
	return cmd
}

func (c *command) gc() *cobra.Command {
	var dry bool
	var older time.Duration
	cmd := &cobra.Command{
		Use:   "gc",
		Short: "Remove blobs that nothing refers to, and what expired runs hold",
		Long: "Remove blobs that no row of the database refers to and that are older than an hour. With --older-than, or the setting retention,\n" +
			"also the files, logs and reports of runs without a capsule whose intent ended longer ago. Capsules, and what model calls and\n" +
			"events refer to, always stay. Servers may run meanwhile; one gc runs at a time.",
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, log, err := c.keeping()
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("older-than") {
				older = cfg.Retention
			}
			if older < 0 {
				return qlp.Errorf(qlp.Invalid, "--older-than %s is no age", older).WithRemedy("use one such as 720h; 0 leaves runs as they are")
			}
			got, err := app.CollectGarbage(cmd.Context(), cfg, older, dry, log)
			if err != nil {
				return err
			}
			if c.json {
				c.printJSON(got)
				return nil
			}
			verb := "removed"
			if dry {
				verb = "would remove"
			}
			c.printf("%s %d blobs (%s); cleared runs: %d; kept: %d; younger than an hour: %d\n", verb, got.Blobs, inMiB(got.Bytes), got.Runs, got.Kept, got.Young)
			if dry && got.Runs > 0 {
				c.printf("what these runs alone refer to would go as well\n")
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would be removed, and remove nothing")
	cmd.Flags().DurationVar(&older, "older-than", 0, "clear runs without a capsule whose intent ended longer ago, for example 720h (default: the setting retention)")
	cmd.Flags().BoolVar(&c.json, "json", false, "print the result as JSON")
	return cmd
}

func (c *command) verifyData() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify-data",
		Short: "Read every blob that the database refers to, and compare its digest",
		Long: "Read every blob that the database refers to, and compare its digest: after a restore, or when a disk is in doubt.\n\n" +
			"Exit codes: 0 all is there, 1 blobs are missing or damaged.",
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, log, err := c.keeping()
			if err != nil {
				return err
			}
			got, err := app.VerifyData(cmd.Context(), cfg, log)
			if err != nil {
				return err
			}
			if c.json {
				c.printJSON(got)
			} else {
				c.printf("%d blobs are there and whole (%s), %d are missing or damaged\n", got.Blobs, inMiB(got.Bytes), len(got.Missing))
			}
			return c.missing(got.Missing)
		},
	}
	cmd.Flags().BoolVar(&c.json, "json", false, "print the result as JSON")
	return cmd
}
