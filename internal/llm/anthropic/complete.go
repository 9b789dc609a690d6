package anthropic

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/endpoint"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Complete sends req. A schema goes as the output format of the endpoint's own; a model that the endpoint says has none is
// asked once more, by a forced call of one tool, and that is remembered. Forcing is not the first way, because models that
// always reason refuse it.
func (p *Provider) Complete(ctx context.Context, req llm.Request, sink llm.Sink) (llm.Answer, error) {
	if req.MaxTokens <= 0 {
		return llm.Answer{}, qlp.Errorf(qlp.Internal, "ask %s: a request needs a bound for its answer", p.cfg.Name)
	}
	tool := p.byTool(req.Model)
	answer, err := p.once(ctx, req, tool, sink)
	if req.Schema == nil || tool || !formatless(err) {
		return answer, err
	}
	p.useTool(req.Model)
	return p.once(ctx, req, true, sink)
}

// formatless recognises the endpoint's word that it does not know the output format, or not this schema.
func formatless(err error) bool {
	if llm.KindOf(err) != llm.Rejected {
		return false
	}
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "output_config") || strings.Contains(text, "output format") || strings.Contains(text, "output_format")
}

func (p *Provider) once(ctx context.Context, req llm.Request, tool bool, sink llm.Sink) (llm.Answer, error) {
	params, err := parameters(req, tool)
	if err != nil {
		return llm.Answer{}, err
	}
	r := reader{req: req, sink: sink, started: time.Now(), tool: tool && req.Schema != nil, failure: endpoint.Failure{Provider: p.cfg.Name, Model: req.Model}}
	service := sdk.NewMessageService(p.options()...)
	stream := service.NewStreaming(ctx, params, option.WithResponseInto(&r.failure.Response))
	defer func() { _ = stream.Close() }()
	for !r.done && stream.Next() {
		if err := r.event(stream.Current()); err != nil {
			return llm.Answer{}, err
		}
	}
	return r.end(ctx, stream.Err())
}

func parameters(req llm.Request, tool bool) (sdk.MessageNewParams, error) {
	params := sdk.MessageNewParams{Model: req.Model, MaxTokens: int64(req.MaxTokens)}
	if req.System != "" {
		params.System = []sdk.TextBlockParam{{Text: req.System}}
	}
	if req.Temperature != nil {
		params.Temperature = sdk.Float(*req.Temperature)
	}
	for _, m := range req.Messages {
		if m.From == llm.Assistant {
			params.Messages = append(params.Messages, sdk.NewAssistantMessage(sdk.NewTextBlock(m.Text)))
			continue
		}
		params.Messages = append(params.Messages, sdk.NewUserMessage(sdk.NewTextBlock(m.Text)))
	}
	if req.Schema == nil {
		return params, nil
	}
	var schema map[string]any
	if err := json.Unmarshal(req.Schema.JSON, &schema); err != nil {
		return params, qlp.Errorf(qlp.Internal, "read the schema %s: %v", req.Schema.Name, err)
	}
	if !tool {
		params.OutputConfig = sdk.OutputConfigParam{Format: sdk.JSONOutputFormatParam{Schema: schema}}
		return params, nil
	}
	delete(schema, "type") // always object, and the library writes it
	params.Tools = []sdk.ToolUnionParam{sdk.ToolUnionParamOfTool(sdk.ToolInputSchemaParam{ExtraFields: schema}, req.Schema.Name)}
	params.ToolChoice = sdk.ToolChoiceParamOfTool(req.Schema.Name)
	return params, nil
}

// reader puts an answer together.
type reader struct {
	req     llm.Request
	sink    llm.Sink
	tool    bool // the answer is a tool's input
	started time.Time
	failure endpoint.Failure

	text  strings.Builder
	first time.Duration
	model string
	stop  sdk.StopReason
	usage *qlp.Usage
	done  bool // message_stop was read
}

func (r *reader) event(e sdk.MessageStreamEventUnion) error {
	r.failure.Began = true
	switch e.Type {
	case "message_start":
		r.model = e.Message.Model
		u := e.Message.Usage
		if e.Message.JSON.Usage.Valid() {
			r.usage = &qlp.Usage{Input: u.InputTokens + u.CacheCreationInputTokens + u.CacheReadInputTokens, Cached: u.CacheReadInputTokens, Output: u.OutputTokens}
		}
	case "content_block_delta":
		switch {
		case r.tool && e.Delta.Type == "input_json_delta":
			return r.piece(e.Delta.PartialJSON)
		case !r.tool && e.Delta.Type == "text_delta":
			return r.piece(e.Delta.Text)
		}
	case "message_delta":
		if e.Delta.StopReason != "" {
			r.stop = e.Delta.StopReason
		}
		if r.usage != nil && e.Usage.JSON.OutputTokens.Valid() {
			r.usage.Output = e.Usage.OutputTokens // it counts all of the answer so far
		}
	case "message_stop":
		r.done = true
	}
	return nil
}

func (r *reader) piece(text string) error {
	if text == "" {
		return nil
	}
	if r.text.Len()+len(text) > llm.MaxAnswer {
		return r.failure.New(llm.Malformed, "the answer is longer than what is read")
	}
	if r.first == 0 {
		r.first = time.Since(r.started)
	}
	r.text.WriteString(text)
	if r.sink != nil {
		r.sink(text)
	}
	return nil
}

func (r *reader) end(ctx context.Context, err error) (llm.Answer, error) {
	text := r.text.String()
	if r.usage != nil && r.stop != "" {
		u := endpoint.Usage(r.usage, r.req, text)
		r.failure.Usage = &u
	}
	if said, ok := errors.AsType[*sdk.Error](err); ok {
		return llm.Answer{}, r.failure.Said([]byte(said.RawJSON()))
	}
	if err != nil && (r.stop == "" || ctx.Err() != nil) {
		return llm.Answer{}, r.failure.Of(ctx, err)
	}
	answer := llm.Answer{
		Text: text, Provider: r.failure.Provider, Model: r.model, Finish: llm.Stopped,
		Usage: endpoint.Usage(r.usage, r.req, text), First: r.first, Total: time.Since(r.started),
	}
	if answer.Model == "" {
		answer.Model = r.req.Model
	}
	switch r.stop {
	case "":
		return llm.Answer{}, r.failure.Ended()
	case sdk.StopReasonRefusal:
		return llm.Answer{}, r.failure.New(llm.Refused, "the model refuses to answer")
	case sdk.StopReasonPauseTurn:
		return llm.Answer{}, r.failure.New(llm.Truncated, "the model paused before the end of its answer")
	case sdk.StopReasonMaxTokens, "model_context_window_exceeded":
		answer.Finish = llm.Cut
	}
	return answer, nil
}
