package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func (c *command) replay() *cobra.Command {
	cmd := &cobra.Command{
		Use: "replay RUN", Short: "Run a run again from its recordings, and compare", Args: usage(cobra.ExactArgs(1)),
		Long: "Run a run again, as a new intent: planner, agents and checks, with the recorded answers in place of the models'. Nothing is paid for.\n" +
			"The two are then compared by spec, plan, files, verdict and tests. A run of the offline generator is replayed, too.\n\n" +
			"Exit codes: 0 the same, 1 different, 2 usage, 6 machine error.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(s *session) error { return c.doReplay(cmd.Context(), s, args[0]) })
		},
	}
	cmd.Flags().BoolVar(&c.json, "json", false, "print JSON")
	return cmd
}

func (c *command) doReplay(ctx context.Context, s *session, runID string) error {
	start := time.Now()
	first, err := s.Run(ctx, runID)
	if err != nil {
		return err
	}
	was, err := s.Get(ctx, first.IntentID)
	if err != nil {
		return err
	}
	was.Run = &first // which may not be the intent's latest
	again, err := s.Replay(ctx, runID)
	if err != nil {
		return err
	}
	stopCanceling := c.cancelOnInterrupt(ctx, s, again.ID)
	err = s.untilOver(context.WithoutCancel(ctx), again.ID)
	stopCanceling()
	if err != nil {
		return err
	}
	is, err := s.Get(context.WithoutCancel(ctx), again.ID)
	if err != nil {
		return err
	}
	return c.compared(compare(was, is), is, time.Since(start))
}

// untilOver waits for the end of an intent, or a pause: a replay that meets a cap has nothing to wait for.
func (s *session) untilOver(ctx context.Context, id string) error {
	following, stop := s.untilStalled(ctx)
	defer stop()
	p := newProgress(qlp.Intent{ID: id}, qlp.ModelCaps{})
	for e, err := range s.Events(following, id, 0) {
		if cause := context.Cause(following); cause != nil {
			return fmt.Errorf("intent %s stands still: %w", id, cause)
		}
		if err != nil {
			return err
		}
		if err := p.take(e); err != nil {
			return err
		}
		if e.Type == qlp.EventRunFinished || p.waits() {
			break
		}
	}
	return nil
}

// sameness is one thing in which two runs agree or do not.
type sameness struct {
	What   string `json:"what"`
	Was    string `json:"was"`
	Is     string `json:"is"`
	Differ bool   `json:"differ"`
}

// compare holds two runs against each other. What depends on the day and the machine (times, ids, durations) is left out.
func compare(was, is qlp.Intent) []sameness {
	var out []sameness
	add := func(what, a, b string) { out = append(out, sameness{what, a, b, a != b}) }
	add("spec", short(was.Spec), short(is.Spec))
	add("plan", short(was.Plan), short(is.Plan))
	add("frozen tests", digest(frozen(was.Run)), digest(frozen(is.Run)))
	for _, task := range tasksOf(was, is) {
		add("files of "+task, digest(treeOf(was.Run, task)), digest(treeOf(is.Run, task)))
	}
	add("project", digest(project(was.Run)), digest(project(is.Run)))
	add("state", endOf(was), endOf(is))
	add("repairs", repairs(was.Run), repairs(is.Run))
	for _, key := range keysOf(was.Run, is.Run) {
		add(key, statusOf(was.Run, key), statusOf(is.Run, key))
	}
	return out
}

// compared prints the comparison and returns the exit code that says how it ended.
func (c *command) compared(rows []sameness, is qlp.Intent, elapsed time.Duration) error {
	same := true
	paint := newPaint(c.out)
	lines := [][]string{{"", "WAS", "IS", ""}}
	for _, r := range rows {
		word := paint.green("same")
		if r.Differ {
			same, word = false, paint.red("different")
		}
		lines = append(lines, []string{plain(r.What, 60), plain(r.Was, 60), plain(r.Is, 60), word})
	}
	if c.json {
		c.printJSON(map[string]any{"type": "replay", "intent": is.ID, "same": same, "rows": rows, "elapsed_ms": elapsed.Milliseconds()})
	} else {
		table(c.out, lines)
		c.printf("\nintent %s in %s: %s%s\n", is.ID, seconds(elapsed), map[bool]string{true: "the same", false: "different"}[same], because(is.Reason))
	}
	if !same {
		return exitError(exitFailed)
	}
	return nil
}
