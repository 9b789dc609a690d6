package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
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
	quiet                     bool
}

func (c *command) run() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   `run [flags] "INTENT"`,
		Short: "Take an intent to a verified capsule",
		Long: "Take an intent to a verified capsule.\n\nExit codes: 0 verified, 1 failed, 2 usage, 3 needs input or not understood, 4 unverified, 5 canceled, 6 machine error.\n" +
			"With --approve plan it stops after planning, with exit code 0; go on with: qlp intents approve ID.",
		Example: `  qlp run "a REST API in Go for a library: books with title, author and unique isbn"` + "\n  qlp run --spec shop.yaml --out build",
		Args:    usage(cobra.MaximumNArgs(1)),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.doRun(cmd.Context(), o, args) },
	}
	f := cmd.Flags()
	f.StringVar(&o.stack, "stack", "", "stack to build on, whatever the words say: go or python")
	f.StringVar(&o.spec, "spec", "", "build this Spec file (YAML or JSON, - for standard input) and not words")
	f.StringVar(&o.out, "out", ".", "folder to put the capsule in")
	f.StringVar(&o.approve, "approve", "", `"plan" stops for approval before the first task`)
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
	end, err := c.follow(ctx, session, o, in)
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
	in := client.NewIntent{Settings: qlp.Settings{Stack: o.stack, Approve: o.approve}}
	if o.approve != "" && o.approve != qlp.ApprovePlan {
		return in, qlp.Errorf(qlp.Invalid, "--approve %s is not known", o.approve).WithRemedy("use --approve plan")
	}
	if len(args) == 1 {
		in.Words = args[0]
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

// run is followed to its end, to a question, or to a stop for approval.
func (c *command) follow(ctx context.Context, s *session, o runOptions, in client.NewIntent) (*progress, error) {
	intent, err := s.Create(ctx, in, "")
	if err != nil {
		return nil, err
	}
	p := newProgress(intent)
	stopCanceling := c.cancelOnInterrupt(ctx, s, intent.ID)
	defer stopCanceling()
	following, stop := s.untilStalled(context.WithoutCancel(ctx))
	defer stop()
	live := &screen{c: c}
	for e, err := range s.Events(following, intent.ID, 0) {
		if cause := context.Cause(following); cause != nil {
			return p, fmt.Errorf("intent %s stands still: %w", intent.ID, cause)
		}
		if err != nil {
			return p, err
		}
		if err := p.take(e); err != nil {
			return p, err
		}
		c.show(live, p, e, o.quiet)
		if e.Type == qlp.EventRunFinished || p.state == string(qlp.StateAwaitingApproval) {
			break
		}
	}
	return p, nil
}

// show prints an event the way that the output wants it.
func (c *command) show(live *screen, p *progress, e qlp.Event, quiet bool) {
	switch {
	case c.json:
		if e.Type != qlp.EventRunFinished { // the last line is ours
			c.printJSON(e)
		}
	case quiet:
	case terminal(c.out):
		live.draw(p.tree(newPaint(c.out)))
	default:
		if e.Type == qlp.EventPlanReady {
			c.printf("%s", p.tree(false))
		}
		if text := line(e); text != "" {
			c.printf("%s\n", text)
		}
	}
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

// saveCapsule writes the run's capsule into the folder, whole or not at all; "" when there is none.
func (c *command) saveCapsule(ctx context.Context, s *session, dir string, p *progress) (string, error) {
	if p.end == nil || p.end.Capsule == nil {
		return "", nil
	}
	intent, err := s.Get(ctx, p.intent.ID)
	if err != nil {
		return "", err
	}
	b, err := s.Capsule(ctx, intent.Run.ID)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, filepath.Base(p.end.Capsule.Name))
	return path, writeWhole(path, b)
}

// outcome prints how the run ended and returns the exit code that says so.
func (c *command) outcome(p *progress, path string, elapsed time.Duration) error {
	code, verdict := exitOf(p)
	if c.json {
		c.printJSON(finalLine(p, verdict, path, elapsed))
		return exit(code)
	}
	paint := newPaint(c.out)
	switch {
	case p.needs != nil && p.end != nil && p.end.Verdict == "":
		c.printNeeds(*p.needs, p.intent.Words)
	case p.end == nil:
		c.printf("\nThe plan waits for approval.\n  go on:   qlp intents approve %[1]s\n  stop:    qlp intents cancel %[1]s\n", p.intent.ID)
	default:
		c.printf("\n")
		c.evidence(p.end.Checks)
		c.printf("\n%s in %s%s\n", paint.status(verdict), seconds(elapsed), because(p.end.Reason))
	}
	if path != "" {
		c.printf("  capsule: %s\n  check:   qlp capsule verify %s --rerun\n  unpack:  qlp capsule unpack %s\n", path, path, path)
	}
	return exit(code)
}

type finalCapsule struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

func finalLine(p *progress, verdict, path string, elapsed time.Duration) map[string]any {
	out := map[string]any{
		"type": "run.finished", "intent": p.intent.ID, "verdict": verdict, "state": p.state, "capsule": nil,
		"checks": []qlp.Check{}, "elapsed_ms": elapsed.Milliseconds(),
	}
	if p.end != nil {
		out["state"] = p.end.State
		if p.end.Reason != "" {
			out["reason"] = p.end.Reason
		}
		if p.end.Checks != nil {
			out["checks"] = p.end.Checks
		}
		if path != "" {
			out["capsule"] = finalCapsule{path, p.end.Capsule.Digest.Hex()}
		}
	}
	if p.needs != nil {
		out["outcome"], out["questions"] = p.needs.Outcome, p.needs.Questions
		if p.needs.Reason != "" {
			out["reason"] = p.needs.Reason
		}
	}
	return out
}

// exitOf returns the exit code of a run's end, and its verdict in a word.
func exitOf(p *progress) (code int, verdict string) {
	if p.end == nil {
		return exitOK, string(qlp.StateAwaitingApproval)
	}
	switch p.end.State {
	case qlp.StateVerified:
		return exitOK, string(qlp.Verified)
	case qlp.StateNeedsInput:
		return exitNeedsInput, string(qlp.StateNeedsInput)
	case qlp.StateUnverified:
		return exitUnverified, string(qlp.Unverified)
	case qlp.StateCanceled:
		return exitCanceled, string(qlp.Canceled)
	default:
		return exitFailed, string(qlp.VerdictFailed)
	}
}

func exit(code int) error {
	if code == exitOK {
		return nil
	}
	return exitError(code)
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
