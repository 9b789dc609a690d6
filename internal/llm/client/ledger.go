package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/record"
	"github.com/quantumlayer/qlp/internal/qlp"
)

const (
	stateOpen  = gobreaker.StateOpen
	leastTime  = 10 * time.Second        // a call that has less than this left of a cap on time is not begun
	look       = time.Second             // how often caps are looked at again while others' calls are under way, in other processes too
	settling   = 30 * time.Second        // what the ledger gets to write a settlement
	settlingIn = 1500 * time.Millisecond // and after a cancel, which must end within 2 s
)

var errOpen = gobreaker.ErrOpenState

// reserve writes the call's worst case into the ledger. Where it only does not fit beside the worst cases of calls under way,
// it waits for them: they will take less. Where a cap on time leaves less than the usual, the call gets that.
func (c *Client) reserve(ctx context.Context, call *qlp.Call, account llm.Account) error {
	limits := llm.Limits{Task: account.Caps.Task, Run: account.Caps.Run, Day: c.cfg.Day, Team: c.cfg.Team}
	for {
		settled := c.Traffic.next()
		err := c.Ledger.Reserve(ctx, *call, limits)
		over, ok := errors.AsType[*qlp.Exceeded](err)
		switch {
		case err == nil || !ok:
			return err
		case over.What == qlp.CapMS && over.Asked > over.Left() && over.Left() >= leastTime.Milliseconds():
			call.Reserved.Seconds = over.Left() / 1000
			continue
		case !over.Fits():
			return err
		}
		timer := time.NewTimer(look)
		select {
		case <-settled:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
		timer.Stop()
	}
}

// fail settles a call that has no answer, and returns why.
func (c *Client) fail(ctx context.Context, call qlp.Call, req llm.Request, m llm.Model, why error) error {
	call.State, call.Reason = qlp.CallFailed, why.Error()
	e, told := errors.AsType[*llm.Error](why)
	gone, given := errors.AsType[*canceled](why)
	if given {
		e, told = errors.AsType[*llm.Error](gone.err)
	}
	switch {
	case told && e.Usage != nil:
		call.Usage = plausible(*e.Usage, req, "")
	case told && e.Sent, given && !told:
		call.Usage = qlp.Usage{Input: prompt(req), Output: int64(req.MaxTokens), Estimated: true}
	}
	if err := c.settle(ctx, call, m); err != nil {
		return errors.Join(why, err)
	}
	return why
}

// succeed records the answer, and settles.
func (c *Client) succeed(ctx context.Context, j job, call qlp.Call, req llm.Request, m llm.Model, answer llm.Answer) (llm.Answer, error) {
	answer.Usage = plausible(answer.Usage, req, answer.Text)
	call.State, call.Usage = qlp.CallSettled, answer.Usage
	role := record.Role{Window: c.describe(ctx, c.Roles[req.Role][0]).Window, Fallbacks: c.Fallbacks(req.Role)}
	b, err := record.Of(j.asked, answer, role).Redacted(c.Redact).Encode()
	if err == nil {
		call.Answer, err = c.Recordings.Put(context.WithoutCancel(ctx), b)
	}
	if err != nil { // it was paid for all the same
		call.State, call.Reason = qlp.CallFailed, "the answer could not be recorded"
		return llm.Answer{}, errors.Join(fmt.Errorf("record answer: %w", err), c.settle(ctx, call, m))
	}
	return answer, c.settle(ctx, call, m)
}

// settle writes what the call took. It does so after a cancel too.
func (c *Client) settle(ctx context.Context, call qlp.Call, m llm.Model) error {
	if m.Price != nil {
		call.Micros = m.Price.Cost(call.Usage)
	}
	ended := c.Clock()
	call.Ended = &ended
	patience := settling
	if ctx.Err() != nil {
		patience = settlingIn
	}
	settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	err := c.Ledger.Settle(settling, call)
	c.Traffic.tell()
	if err != nil {
		return fmt.Errorf("settle call: %w", err)
	}
	c.Log.InfoContext(ctx, "Model call settled", "room", "llm", "intent_id", call.IntentID, "run_id", call.RunID, "task_id", call.TaskID,
		"attempt", call.Attempt, "role", call.Role, "provider", call.Provider, "model", call.Model, "state", call.State,
		"duration_ms", ended.Sub(call.Started).Milliseconds(), "tokens", call.Usage.Total(), "micros", call.Micros)
	return nil
}

// answered looks for the answer that the same account has been given to the same request. Those without an intent or a run
// (a test of a provider) always ask anew.
func (c *Client) answered(ctx context.Context, req llm.Request, models int, sink llm.Sink) (llm.Answer, bool, error) {
	if req.Account.IntentID == "" && req.Account.RunID == "" {
		return llm.Answer{}, false, nil
	}
	for i := req.Fallback; i < models; i++ {
		call, found, err := c.Ledger.Answered(ctx, req.Account, req.Role, job{asked: req, fallback: i}.digest())
		if err != nil {
			return llm.Answer{}, false, err
		}
		if !found {
			continue
		}
		b, err := c.Recordings.Get(ctx, call.Answer)
		if qlp.CodeOf(err) == qlp.NotFound { // the blob is gone, and the ledger says that it was there
			c.Log.WarnContext(ctx, "Recording lost, asking again", "room", "llm", "digest", call.Answer)
			continue
		}
		if err != nil {
			return llm.Answer{}, false, err
		}
		cassette, err := record.Decode(b)
		if err != nil {
			return llm.Answer{}, false, err
		}
		if sink != nil && cassette.Answer.Text != "" {
			sink(cassette.Answer.Text)
		}
		return cassette.Replayed(), true, nil
	}
	return llm.Answer{}, false, nil
}
