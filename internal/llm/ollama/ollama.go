// Package ollama is a server of Ollama: its OpenAI-compatible side for answers and vectors, its own side for what a model is.
//
// It never pulls a model, and never starts the server.
//
// Arrows: llm, completions, endpoint, catalog.
package ollama

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/catalog"
	"github.com/quantumlayer/qlp/internal/llm/completions"
	"github.com/quantumlayer/qlp/internal/llm/endpoint"
)

// BaseURL is where Ollama listens unless it is told otherwise.
const BaseURL = "http://127.0.0.1:11434"

// Config of a provider. Name is required.
type Config struct {
	Name       string
	BaseURL    string                 // "": BaseURL
	Key        func() string          // of a proxy before it; nil: none
	Structured completions.Structured // "": auto
	HTTPClient *http.Client
	Catalog    *catalog.Catalog
}

// Provider is one server.
type Provider struct {
	*completions.Provider
	base   string
	client *http.Client
}

// New returns the provider; it sends nothing.
func New(cfg Config) (*Provider, error) {
	if cfg.BaseURL == "" {
		cfg.BaseURL = BaseURL
	}
	base := strings.TrimSuffix(strings.TrimSuffix(cfg.BaseURL, "/"), "/v1")
	p, err := completions.New(completions.Config{
		Name: cfg.Name, Kind: "ollama", BaseURL: base + "/v1", Authorize: endpoint.Bearer(cfg.Key), Structured: cfg.Structured, Legacy: true,
		HTTPClient: cfg.HTTPClient, Catalog: cfg.Catalog,
	})
	if err != nil {
		return nil, err
	}
	return &Provider{Provider: p, base: base, client: endpoint.Client(cfg.HTTPClient, endpoint.Bearer(cfg.Key))}, nil
}

// Describe asks the server for the model's window and the length of its vectors. What it runs costs nothing, unless the
// catalogue says otherwise.
func (p *Provider) Describe(ctx context.Context, model string) (llm.Model, error) {
	m, err := p.Provider.Describe(ctx, model)
	if err != nil {
		return m, err
	}
	failure := endpoint.Failure{Provider: p.Name(), Model: model}
	body, err := json.Marshal(map[string]string{"model": model})
	if err != nil {
		return m, fmt.Errorf("describe %s: %w", model, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+"/api/show", bytes.NewReader(body))
	if err != nil {
		return m, fmt.Errorf("describe %s: %w", model, err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := p.client.Do(req)
	if err != nil {
		return m, failure.Of(ctx, err)
	}
	defer func() { _ = res.Body.Close() }()
	var shown struct {
		Parameters string         `json:"parameters"`
		Info       map[string]any `json:"model_info"`
	}
	if err := json.NewDecoder(res.Body).Decode(&shown); err != nil {
		return m, failure.Of(ctx, err)
	}
	for name, value := range shown.Info {
		n, _ := value.(float64)
		switch {
		case n <= 0 || n > 1<<40:
		case strings.HasSuffix(name, ".context_length") && m.Window == 0:
			m.Window = int64(n)
		case strings.HasSuffix(name, ".embedding_length") && m.Dimensions == 0:
			m.Dimensions = int(n)
		}
	}
	m.Window = served(shown.Parameters, m.Window)
	m.Structured = true // by a grammar of the server's own, for every model
	if m.Price == nil {
		m.Price = &llm.Price{}
	}
	return m, nil
}

// served returns the window that the model's file gives it, when that is narrower than what the model could have.
func served(parameters string, window int64) int64 {
	for line := range strings.Lines(parameters) {
		var n int64
		if _, err := fmt.Sscanf(line, "num_ctx %d", &n); err == nil && n > 0 && (window == 0 || n < window) {
			return n
		}
	}
	return window
}
