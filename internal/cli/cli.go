// Package cli is the command line: one file a command, each from flags to one call to printed lines.
//
// It never decides anything about a run: it talks to an engine through the API's client, whether that engine is a server
// or lives in this process.
//
// Arrows: app, client, config, and the types of the rooms whose results it prints.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// The exit codes of every command. Scripts rely on them.
const (
	exitOK         = 0
	exitFailed     = 1 // the run failed, the capsule is not good, a canary did not hold
	exitUsage      = 2
	exitNeedsInput = 3 // questions are open, or the intent was not understood; of capsule commands: the file is unreadable
	exitUnverified = 4
	exitCanceled   = 5
	exitMachine    = 6 // the machine, not the project, is at fault
	exitPaused     = 7 // a cap on model calls is reached, or no model answers

	// Of qlp sandbox run alone, which otherwise ends as its command did.
	exitSandbox       = 125
	exitNotExecutable = 126
	exitNotThere      = 127
)

// exitError carries an exit code that a command chose. Its message, if any, was printed already.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// command is what the subcommands share.
type command struct {
	in       io.Reader
	out, err io.Writer
	flags    *pflag.FlagSet
	config   string
	json     bool
}

// Main runs one command line and returns the exit code.
func Main(args []string, in io.Reader, out, errw io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := &command{in: in, out: out, err: errw}
	root := c.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errw)
	return c.exitCode(root.ExecuteContext(ctx))
}

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "qlp",
		Short:         "Turn an intent into software that has been proven to work",
		Long:          "QLP turns a sentence into software that has been proven to work: a typed spec, a plan, the files, a build and tests\nin a sandbox, and a signed capsule with the evidence. It needs no account, no key and no network.",
		SilenceErrors: true, SilenceUsage: true,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return qlp.Errorf(qlp.Invalid, "%w", err).WithRemedy("see %s --help", cmd.CommandPath())
	})
	c.flags = root.PersistentFlags()
	c.flags.StringVar(&c.config, "config", "", "settings file (default: qlp.yaml in the current folder, if there is one)")
	for _, k := range config.Keys() {
		c.flags.String(k.Flag(), k.Default, k.Doc)
		if k.Name != "data" && k.Name != "log_level" && k.Name != "log_format" {
			_ = c.flags.MarkHidden(k.Flag()) // the flag was just made
		}
	}
	root.AddCommand(c.run(), c.replay(), c.verifyRepo(), c.interpret(), c.plan(), c.spec(), c.intents(), c.similar(), c.embeddings(), c.vector(), c.serve(), c.capsule(), c.keys(),
		c.providers(), c.bridge(), c.sandbox(), c.sandboxd(), c.eval(), c.doctor(), c.healthcheck(), c.migrate(), c.backup(), c.restore(), c.gc(), c.verifyData(), c.tenant(), c.version(), c.tool())
	return root
}

// load reads the settings, with the flags that were given.
func (c *command) load() (config.Config, error) {
	given := map[string]string{}
	for _, k := range config.Keys() {
		if f := c.flags.Lookup(k.Flag()); f.Changed {
			given[k.Name] = f.Value.String()
		}
	}
	return config.Load(config.Sources{File: c.config, Env: os.Environ(), Flags: given})
}

// exitCode prints an error with what to do, and turns it into the exit code.
func (c *command) exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	if code, ok := errors.AsType[exitError](err); ok {
		return int(code)
	}
	if errors.Is(err, context.Canceled) {
		_, _ = fmt.Fprintln(c.err, "qlp: interrupted")
		return exitCanceled
	}
	remedy := qlp.RemedyOf(err)
	if c.json {
		c.printJSON(map[string]any{"type": "error", "code": qlp.CodeOf(err), "message": err.Error(), "remedy": remedy})
	}
	_, _ = fmt.Fprintln(c.err, "qlp:", err)
	if remedy != "" {
		_, _ = fmt.Fprintln(c.err, "     "+remedy)
	}
	if code := qlp.CodeOf(err); code == qlp.Invalid || code == qlp.NotFound {
		return exitUsage
	}
	return exitMachine
}

// usage makes a complaint about arguments an invalid error, so that it has the exit code of one.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return qlp.Errorf(qlp.Invalid, "%w", err).WithRemedy("see %s --help", cmd.CommandPath())
		}
		return nil
	}
}
