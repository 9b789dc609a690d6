package cli

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func (c *command) intents() *cobra.Command {
	cmd := &cobra.Command{
		Use: "intents", Short: "List, show, watch, approve, resume, cancel and retry intents", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().BoolVar(&c.json, "json", false, "print JSON")
	cmd.AddCommand(c.listIntents(), c.showIntent(), c.watchIntent(), c.retryIntent(), c.resumeIntent(),
		c.actOnIntent("cancel", "Stop an intent's run", func(ctx context.Context, s *session, id string) (qlp.Intent, error) { return s.Cancel(ctx, id) }),
		c.actOnIntent("approve", "Let a run go on that waits for approval", func(ctx context.Context, s *session, id string) (qlp.Intent, error) { return s.Approve(ctx, id) }))
	return cmd
}

// with runs do with a session that is closed afterwards.
func (c *command) with(ctx context.Context, do func(*session) error) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	s, err := c.connect(context.WithoutCancel(ctx), cfg)
	if err != nil {
		return err
	}
	return errors.Join(do(s), s.close())
}

func (c *command) listIntents() *cobra.Command {
	var state string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List intents, newest first", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd.Context(), func(s *session) error {
				page, err := s.List(cmd.Context(), qlp.State(state), "", limit)
				if err != nil {
					return err
				}
				if c.json {
					for _, in := range page.Items {
						c.printJSON(in)
					}
					return nil
				}
				rows := [][]string{{"ID", "STATE", "CREATED", "INTENT"}}
				for _, in := range page.Items {
					rows = append(rows, []string{in.ID, newPaint(c.out).status(string(in.State)), in.Created.Local().Format(time.DateTime), plain(in.Words, 60)})
				}
				table(c.out, rows)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "only intents in this state")
	cmd.Flags().IntVar(&limit, "limit", 50, "at most this many, up to 200")
	return cmd
}

func (c *command) showIntent() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show an intent with its tasks and checks", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(s *session) error {
				in, err := s.Get(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				c.printIntent(in)
				return nil
			})
		},
	}
}

func (c *command) printIntent(in qlp.Intent) {
	if c.json {
		c.printJSON(in)
		return
	}
	paint := newPaint(c.out)
	c.printf("%s  %s%s\n%s\n\n", in.ID, paint.status(string(in.State)), because(in.Reason), plain(in.Words, 1000))
	if in.Parent != "" {
		c.printf("revision %d, from %s\n", in.Revision, in.Parent)
	}
	p := newProgress(in, qlp.ModelCaps{})
	p.plan = in.Plan
	if in.Spending != nil {
		p.spent[""] = *in.Spending
	}
	if in.Run != nil {
		for _, t := range in.Run.Tasks {
			p.tasks[t.TaskID] = string(t.State)
		}
		c.printf("run %s\n", in.Run.ID)
	}
	c.printf("%s", p.tree(paint, time.Now()))
	if in.Run != nil && len(in.Run.Checks) > 0 {
		c.printf("\n")
		c.evidence(in.Run.Checks)
	}
}

func (c *command) watchIntent() *cobra.Command {
	var since int64
	cmd := &cobra.Command{
		Use: "watch ID", Short: "Print an intent's events until its run is over", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(s *session) error { return c.watch(cmd.Context(), s, args[0], since) })
		},
	}
	cmd.Flags().Int64Var(&since, "since", 0, "only events after this sequence number")
	return cmd
}

// watch prints events until the latest run is over; of an intent that is over, those that there are.
func (c *command) watch(ctx context.Context, s *session, id string, since int64) error {
	in, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	p := newProgress(in, qlp.ModelCaps{})
	for e, err := range s.Events(ctx, id, since) {
		if err != nil {
			return err
		}
		if err := p.take(e); err != nil {
			return err
		}
		if c.json {
			c.printJSON(e)
		} else if text := line(e); text != "" {
			c.printf("%s\n", text)
		}
		paused := e.Type == qlp.EventIntentState && p.state == string(qlp.StatePaused)
		if e.Type != qlp.EventRunFinished && !paused {
			continue
		}
		now, err := s.Get(ctx, id)
		if err != nil {
			return err
		}
		switch {
		case now.State.Over() && ofLatestRun(e, now):
			return nil
		case paused && now.State == qlp.StatePaused && !e.Time.Before(now.Pause.Since): // the latest pause, not an earlier one
			c.goOnPaused(now)
			return exitError(exitPaused)
		}
	}
	return nil
}

