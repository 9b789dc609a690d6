package client

import (
	"context"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

const (
	describing = 5 * time.Second // what an endpoint gets to tell of a model
	framing    = 16              // tokens that an endpoint adds around each message, generously
	fewest     = 1024            // tokens of an answer that are left to ask for, however full the window seems
)

// verbatim is a provider that must be sent what was asked, because it finds its answer by the request's digest.
type verbatim interface{ Verbatim() bool }

// describe returns what is known of a model. A failure is not remembered: the endpoint may be back the next time.
func (c *Client) describe(ctx context.Context, choice Choice) llm.Model {
	c.mu.Lock()
	m, known := c.models[choice]
	c.mu.Unlock()
	if known {
		return m
	}
	m, err := c.Providers[choice.Provider].Describe(ctx, choice.Model)
	if err != nil {
		c.Log.WarnContext(ctx, "Model not described", "room", "llm", "provider", choice.Provider, "model", choice.Model, "err", err)
		m = llm.Model{Provider: choice.Provider, Name: choice.Model}
	}
	if price, given := c.Prices[choice.String()]; given {
		m.Price = &price
	}
	if err == nil {
		c.mu.Lock()
		c.models[choice] = m
		c.mu.Unlock()
	}
	return m
}

// prompt is the worst case of the tokens that req sends.
func prompt(req llm.Request) int64 {
	return llm.Tokens(req.Size()) + int64(len(req.Messages)+2)*framing
}

// fit returns the request as it is sent to the model: its answer no longer than the model can write.
func (c *Client) fit(j job, m llm.Model) llm.Request {
	req := j.asked
	req.Model, req.Fallback = j.choice.Model, j.fallback
	if v, ok := c.Providers[j.choice.Provider].(verbatim); ok && v.Verbatim() {
		return req
	}
	if m.MaxOutput > 0 {
		req.MaxTokens = int(min(int64(req.MaxTokens), m.MaxOutput))
	}
	if m.Window > 0 {
		req.MaxTokens = int(min(int64(req.MaxTokens), max(m.Window-prompt(req), fewest)))
	}
	return req
}

// worst is what a call may take at the most.
func (c *Client) worst(req llm.Request, m llm.Model) qlp.Budget {
	u := qlp.Usage{Input: prompt(req), Output: int64(req.MaxTokens)}
	b := qlp.Budget{Tokens: u.Total(), Calls: 1, Seconds: seconds(c.cfg.Total)}
	if m.Price != nil {
		b.Micros = m.Price.Cost(u)
	}
	return b
}

// plausible replaces an endpoint's count that cannot be true with one by length, or with what is known at the worst.
func plausible(u qlp.Usage, req llm.Request, text string) qlp.Usage {
	none := u.Input <= 0 || u.Output < 0 || u.Output == 0 && text != ""
	// A token has a byte at least, and hidden reasoning is part of the answer's bound.
	absurd := u.Input > int64(4*req.Size())+4096 || u.Output > 4*int64(req.MaxTokens)+4096 || u.Cached < 0 || u.Cached > u.Input
	if none || absurd {
		return qlp.Usage{Input: prompt(req), Output: llm.Tokens(len(text)), Estimated: true}
	}
	return u
}

func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
