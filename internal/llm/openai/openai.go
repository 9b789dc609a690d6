// Package openai speaks with OpenAI and with every endpoint that keeps its chat completions protocol; what differs (address,
// sign-in, how an answer's form is asked for) is configuration. The drivers azureopenai and ollama are this one with theirs.
//
// It never retries, never reads a key from the environment by itself, never follows a redirect, and judges no answer.
//
// Arrows: llm, wire, qlp, and OpenAI's library.
package openai

import (
	"net/http"
	"sync"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/wire"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// DefaultURL is OpenAI's own endpoint.
const DefaultURL = "https://api.openai.com/v1/"

// Config of a provider.
type Config struct {
	Name    string // how it is called in records: openai
	BaseURL string // with the version's path; "" is DefaultURL
	Key     string // "" sends none: a local endpoint
	// SignIn replaces the key: the options that authenticate a request.
	SignIn     []option.RequestOption
	Structured Structured                           // "" is auto
	Describe   func(model string) (llm.Model, bool) // what the catalogue knows; nil: nothing
	Client     *http.Client                         // nil: wire.NewClient()
	// TokensField is the name of the bound on an answer: max_completion_tokens, or max_tokens on older endpoints. "" is the first.
	TokensField string
}

// Provider is one endpoint.
type Provider struct {
	cfg        Config
	chat       openai.ChatCompletionService
	embeddings openai.EmbeddingService

	mu    sync.Mutex
	forms map[string]Structured // by model, where auto has found out
}

var _ llm.Provider = (*Provider)(nil)

// New returns a provider. It asks nobody yet.
func New(cfg Config) (*Provider, error) {
	if cfg.Name == "" {
		cfg.Name = "openai"
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = DefaultURL
	}
	if cfg.Client == nil {
		cfg.Client = wire.NewClient()
	}
	if !cfg.Structured.known() {
		return nil, qlp.Errorf(qlp.Invalid, "provider %s: %q is no way to ask for structured answers", cfg.Name, cfg.Structured).
			WithRemedy("use strict, tool, fence or auto")
	}
	opts := []option.RequestOption{option.WithBaseURL(cfg.BaseURL), option.WithHTTPClient(cfg.Client), option.WithMaxRetries(0)}
	switch {
	case cfg.SignIn != nil:
		opts = append(opts, cfg.SignIn...)
	case cfg.Key != "":
		opts = append(opts, option.WithAPIKey(cfg.Key))
	}
	return &Provider{
		cfg: cfg, chat: openai.NewChatCompletionService(opts...), embeddings: openai.NewEmbeddingService(opts...),
		forms: map[string]Structured{},
	}, nil
}

// Name is how the provider is called.
func (p *Provider) Name() string { return p.cfg.Name }
