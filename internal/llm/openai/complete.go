package openai

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/ssestream"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/wire"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Complete asks, and gathers the streamed answer. A structured answer comes as its JSON text, whichever way it was asked for.
func (p *Provider) Complete(ctx context.Context, req llm.Request, sink llm.Sink) (llm.Answer, error) {
	form, open := p.form(req.Model)
	for {
		answer, err := p.ask(ctx, req, form, sink)
		e, refused := errors.AsType[*llm.Error](err)
		if err == nil || !open || !refused || req.Schema == nil || e.Kind != llm.Rejected || !unsupported.MatchString(e.Message) {
			return answer, err
		}
		if form = p.weaken(req.Model, form); form == "" {
			return answer, err
		}
	}
}

func (p *Provider) ask(ctx context.Context, req llm.Request, form Structured, sink llm.Sink) (llm.Answer, error) {
	stream := p.chat.NewStreaming(ctx, params(req, form), p.bound(req)...)
	defer func() { _ = stream.Close() }()
	got := wire.Collect(sink)
	var end ending
	for stream.Next() {
		chunk := stream.Current()
		end.note(chunk)
		for _, choice := range chunk.Choices {
			if choice.Index != 0 { // only one answer was asked for
				continue
			}
			if !got.Add(piece(choice.Delta)) {
				return llm.Answer{}, &llm.Error{Kind: llm.Malformed, Provider: p.cfg.Name, Model: req.Model, Sent: true, Message: wire.ErrTooLong.Error()}
			}
		}
	}
	if err := stream.Err(); err != nil {
		return llm.Answer{}, p.fault(ctx, req.Model, err, got.Begun())
	}
	if ctx.Err() != nil {
		return llm.Answer{}, context.Cause(ctx)
	}
	usage := wire.Usage(req, got.Text(), end.usage)
	if e := end.fault(p.cfg.Name, req.Model); e != nil {
		e.Usage = &usage
		return llm.Answer{}, e
	}
	finish := llm.Stopped
	if end.reason == "length" {
		finish = llm.Cut
	}
	model := end.model
	if model == "" {
		model = req.Model
	}
	return got.Answer(p.cfg.Name, model, finish, usage), nil
}

func params(req llm.Request, form Structured) openai.ChatCompletionNewParams {
	out := openai.ChatCompletionNewParams{Model: req.Model, StreamOptions: openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)}}
	if system := instructions(req, form); system != "" {
		out.Messages = append(out.Messages, openai.SystemMessage(system))
	}
	for _, m := range req.Messages {
		if m.From == llm.Assistant {
			out.Messages = append(out.Messages, openai.AssistantMessage(m.Text))
		} else {
			out.Messages = append(out.Messages, openai.UserMessage(m.Text))
		}
	}
	if req.Temperature != nil {
		out.Temperature = openai.Float(*req.Temperature)
	}
	if req.Role != "" {
		// So that an endpoint which keeps accounts, or a person who answers, knows what the call is for.
		out.User = openai.String("qlp-" + string(req.Role))
	}
	shape(&out, form, req.Schema)
	return out
}

// bound sets the bound on the answer by the name that the endpoint knows it by.
func (p *Provider) bound(req llm.Request) []option.RequestOption {
	if req.MaxTokens <= 0 {
		return nil
	}
	field := p.cfg.TokensField
	if field == "" {
		field = "max_completion_tokens"
	}
	return []option.RequestOption{option.WithJSONSet(field, req.MaxTokens)}
}

// piece is the text of a delta: of the answer, or of the function's argument that stands for it.
func piece(d openai.ChatCompletionChunkChoiceDelta) string {
	if len(d.ToolCalls) == 0 {
		return d.Content
	}
	var b strings.Builder
	for _, call := range d.ToolCalls {
		if call.Index == 0 {
			b.WriteString(call.Function.Arguments)
		}
	}
	return b.String()
}

// ending is what a stream says besides its text.
type ending struct {
	model, reason, refusal string
	usage                  qlp.Usage
}

func (e *ending) note(chunk openai.ChatCompletionChunk) {
	if chunk.Model != "" {
		e.model = chunk.Model
	}
	for _, choice := range chunk.Choices {
		if choice.Index == 0 {
			e.refusal += choice.Delta.Refusal
			if choice.FinishReason != "" {
				e.reason = choice.FinishReason
			}
		}
	}
	if u := chunk.Usage; u.JSON.PromptTokens.Valid() {
		e.usage = qlp.Usage{Input: u.PromptTokens, Cached: u.PromptTokensDetails.CachedTokens, Output: u.CompletionTokens}
	}
}

// fault says why an answer that ended is none.
func (e *ending) fault(provider, model string) *llm.Error {
	out := &llm.Error{Provider: provider, Model: model, Sent: true}
	switch {
	case e.refusal != "":
		out.Kind, out.Message = llm.Refused, wire.Clean(e.refusal)
	case e.reason == "content_filter":
		out.Kind, out.Message = llm.Filtered, "the endpoint's content filter cut the answer"
	case e.reason == "":
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
	if e, ok := errors.AsType[*openai.Error](err); ok {
		refusal := wire.Refusal{Status: e.StatusCode, Code: e.Code, Message: e.Message}
		if e.Code == "" {
			refusal.Code = e.Type
		}
		if e.Response != nil {
			refusal.Header = e.Response.Header
		}
		return wire.Fault(p.cfg.Name, model, refusal, p.cfg.Key)
	}
	if e, ok := errors.AsType[*ssestream.StreamError](err); ok {
		var body struct {
			Error struct {
				Code    any    `json:"code"`
				Type    string `json:"type"`
				Message string `json:"message"`
			} `json:"error"`
		}
		_ = json.Unmarshal(e.Event.Data, &body) // what it does not say stays empty
		code, _ := body.Error.Code.(string)
		return wire.Fault(p.cfg.Name, model, wire.Refusal{Code: code + " " + body.Error.Type, Message: body.Error.Message}, p.cfg.Key)
	}
	return wire.Lost(ctx, p.cfg.Name, model, err, begun)
}
