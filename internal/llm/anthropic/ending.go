package anthropic

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/wire"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// ending is what a stream says besides its text.
type ending struct {
	model   string
	reason  anthropic.StopReason
	stopped bool
	usage   qlp.Usage
}

// note takes an event and returns its text: of the answer, or of the tool's input that stands for it.
func (e *ending) note(event anthropic.MessageStreamEventUnion) string {
	switch event.Type {
	case "message_start":
		e.model = string(event.Message.Model)
		u := event.Message.Usage
		e.prompt(u.InputTokens, u.CacheCreationInputTokens, u.CacheReadInputTokens)
	case "content_block_delta":
		switch event.Delta.Type {
		case "text_delta":
			return event.Delta.Text
		case "input_json_delta":
			return event.Delta.PartialJSON
		}
	case "message_delta":
		e.reason = event.Delta.StopReason
		e.usage.Output = event.Usage.OutputTokens
		if event.Usage.InputTokens > 0 {
			e.prompt(event.Usage.InputTokens, event.Usage.CacheCreationInputTokens, event.Usage.CacheReadInputTokens)
		}
	case "message_stop":
		e.stopped = true
	}
	return ""
}

// prompt adds up what the endpoint counts apart: what was read, what was put into the cache, what came from it.
func (e *ending) prompt(fresh, created, cached int64) {
	e.usage.Input, e.usage.Cached = fresh+created+cached, cached
}

// fault says why an answer that ended is none.
func (e *ending) fault(provider, model string) *llm.Error {
	out := &llm.Error{Provider: provider, Model: model, Sent: true}
	switch {
	case e.reason == anthropic.StopReasonRefusal:
		out.Kind, out.Message = llm.Refused, "the model refused to answer"
	case e.reason == anthropic.StopReasonModelContextWindowExceeded:
		out.Kind, out.Message = llm.Overflow, "the context window is full"
	case e.reason == "" || !e.stopped:
		out.Kind, out.Message = llm.Truncated, "the stream ended before the answer did"
	default:
		return nil
	}
	return out
}

// fault reads an error of the library.
func (p *Provider) fault(ctx context.Context, model string, err error, begun bool) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e, ok := errors.AsType[*anthropic.Error](err)
	if !ok {
		return wire.Lost(ctx, p.cfg.Name, model, err, begun)
	}
	var body struct {
		Error struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"error"`
	}
	_ = json.Unmarshal([]byte(e.RawJSON()), &body) // what it does not say stays empty
	refusal := wire.Refusal{Status: e.StatusCode, Code: body.Error.Type, Message: body.Error.Message}
	if begun || e.StatusCode < 300 { // an error event within a stream
		refusal.Status = 0
	}
	if e.Response != nil {
		refusal.Header = e.Response.Header
	}
	return wire.Fault(p.cfg.Name, model, refusal, p.cfg.Key)
}