func (c *command) goOnPaused(in qlp.Intent) {
	if !c.json {
		c.printf("  go on:   qlp intents resume %[1]s --cap-usd …, or another cap that is higher\n  stop:    qlp intents cancel %[1]s\n", in.ID)
	}
}

func (c *command) resumeIntent() *cobra.Command {
	var caps capFlags
	cmd := &cobra.Command{
		Use: "resume ID", Short: "Let a paused intent go on, with higher caps, and watch it", Args: usage(cobra.ExactArgs(1)),
		Long: "Let a paused intent go on where it was paused, and watch it. Caps that are given take the place of those that stand, and may not be\n" +
			"lower. What models have answered already is not paid for again.\n\nExit codes: 0 it went on to its end, 7 paused again, 2 usage.",
		RunE: func(cmd *cobra.Command, args []string) error {
			by, err := caps.read()
			if err != nil {
				return err
			}
			return c.with(cmd.Context(), func(s *session) error {
				seq, err := pausedSeq(cmd.Context(), s, args[0])
				if err != nil {
					return err
				}
				if _, err := s.Resume(cmd.Context(), args[0], by); err != nil {
					return err
				}
				return c.watch(cmd.Context(), s, args[0], seq)
			})
		},
	}
	caps.add(cmd.Flags())
	return cmd
}

// pausedSeq returns the sequence number of the event that told of the intent's latest pause; 0 where it is not paused, which the
// resume then says.
func pausedSeq(ctx context.Context, s *session, id string) (int64, error) {
	in, err := s.Get(ctx, id)
	if err != nil || in.State != qlp.StatePaused {
		return 0, err
	}
	seen := 0
	for e, err := range s.Events(ctx, id, 0) {
		if err != nil {
			return 0, err
		}
		var st qlp.StateChanged
		if e.Type == qlp.EventIntentState && json.Unmarshal(e.Data, &st) == nil && st.To == string(qlp.StatePaused) {
			if seen++; seen == in.Pause.Number {
				return e.Seq, nil
			}
		}
	}
	return 0, ctx.Err()
}

// ofLatestRun tells the end of an intent's latest run from that of one before it.
func ofLatestRun(e qlp.Event, in qlp.Intent) bool { return in.Run == nil || e.RunID == in.Run.ID }

func (c *command) retryIntent() *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use: "retry ID", Short: "Run an intent again and watch it", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(s *session) error {
				seq, err := lastSeq(cmd.Context(), s, args[0])
				if err != nil {
					return err
				}
				if _, err := s.Retry(cmd.Context(), args[0], from); err != nil {
					return err
				}
				return c.watch(cmd.Context(), s, args[0], seq)
			})
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "task to begin again with; the ones it builds on are kept")
	return cmd
}

// lastSeq returns the sequence number of the intent's last event.
func lastSeq(ctx context.Context, s *session, id string) (int64, error) {
	in, err := s.Get(ctx, id)
	if err != nil || !in.State.Over() {
		return 0, err
	}
	var seq int64
	for e, err := range s.Events(ctx, id, 0) {
		if err != nil {
			return 0, err
		}
		seq = e.Seq
		if e.Type == qlp.EventRunFinished && ofLatestRun(e, in) {
			break
		}
	}
	return seq, nil
}

func (c *command) actOnIntent(name, short string, do func(context.Context, *session, string) (qlp.Intent, error)) *cobra.Command {
	return &cobra.Command{
		Use: name + " ID", Short: short, Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(s *session) error {
				in, err := do(cmd.Context(), s, args[0])
				if err != nil {
					return err
				}
				c.printIntent(in)
				if name == "approve" {
					return c.watch(cmd.Context(), s, args[0], 0)
				}
				return nil
			})
		},
	}
}
