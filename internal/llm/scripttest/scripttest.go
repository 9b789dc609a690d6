// Package scripttest is a model for tests whose answers are given beforehand, wrong ones too. It shows what was asked.
//
// It never thinks, and never answers more often than it was told to: one call too many is an error.
//
// Arrows: llm, qlp.
package scripttest

import (
	"context"
	"sync"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Play answers a request.
type Play func(req llm.Request) (llm.Answer, error)

// Client plays its answers in order. It is safe for concurrent use.
type Client struct {
	Size int64 // of every role's window, in tokens; 0: unknown
	More int   // models after the first, of every role

	mu    sync.Mutex
	plays []Play
	asked []llm.Request
}

// New returns a client that gives these texts in order.
func New(texts ...string) *Client {
	c := &Client{}
	for _, text := range texts {
		c.plays = append(c.plays, Say(text))
	}
	return c
}

// Acting returns a client that plays.
func Acting(plays ...Play) *Client { return &Client{plays: plays} }

// Say plays a text.
func Say(text string) Play {
	return func(llm.Request) (llm.Answer, error) { return llm.Answer{Text: text, Finish: llm.Stopped}, nil }
}

// Cut plays a text that the model's limit cut off.
func Cut(text string) Play {
	return func(llm.Request) (llm.Answer, error) { return llm.Answer{Text: text, Finish: llm.Cut}, nil }
}

// Fail plays an error.
func Fail(err error) Play { return func(llm.Request) (llm.Answer, error) { return llm.Answer{}, err } }

// Asked returns the requests so far.
func (c *Client) Asked() []llm.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]llm.Request(nil), c.asked...)
}

// Name is that of the script.
func (c *Client) Name(llm.Role) string { return "script/one" }

// Window is Size.
func (c *Client) Window(llm.Role) int64 { return c.Size }

// Fallbacks is More.
func (c *Client) Fallbacks(llm.Role) int { return c.More }

// Ask plays the next answer.
func (c *Client) Ask(ctx context.Context, req llm.Request, sink llm.Sink) (llm.Answer, error) {
	if err := ctx.Err(); err != nil {
		return llm.Answer{}, err
	}
	c.mu.Lock()
	n := len(c.asked)
	c.asked = append(c.asked, req)
	c.mu.Unlock()
	if n >= len(c.plays) {
		return llm.Answer{}, qlp.Errorf(qlp.Internal, "the script has %d answers, and this is call %d", len(c.plays), n+1)
	}
	answer, err := c.plays[n](req)
	answer.Provider, answer.Model = "script", "one"
	if sink != nil && answer.Text != "" {
		sink(answer.Text)
	}
	return answer, err
}
