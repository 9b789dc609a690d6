// Package openai is OpenAI, and any endpoint that is compatible with its chat completions.
//
// It never reads the environment: the key comes from its configuration.
//
// Arrows: llm, completions, endpoint, catalog.
package openai

import (
	"net/http"

	"github.com/quantumlayer/qlp/internal/llm/catalog"
	"github.com/quantumlayer/qlp/internal/llm/completions"
	"github.com/quantumlayer/qlp/internal/llm/endpoint"
)

// BaseURL is OpenAI's own endpoint.
const BaseURL = "https://api.openai.com/v1"

// Config of a provider. Name is required.
type Config struct {
	Name       string
	BaseURL    string                 // "": OpenAI's own; a compatible endpoint's ends before /chat/completions
	Key        func() string          // nil or "": none is sent
	Structured completions.Structured // "": auto
	HTTPClient *http.Client           // nil: one of its own
	Catalog    *catalog.Catalog       // nil: nothing is known of any model
}

// New returns the provider; it sends nothing. A compatible endpoint's models are looked up under the kind "compatible": a
// model that is called as one of OpenAI's need not be it, nor cost the same.
func New(cfg Config) (*completions.Provider, error) {
	kind := "openai"
	if cfg.BaseURL == "" {
		cfg.BaseURL = BaseURL
	}
	own := cfg.BaseURL == BaseURL || cfg.BaseURL == BaseURL+"/"
	if !own {
		kind = "compatible"
	}
	return completions.New(completions.Config{
		Name: cfg.Name, Kind: kind, BaseURL: cfg.BaseURL, Authorize: endpoint.Bearer(cfg.Key), Structured: cfg.Structured, Legacy: !own,
		HTTPClient: cfg.HTTPClient, Catalog: cfg.Catalog,
	})
}
