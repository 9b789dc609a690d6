// Package anthropic is Anthropic's messages, on its own library.
//
// It never reads the environment, never shows a model's hidden reasoning, and has no vectors.
//
// Arrows: llm, qlp, endpoint, catalog.
package anthropic

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/catalog"
	"github.com/quantumlayer/qlp/internal/llm/endpoint"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// BaseURL is Anthropic's own endpoint.
const BaseURL = "https://api.anthropic.com"

// Config of a provider. Name is required.
type Config struct {
	Name       string
	BaseURL    string           // "": Anthropic's own; another ends before /v1/messages
	Key        func() string    // nil or "": none is sent
	HTTPClient *http.Client     // nil: one of its own
	Catalog    *catalog.Catalog // nil: nothing is known of any model
}

// Provider is one endpoint. It implements llm.Provider.
type Provider struct {
	cfg    Config
	client *http.Client

	mu    sync.Mutex
	tools map[string]bool // the models that know no output format of their own: their answer is a forced tool's input
}

// New checks cfg; it sends nothing.
func New(cfg Config) (*Provider, error) {
	if cfg.Name == "" {
		return nil, qlp.Errorf(qlp.Invalid, "a provider needs a name")
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = BaseURL
	}
	if !strings.HasPrefix(cfg.BaseURL, "http://") && !strings.HasPrefix(cfg.BaseURL, "https://") {
		return nil, qlp.Errorf(qlp.Invalid, "the base URL of the provider %s is no http or https address", cfg.Name)
	}
	cfg.BaseURL = strings.TrimSuffix(strings.TrimSuffix(cfg.BaseURL, "/"), "/v1") + "/"
	client := endpoint.Client(cfg.HTTPClient, endpoint.Header("X-Api-Key", cfg.Key))
	return &Provider{cfg: cfg, client: client, tools: map[string]bool{}}, nil
}

// Name returns the operator's name for the endpoint.
func (p *Provider) Name() string { return p.cfg.Name }

// Describe returns what the catalogue knows.
func (p *Provider) Describe(_ context.Context, model string) (llm.Model, error) {
	m := llm.Model{Name: model}
	if p.cfg.Catalog != nil {
		m, _ = p.cfg.Catalog.Model("anthropic", model)
	}
	m.Provider = p.cfg.Name
	return m, nil
}

// Embed is an error: the endpoint has no vectors.
func (p *Provider) Embed(_ context.Context, model string, _ []string) (llm.Embeddings, error) {
	return llm.Embeddings{}, &llm.Error{
		Kind: llm.Rejected, Provider: p.cfg.Name, Model: model, Message: "Anthropic has no embeddings",
		Remedy: "give embeddings a provider of kind openai, azureopenai or ollama",
	}
}

func (p *Provider) options() []option.RequestOption {
	return []option.RequestOption{option.WithBaseURL(p.cfg.BaseURL), option.WithHTTPClient(p.client), option.WithMaxRetries(0)}
}

func (p *Provider) byTool(model string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tools[model]
}

func (p *Provider) useTool(model string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tools[model] = true
}
