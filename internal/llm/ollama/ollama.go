// Package ollama speaks with models that run on one's own machine: the openai driver at Ollama's address, and its own way to
// tell how long a model's context is.
//
// It never pulls a model, and costs nothing: its price is known to be zero.
//
// Arrows: llm, openai, wire, qlp.
package ollama

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/openai"
	"github.com/quantumlayer/qlp/internal/llm/wire"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// DefaultURL is where Ollama listens.
const DefaultURL = "http://127.0.0.1:11434"

// Config of a provider.
type Config struct {
	Name    string // how it is called in records: ollama
	BaseURL string // without a path; "" is DefaultURL
	Client  *http.Client
}

// Provider is one Ollama.
type Provider struct {
	*openai.Provider
	cfg Config
}

var _ llm.Provider = (*Provider)(nil)

// New returns a provider. It asks nobody yet.
func New(cfg Config) (*Provider, error) {
	if cfg.Name == "" {
		cfg.Name = "ollama"
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = DefaultURL
	}
	if cfg.Client == nil {
		cfg.Client = wire.NewClient()
	}
	at, err := url.Parse(cfg.BaseURL)
	if err != nil || at.Host == "" {
		return nil, qlp.Errorf(qlp.Invalid, "provider %s: %.200q is no address", cfg.Name, cfg.BaseURL).WithRemedy("set base_url, for example to %s", DefaultURL)
	}
	cfg.BaseURL = strings.TrimSuffix(strings.TrimSuffix(cfg.BaseURL, "/"), "/v1")
	p, err := openai.New(openai.Config{Name: cfg.Name, BaseURL: cfg.BaseURL + "/v1/", Client: cfg.Client, TokensField: "max_tokens"})
	if err != nil {
		return nil, err
	}
	return &Provider{Provider: p, cfg: cfg}, nil
}

// maxDescription bounds what /api/show may answer: it holds the model's licence and template.
const maxDescription = 4 << 20

// Describe asks Ollama for the length of the model's context. That it is not there is an error: nothing here knows more.
func (p *Provider) Describe(ctx context.Context, model string) (llm.Model, error) {
	out := llm.Model{Provider: p.cfg.Name, Name: model, Price: &llm.Price{}, Structured: true}
	body, err := json.Marshal(map[string]string{"model": model})
	if err != nil {
		return out, fmt.Errorf("encode request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.cfg.BaseURL+"/api/show", bytes.NewReader(body))
	if err != nil {
		return out, fmt.Errorf("ask for %s: %w", model, err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := p.cfg.Client.Do(req)
	if err != nil {
		return out, wire.Lost(ctx, p.cfg.Name, model, err, false)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return out, wire.Fault(p.cfg.Name, model, wire.Refusal{Status: res.StatusCode, Header: res.Header, Message: "the model cannot be described"})
	}
	var show struct {
		Info map[string]any `json:"model_info"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, res.Body, maxDescription)).Decode(&show); err != nil {
		return out, wire.Lost(ctx, p.cfg.Name, model, err, true)
	}
	for key, value := range show.Info {
		if n, ok := value.(float64); ok && strings.HasSuffix(key, ".context_length") && n > 0 {
			out.Window = int64(n)
		}
		if n, ok := value.(float64); ok && strings.HasSuffix(key, ".embedding_length") && n > 0 {
			out.Dimensions = int(n)
		}
	}
	return out, nil
}
