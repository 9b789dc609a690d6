// Package azureopenai is OpenAI's models in Azure: a deployment for each model, and a key or a token of Entra ID.
//
// It never makes a credential: app chooses one and passes it in.
//
// Arrows: llm, completions, endpoint, catalog.
package azureopenai

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/catalog"
	"github.com/quantumlayer/qlp/internal/llm/completions"
	"github.com/quantumlayer/qlp/internal/llm/endpoint"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// APIVersion is the one that is asked for by default: the newest that is generally available for chat completions.
const APIVersion = "2024-10-21"

// scope of a token for the data plane.
const scope = "https://cognitiveservices.azure.com/.default"

// Config of a provider. Name and Endpoint are required, and Key or Token.
type Config struct {
	Name       string
	Endpoint   string                 // of the resource: https://NAME.openai.azure.com
	APIVersion string                 // "": APIVersion
	Key        func() string          // of the resource
	Token      azcore.TokenCredential // of Entra ID, in place of the key: azidentity makes them, and they keep tokens until they end
	Models     map[string]string      // deployment → OpenAI's model, for the catalogue; a deployment may have any name
	Structured completions.Structured // "": auto
	HTTPClient *http.Client
	Catalog    *catalog.Catalog
}

// Provider is one resource.
type Provider struct {
	*completions.Provider
	models  map[string]string
	catalog *catalog.Catalog
}

// New returns the provider; it sends nothing.
func New(cfg Config) (*Provider, error) {
	if cfg.Key == nil && cfg.Token == nil {
		return nil, qlp.Errorf(qlp.Invalid, "the provider %s has neither a key nor a credential", cfg.Name)
	}
	if cfg.APIVersion == "" {
		cfg.APIVersion = APIVersion
	}
	authorize := endpoint.Header("Api-Key", cfg.Key)
	if cfg.Token != nil {
		authorize = entra(cfg.Token)
	}
	p, err := completions.New(completions.Config{
		Name: cfg.Name, Kind: "azureopenai", BaseURL: strings.TrimSuffix(cfg.Endpoint, "/") + "/openai", Authorize: authorize,
		Path:       func(model string) string { return "deployments/" + url.PathEscape(model) },
		Query:      map[string]string{"api-version": cfg.APIVersion},
		Structured: cfg.Structured, HTTPClient: cfg.HTTPClient,
	})
	if err != nil {
		return nil, err
	}
	return &Provider{Provider: p, models: cfg.Models, catalog: cfg.Catalog}, nil
}

func entra(credential azcore.TokenCredential) endpoint.Authorize {
	return func(req *http.Request) error {
		token, err := credential.GetToken(req.Context(), policy.TokenRequestOptions{Scopes: []string{scope}})
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+token.Token)
		return nil
	}
}

// Describe looks a deployment up by the model behind it. What it costs in Azure depends on the region and the contract: only
// a table of the operator's own, under azureopenai and the deployment's name, says it.
func (p *Provider) Describe(_ context.Context, deployment string) (llm.Model, error) {
	m := llm.Model{}
	if p.catalog != nil {
		var ok bool
		if m, ok = p.catalog.Model("azureopenai", deployment); !ok {
			m, _ = p.catalog.Model("openai", p.models[deployment])
			m.Price = nil
		}
	}
	m.Provider, m.Name = p.Name(), deployment
	return m, nil
}
