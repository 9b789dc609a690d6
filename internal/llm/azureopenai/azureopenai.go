// Package azureopenai speaks with deployments of Azure OpenAI: the openai driver with Azure's addresses, and its two ways to
// sign in, a key or a token of Entra.
//
// It never looks for an identity by itself: the credential is handed in.
//
// Arrows: llm, openai, qlp, and the libraries of OpenAI and Azure.
package azureopenai

import (
	"net/http"
	"net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/openai/openai-go/v3/azure"
	"github.com/openai/openai-go/v3/option"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/openai"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// DefaultVersion of the API: the newest that is generally available and knows structured output.
const DefaultVersion = "2024-10-21"

// Config of a provider. A model's name is the name of its deployment.
type Config struct {
	Name       string // how it is called in records: azureopenai
	Endpoint   string // https://NAME.openai.azure.com
	APIVersion string // "" is DefaultVersion
	Key        string // this, or Credential
	Credential azcore.TokenCredential
	Structured openai.Structured
	Describe   func(model string) (llm.Model, bool)
	Client     *http.Client
	Plain      bool // let a key travel without TLS to this machine itself: for tests and gateways beside qlp
}

// New returns a provider. It asks nobody yet.
func New(cfg Config) (*openai.Provider, error) {
	if cfg.Name == "" {
		cfg.Name = "azureopenai"
	}
	if cfg.APIVersion == "" {
		cfg.APIVersion = DefaultVersion
	}
	if at, err := url.Parse(cfg.Endpoint); err != nil || at.Host == "" || at.Scheme != "https" && !cfg.Plain {
		return nil, qlp.Errorf(qlp.Invalid, "provider %s: %.200q is no address of an Azure OpenAI resource", cfg.Name, cfg.Endpoint).
			WithRemedy("set base_url to the resource's endpoint, with https")
	}
	signIn := []option.RequestOption{azure.WithEndpoint(cfg.Endpoint, cfg.APIVersion)}
	switch {
	case cfg.Credential != nil && cfg.Key != "":
		return nil, qlp.Errorf(qlp.Invalid, "provider %s has both a key and Entra", cfg.Name).WithRemedy("leave one of them out")
	case cfg.Credential != nil:
		signIn = append(signIn, azure.WithTokenCredential(cfg.Credential))
	case cfg.Key != "":
		signIn = append(signIn, azure.WithAPIKey(cfg.Key))
	default:
		return nil, qlp.Errorf(qlp.Invalid, "the provider %s has neither a key nor Entra", cfg.Name).
			WithRemedy("name the variable that holds the key with key_env, or set entra: true")
	}
	if cfg.Plain {
		signIn = append(signIn, azure.WithUnsafeAllowHTTP())
	}
	return openai.New(openai.Config{
		Name: cfg.Name, BaseURL: cfg.Endpoint, Key: cfg.Key, SignIn: signIn, Structured: cfg.Structured, Describe: cfg.Describe, Client: cfg.Client,
	})
}
