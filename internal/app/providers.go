package app

import (
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/anthropic"
	"github.com/quantumlayer/qlp/internal/llm/azureopenai"
	"github.com/quantumlayer/qlp/internal/llm/catalog"
	"github.com/quantumlayer/qlp/internal/llm/completions"
	"github.com/quantumlayer/qlp/internal/llm/ollama"
	"github.com/quantumlayer/qlp/internal/llm/openai"
	"github.com/quantumlayer/qlp/internal/llm/replay"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/telemetry"
)

// provider builds the driver of one configured endpoint. key is empty where there is none.
func provider(name string, p config.Provider, key telemetry.Secret) (llm.Provider, error) {
	known, err := catalog.Read(nil)
	if err != nil {
		return nil, err
	}
	structured := completions.Structured(p.Structured)
	switch p.Kind {
	case config.KindReplay:
		return replay.Open(p.Dir)
	case config.KindOpenAI, config.KindCompatible, config.KindBridge:
		return openai.New(openai.Config{Name: name, BaseURL: p.BaseURL, Key: key.Reveal, Structured: structured, Catalog: known})
	case config.KindOllama:
		return ollama.New(ollama.Config{Name: name, BaseURL: p.BaseURL, Key: key.Reveal, Structured: structured, Catalog: known})
	case config.KindAzureOpenAI:
		cfg := azureopenai.Config{
			Name: name, Endpoint: p.BaseURL, APIVersion: p.APIVersion, Key: key.Reveal, Models: p.Models, Structured: structured, Catalog: known,
		}
		if p.Entra {
			// The identity that the machine has, or the person who is signed in with Azure's own tools.
			if cfg.Token, err = azidentity.NewDefaultAzureCredential(nil); err != nil {
				return nil, qlp.Errorf(qlp.Unauthorized, "provider %s: no identity of Entra: %w", name, err).
					WithRemedy("sign in with az login, run where a managed identity is, or use a key")
			}
			cfg.Key = nil
		}
		return azureopenai.New(cfg)
	case config.KindAnthropic:
		return anthropic.New(anthropic.Config{Name: name, BaseURL: p.BaseURL, Key: key.Reveal, Catalog: known})
	}
	return nil, qlp.Errorf(qlp.Invalid, "provider %s: there is no driver for the kind %s with these settings", name, p.Kind)
}
