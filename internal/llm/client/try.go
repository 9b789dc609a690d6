package client

import (
	"context"
	"errors"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
)

// job is one model's part of a question.
type job struct {
	asked    llm.Request // as the caller gave it
	choice   Choice
	fallback int
	why      string // why the models before it did not answer
}

// askModel asks one model, again and again while that may help.
func (c *Client) askModel(ctx context.Context, j job, sink llm.Sink) (llm.Answer, error) {
	describe, cancel := context.WithTimeout(ctx, describing)
	m := c.describe(describe, j.choice)
	cancel()
	req := c.fit(j, m)
	for try := 1; ; try++ {
		answer, err := c.once(ctx, j, req, m, sink)
		if err == nil || ctx.Err() != nil {
			return answer, err
		}
		wait, again := c.pause(try, err)
		if !again {
			return answer, err
		}
		c.Log.InfoContext(ctx, "Model call tried again", "room", "llm", "role", req.Role, "provider", j.choice.Provider, "model", j.choice.Model,
			"try", try, "wait_ms", wait.Milliseconds(), "err", err)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return llm.Answer{}, context.Cause(ctx)
		}
	}
}

// pause says whether and when a failed call is tried again: after a random part of a time that doubles, and no sooner than
// the endpoint said. An endpoint that asks for more than our patience is not waited for.
func (c *Client) pause(try int, err error) (time.Duration, bool) {
	if !llm.KindOf(err).Again() || rests(err) || try >= c.cfg.Tries {
		return 0, false
	}
	longest := min(c.cfg.Backoff<<(try-1), c.cfg.Patience)
	wait := time.Duration(c.Rand(int64(longest) + 1))
	if e, ok := errors.AsType[*llm.Error](err); ok && e.After > 0 {
		if e.After > c.cfg.Patience {
			return 0, false
		}
		wait = e.After + wait/4 // those who were told the same time do not come back together
	}
	return min(wait, c.cfg.Patience), true
}
