package completions

import (
	"context"
	"errors"
	"strings"
	"time"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/ssestream"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/endpoint"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Complete sends req. When the endpoint says in so many words that it does not know a form of structured output or the name
// of a parameter, it is asked once more without, and that is remembered for the model; such a refusal costs nothing.
func (p *Provider) Complete(ctx context.Context, req llm.Request, sink llm.Sink) (llm.Answer, error) {
	if req.MaxTokens <= 0 {
		return llm.Answer{}, qlp.Errorf(qlp.Internal, "ask %s: a request needs a bound for its answer", p.cfg.Name)
	}
	for {
		d := p.dialect(req.Model)
		answer, err := p.once(ctx, req, d, sink)
		next, ok := d.after(err, req, p.cfg)
		if !ok {
			return answer, err
		}
		p.learn(req.Model, next)
	}
}

func (p *Provider) dialect(model string) dialect {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d, ok := p.learned[model]; ok {
		return d
	}
	d := dialect{structured: p.cfg.Structured}
	if d.structured == Auto {
		d.structured = Strict
	}
	return d
}

func (p *Provider) learn(model string, d dialect) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.learned[model] = d
}

func (p *Provider) once(ctx context.Context, req llm.Request, d dialect, sink llm.Sink) (llm.Answer, error) {
	r := reader{
		req: req, sink: sink, started: time.Now(), tool: req.Schema != nil && d.structured == Tool,
		failure: endpoint.Failure{Provider: p.cfg.Name, Model: req.Model},
	}
	params, err := p.params(req, d)
	if err != nil {
		return llm.Answer{}, err
	}
	service := sdk.NewChatCompletionService(p.options(req.Model)...)
	stream := service.NewStreaming(ctx, params, option.WithResponseInto(&r.failure.Response))
	defer func() { _ = stream.Close() }()
	for stream.Next() {
		if err := r.chunk(stream.Current()); err != nil {
			return llm.Answer{}, err
		}
	}
	return r.end(ctx, stream.Err())
}

// reader puts an answer together.
type reader struct {
	req     llm.Request
	sink    llm.Sink
	tool    bool // the answer is a tool's arguments
	started time.Time
	failure endpoint.Failure

	text    strings.Builder
	refusal strings.Builder
	first   time.Duration
	model   string
	finish  string
	usage   *qlp.Usage
}

func (r *reader) chunk(c sdk.ChatCompletionChunk) error {
	r.failure.Began = true
	if r.model == "" {
		r.model = c.Model
	}
	if c.JSON.Usage.Valid() {
		r.usage = &qlp.Usage{Input: c.Usage.PromptTokens, Cached: c.Usage.PromptTokensDetails.CachedTokens, Output: c.Usage.CompletionTokens}
	}
	for _, choice := range c.Choices {
		if choice.Index != 0 || r.finish != "" {
			continue // a second choice was not asked for, and nothing follows an end
		}
		if err := r.delta(choice.Delta); err != nil {
			return err
		}
		r.finish = choice.FinishReason
		break
	}
	return nil
}

func (r *reader) delta(d sdk.ChatCompletionChunkChoiceDelta) error {
	piece := d.Content
	if r.tool {
		piece = ""
		for _, call := range d.ToolCalls {
			if call.Index == 0 {
				piece += call.Function.Arguments
			}
		}
	}
	if r.text.Len()+len(piece) > llm.MaxAnswer || r.refusal.Len()+len(d.Refusal) > llm.MaxAnswer {
		return r.failure.New(llm.Malformed, "the answer is longer than what is read")
	}
	r.refusal.WriteString(d.Refusal)
	if piece == "" {
		return nil
	}
	if r.first == 0 {
		r.first = time.Since(r.started)
	}
	r.text.WriteString(piece)
	if r.sink != nil {
		r.sink(piece)
	}
	return nil
}

func (r *reader) end(ctx context.Context, err error) (llm.Answer, error) {
	text := r.text.String()
	if r.usage != nil {
		u := endpoint.Usage(r.usage, r.req, text+r.refusal.String())
		r.failure.Usage = &u
	}
	if said, ok := errors.AsType[*ssestream.StreamError](err); ok {
		return llm.Answer{}, r.failure.Said(said.Event.Data)
	}
	// An answer that is whole stays so, whatever the connection does after its end.
	if err != nil && (r.finish == "" || ctx.Err() != nil) {
		return llm.Answer{}, r.failure.Of(ctx, err)
	}
	answer := llm.Answer{
		Text: text, Provider: r.failure.Provider, Model: r.model, Finish: llm.Stopped,
		Usage: endpoint.Usage(r.usage, r.req, text), First: r.first, Total: time.Since(r.started),
	}
	if answer.Model == "" {
		answer.Model = r.req.Model
	}
	switch {
	case r.refusal.Len() > 0:
		return llm.Answer{}, r.failure.New(llm.Refused, r.refusal.String())
	case r.finish == "":
		return llm.Answer{}, r.failure.Ended()
	case r.finish == "content_filter":
		return llm.Answer{}, r.failure.New(llm.Filtered, "the endpoint's content filter ended the answer")
	case r.finish == "length":
		answer.Finish = llm.Cut
	}
	return answer, nil
}
