package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/client"
	"github.com/quantumlayer/qlp/internal/interpreter/specfile"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// cancelWithin is how long an interrupted run is waited for. The engine's own promise is two seconds.
const cancelWithin = 5 * time.Second

type runOptions struct {
	stack, spec, out, approve string
	from                      string
	generator, provider       string
	caps                      capFlags
	quiet, stream             bool
}

func (c *command) run() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   `run [flags] "INTENT"`,
		Short: "Take an intent to a verified capsule",
		Long: "Take an intent to a verified capsule.\n\nExit codes: 0 verified, 1 failed, 2 usage, 3 needs input or not understood, 4 unverified, 5 canceled, 6 machine error,\n7 paused: a cap on model calls is reached, or no model answers; go on with: qlp intents resume ID.\n" +
			"With --approve plan it stops after planning, with exit code 0; go on with: qlp intents approve ID.",
		Example: `  qlp run "a REST API in Go for a library: books with title, author and unique isbn"` + "\n  qlp run --spec shop.yaml --out build",
		Args:    usage(cobra.MaximumNArgs(1)),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.doRun(cmd.Context(), o, args) },
	}
	f := cmd.Flags()
	f.StringVar(&o.stack, "stack", "", "stack to build on, whatever the words say: go or python, for a program also node or rust")
	f.StringVar(&o.spec, "spec", "", "build this Spec file (YAML or JSON, - for standard input) and not words")
	f.StringVar(&o.from, "from", "", "start from this past intent: its words, unless others are given; what differs is recorded")
	f.StringVar(&o.out, "out", ".", "folder to put the capsule in")
	f.StringVar(&o.approve, "approve", "", `"plan" stops for approval before the first task`)
	f.StringVar(&o.generator, "generator", "", `"offline" asks nobody, "model" asks models`)
	f.StringVar(&o.provider, "provider", "", "of the model generator: PROVIDER, PROVIDER/MODEL, or replay:DIR")
	o.caps.add(f)
	f.BoolVar(&o.stream, "stream", false, "print what models write, as they write it")
	f.BoolVar(&c.json, "json", false, "print one event a line, as JSON")
	f.BoolVar(&o.quiet, "quiet", false, "print the outcome only")
	return cmd
}

func (c *command) doRun(ctx context.Context, o runOptions, args []string) error {
	start := time.Now()
	in, err := c.newIntent(o, args)
	if err != nil {
		return err
	}
	if err := writable(o.out); err != nil {
		return err
	}
	cfg, err := c.load()
	if err != nil {
		return err
	}
	// The engine must outlive an interrupt: it is what cancels the run.
	session, err := c.connect(context.WithoutCancel(ctx), cfg)
	if err != nil {
		return err
	}
	end, err := c.follow(ctx, session, o, in, cfg.ModelCaps())
	if err != nil {
		return errors.Join(err, session.close())
	}
	path, err := c.saveCapsule(context.WithoutCancel(ctx), session, o.out, end)
	if err = errors.Join(err, session.close()); err != nil {
		return err
	}
	return c.outcome(end, path, time.Since(start))
}

// newIntent reads the words or the Spec, of which there is one.
func (c *command) newIntent(o runOptions, args []string) (client.NewIntent, error) {
	in := client.NewIntent{From: o.from, Settings: qlp.Settings{Stack: o.stack, Approve: o.approve, Generator: o.generator, Provider: o.provider}}
	var err error
	if in.Settings.Caps.Models, err = o.caps.read(); err != nil {
		return in, err
	}
	if o.approve != "" && o.approve != qlp.ApprovePlan {
		return in, qlp.Errorf(qlp.Invalid, "--approve %s is not known", o.approve).WithRemedy("use --approve plan")
	}
	if len(args) == 1 {
		in.Words = args[0]
	}
	if o.spec == "" && in.Words == "" && o.from != "" {
		return in, nil
	}
	if o.spec == "" {
		return in, qlp.CheckWords(in.Words)
	}
	if in.Words != "" {
		return in, qlp.Errorf(qlp.Invalid, "there are both words and a Spec file").WithRemedy("give one of them")
	}
	b, err := readFileOr(c.in, o.spec)
	if err != nil {
		return in, err
	}
	spec, err := specfile.Read(b)
	if err != nil {
		return in, fmt.Errorf("read %s: %w", o.spec, err)
	}
	in.Spec, err = encode(spec)
	return in, err
}

// run is followed to its end, to a question, to a pause, or to a stop for approval.
func (c *command) follow(ctx context.Context, s *session, o runOptions, in client.NewIntent, caps qlp.ModelCaps) (*progress, error) {
	intent, err := s.Create(ctx, in, "")
	if err != nil {
		return nil, err
	}
	p := newProgress(intent, caps)
	stopCanceling := c.cancelOnInterrupt(ctx, s, intent.ID)
	defer stopCanceling()
	following, stop := s.untilStalled(context.WithoutCancel(ctx))
	defer stop()
	view := c.newView(p, o.quiet, o.stream)
	defer view.close()
	for e, err := range s.eventsOf(following, intent.ID, 0, o.stream) {
		if cause := context.Cause(following); cause != nil {
			return p, fmt.Errorf("intent %s stands still: %w", intent.ID, cause)
		}
		if err != nil {
			return p, err
		}
		if err := view.take(e); err != nil {
			return p, err
		}
		if e.Type == qlp.EventRunFinished || p.waits() {
			break
		}
	}
	return p, nil
}

// cancelOnInterrupt cancels the run when ctx ends, and gives up the process when that takes too long or the person
// interrupts again.
func (c *command) cancelOnInterrupt(ctx context.Context, s *session, id string) (stop func()) {
	done := make(chan struct{})
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		select {
		case <-done:
			return
		case <-ctx.Done():
		}
		again := make(chan os.Signal, 1)
		signal.Notify(again, os.Interrupt, syscall.SIGTERM)
		defer signal.Stop(again)
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelWithin)
		defer cancel()
		if _, err := s.Cancel(bounded, id); err != nil && qlp.CodeOf(err) != qlp.Conflict {
			_, _ = fmt.Fprintln(c.err, "qlp: cancel the run:", err)
		}
		select {
		case <-done:
		case <-again:
			os.Exit(exitCanceled)
		case <-bounded.Done():
			os.Exit(exitCanceled)
		}
	}()
	return func() { close(done); <-finished }
}

// readFileOr reads a file, or standard input for "-", bounded: a Spec is small.
func readFileOr(stdin io.Reader, path string) ([]byte, error) {
	const most = 4 << 20
	if path != "-" {
		f, err := os.Open(path) //nolint:gosec // the file that the person named
		if err != nil {
			return nil, qlp.Errorf(qlp.Invalid, "%w", err).WithRemedy("name a file that can be read")
		}
		defer func() { _ = f.Close() }()
		stdin = f
	}
	b, err := io.ReadAll(io.LimitReader(stdin, most+1))
	if err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "read %s: %w", path, err).WithRemedy("name a file that can be read")
	}
	if len(b) > most {
		return nil, qlp.Errorf(qlp.Invalid, "%s has more than %d bytes", path, most).WithRemedy("describe less in one Spec")
	}
	return b, nil
}
