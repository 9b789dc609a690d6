package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// once makes one call: reserve, wait for a place, ask, settle. Each try has an entry of its own in the ledger.
func (c *Client) once(ctx context.Context, j job, req llm.Request, m llm.Model, sink llm.Sink) (llm.Answer, error) {
	if c.Traffic.breaker(j.choice).State() == stateOpen {
		return llm.Answer{}, c.Traffic.resting(j.choice, errOpen)
	}
	call := qlp.Call{
		ID: c.NewID(), IntentID: req.Account.IntentID, RunID: req.Account.RunID, TaskID: req.Account.TaskID, Attempt: req.Account.Attempt,
		Role: string(req.Role), Repair: req.Account.Repair, Provider: j.choice.Provider, Model: j.choice.Model,
		Request: j.digest(), State: qlp.CallReserved, Reserved: c.worst(req, m), Priced: m.Price != nil, Started: c.Clock(),
	}
	if err := c.reserve(ctx, &call, req.Account); err != nil {
		return llm.Answer{}, err
	}
	answer, err := c.send(ctx, j, req, &call, sink)
	if err != nil {
		return llm.Answer{}, c.fail(ctx, call, req, m, err)
	}
	return c.succeed(ctx, j, call, req, m, answer)
}

// digest names the request that the model is asked: as the caller gave it, but for the place in the role's list.
func (j job) digest() qlp.Digest {
	req := j.asked
	req.Fallback = j.fallback
	return req.Digest()
}

// send waits for a place and asks. call.Started becomes the time at which the request left.
func (c *Client) send(ctx context.Context, j job, req llm.Request, call *qlp.Call, sink llm.Sink) (llm.Answer, error) {
	leave, err := c.Traffic.enter(ctx, j.choice.Provider)
	if err != nil {
		call.Started = c.Clock()
		return llm.Answer{}, err
	}
	defer leave()
	call.Started = c.Clock()
	report, err := c.Traffic.breaker(j.choice).Allow()
	if err != nil {
		return llm.Answer{}, c.Traffic.resting(j.choice, err)
	}
	watched, w := c.begin(ctx, sink, min(c.cfg.Total, time.Duration(call.Reserved.Seconds)*time.Second))
	answer, err := c.Providers[j.choice.Provider].Complete(watched, req, w.text)
	cause, _ := errors.AsType[*stalled](context.Cause(watched))
	first, total := w.end()
	switch {
	case err == nil:
	case ctx.Err() != nil:
		report(errNotTold)
		return answer, &canceled{cause: context.Cause(ctx), err: err}
	case cause != nil:
		err = &llm.Error{Kind: llm.Stalled, Provider: j.choice.Provider, Model: j.choice.Model, Message: cause.text, Usage: usageOf(err), Sent: true, Err: err}
	case llm.KindOf(err) == "":
		err = &llm.Error{Kind: llm.Outage, Provider: j.choice.Provider, Model: j.choice.Model, Message: "the call failed", Sent: true, Err: err}
	}
	report(err)
	answer.First, answer.Total = first, total
	if answer.Provider == "" {
		answer.Provider = j.choice.Provider
	}
	answer.Fallback, answer.Why = j.fallback, j.why
	return answer, err
}

// canceled is a call that its asker gave up. It may have been sent.
type canceled struct{ cause, err error }

func (c *canceled) Error() string { return fmt.Sprintf("canceled: %v", c.cause) }
func (c *canceled) Unwrap() error { return c.cause }

func usageOf(err error) *qlp.Usage {
	if e, ok := errors.AsType[*llm.Error](err); ok {
		return e.Usage
	}
	return nil
}
