// Package anthropic speaks with Anthropic's messages protocol.
//
// It never retries, never reads a key from the environment by itself, and judges no answer. There are no embeddings: whoever
// asks for some is told so.
//
// Arrows: llm, wire, qlp, and Anthropic's library.
package anthropic

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"sync"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/wire"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// DefaultURL is Anthropic's own endpoint.
const DefaultURL = "https://api.anthropic.com/"

// Config of a provider.
type Config struct {
	Name     string // how it is called in records: anthropic
	BaseURL  string // "" is DefaultURL
	Key      string
	Describe func(model string) (llm.Model, bool) // what the catalogue knows; nil: nothing
	Client   *http.Client                         // nil: wire.NewClient()
}

// Provider is one endpoint.
type Provider struct {
	cfg      Config
	messages anthropic.MessageService

	mu    sync.Mutex
	tools map[string]bool // models that want a tool in place of an output format
}

var _ llm.Provider = (*Provider)(nil)

// New returns a provider. It asks nobody yet.
func New(cfg Config) (*Provider, error) {
	if cfg.Name == "" {
		cfg.Name = "anthropic"
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = DefaultURL
	}
	if cfg.Client == nil {
		cfg.Client = wire.NewClient()
	}
	if cfg.Key == "" {
		return nil, qlp.Errorf(qlp.Invalid, "the provider %s has no key", cfg.Name).WithRemedy("name the variable that holds it with key_env, or a file with key_file")
	}
	return &Provider{cfg: cfg, tools: map[string]bool{}, messages: anthropic.NewMessageService(
		option.WithBaseURL(cfg.BaseURL), option.WithHTTPClient(cfg.Client), option.WithMaxRetries(0), option.WithAPIKey(cfg.Key),
	)}, nil
}

// Name is how the provider is called.
func (p *Provider) Name() string { return p.cfg.Name }

// Embed is refused.
func (p *Provider) Embed(_ context.Context, model string, _ []string) (llm.Embeddings, error) {
	return llm.Embeddings{}, &llm.Error{
		Kind: llm.Rejected, Provider: p.cfg.Name, Model: model, Message: "this endpoint makes no embeddings",
		Remedy: "configure another provider for embeddings, or the offline one",
	}
}

// Describe says what the catalogue knows of the model.
func (p *Provider) Describe(_ context.Context, model string) (llm.Model, error) {
	if p.cfg.Describe != nil {
		if m, ok := p.cfg.Describe(model); ok {
			m.Provider, m.Name = p.cfg.Name, model
			return m, nil
		}
	}
	return llm.Model{Provider: p.cfg.Name, Name: model}, nil
}

// unsupported finds the refusals that mean the output format and not the question.
var unsupported = regexp.MustCompile(`(?i)output_config|output_format|json_schema|structured`)

// Complete asks, and gathers the streamed answer. A structured answer comes as its JSON text.
func (p *Provider) Complete(ctx context.Context, req llm.Request, sink llm.Sink) (llm.Answer, error) {
	p.mu.Lock()
	tool := p.tools[req.Model]
	p.mu.Unlock()
	answer, err := p.ask(ctx, req, tool, sink)
	e, refused := errors.AsType[*llm.Error](err)
	if err == nil || tool || req.Schema == nil || !refused || e.Kind != llm.Rejected || !unsupported.MatchString(e.Message) {
		return answer, err
	}
	p.mu.Lock()
	p.tools[req.Model] = true
	p.mu.Unlock()
	return p.ask(ctx, req, true, sink)
}

func (p *Provider) ask(ctx context.Context, req llm.Request, tool bool, sink llm.Sink) (llm.Answer, error) {
	params, err := parameters(req, tool)
	if err != nil {
		return llm.Answer{}, err
	}
	stream := p.messages.NewStreaming(ctx, params)
	defer func() { _ = stream.Close() }()
	got := wire.Collect(sink)
	var end ending
	for stream.Next() {
		if !got.Add(end.note(stream.Current())) {
			return llm.Answer{}, &llm.Error{Kind: llm.Malformed, Provider: p.cfg.Name, Model: req.Model, Sent: true, Message: wire.ErrTooLong.Error()}
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
	if end.reason == anthropic.StopReasonMaxTokens {
		finish = llm.Cut
	}
	if end.model == "" {
		end.model = req.Model
	}
	return got.Answer(p.cfg.Name, end.model, finish, usage), nil
}

func parameters(req llm.Request, tool bool) (anthropic.MessageNewParams, error) {
	out := anthropic.MessageNewParams{Model: anthropic.Model(req.Model), MaxTokens: int64(req.MaxTokens)}
	if req.System != "" {
		out.System = []anthropic.TextBlockParam{{Text: req.System}}
	}
	for _, m := range req.Messages {
		block := anthropic.NewTextBlock(m.Text)
		if m.From == llm.Assistant {
			out.Messages = append(out.Messages, anthropic.NewAssistantMessage(block))
		} else {
			out.Messages = append(out.Messages, anthropic.NewUserMessage(block))
		}
	}
	if req.Temperature != nil {
		out.Temperature = anthropic.Float(*req.Temperature)
	}
	if req.Schema == nil {
		return out, nil
	}
	var schema map[string]any
	if err := json.Unmarshal(req.Schema.JSON, &schema); err != nil {
		return out, qlp.Errorf(qlp.Internal, "read the schema %s: %w", req.Schema.Name, err)
	}
	if !tool {
		out.OutputConfig = anthropic.OutputConfigParam{Format: anthropic.JSONOutputFormatParam{Schema: schema}}
		return out, nil
	}
	input := anthropic.ToolInputSchemaParam{Properties: schema["properties"], ExtraFields: map[string]any{}}
	for key, value := range schema {
		if key != "properties" && key != "type" {
			input.ExtraFields[key] = value
		}
	}
	out.Tools = []anthropic.ToolUnionParam{anthropic.ToolUnionParamOfTool(input, req.Schema.Name)}
	out.ToolChoice = anthropic.ToolChoiceParamOfTool(req.Schema.Name)
	return out, nil
}
