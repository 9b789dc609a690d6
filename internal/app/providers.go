package app

import (
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/anthropic"
	"github.com/quantumlayer/qlp/internal/llm/azureopenai"
	"github.com/quantumlayer/qlp/internal/llm/catalog"
	"github.com/quantumlayer/qlp/internal/llm/ollama"
	"github.com/quantumlayer/qlp/internal/llm/openai"
	"github.com/quantumlayer/qlp/internal/llm/replay"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/telemetry"
)

// provider builds the driver of one configured endpoint. key is empty where there is none.
func provider(name string, p config.Provider, key telemetry.Secret) (llm.Provider, error) {
	known, err := catalog.New(nil)
	if err != nil {
		return nil, err
	}
	describe := func(model string) (llm.Model, bool) { return known.Find(p.Kind, model) }
	switch p.Kind {
	case config.KindOpenAI:
		return openai.New(openai.Config{Name: name, BaseURL: p.BaseURL, Key: key.Reveal(), Structured: form(p), Describe: describe})
	case config.KindCompatible, config.KindBridge:
		// Older endpoints know the bound on an answer by its older name, and newer ones still do.
		return openai.New(openai.Config{Name: name, BaseURL: p.BaseURL, Key: key.Reveal(), Structured: form(p), TokensField: "max_tokens"})
	case config.KindAzureOpenAI:
		return azure(name, p, key, describe)
	case config.KindAnthropic:
		return anthropic.New(anthropic.Config{Name: name, BaseURL: p.BaseURL, Key: key.Reveal(), Describe: describe})
	case config.KindOllama:
		return ollama.New(ollama.Config{Name: name, BaseURL: p.BaseURL})
	case config.KindReplay:
		return replay.Open(p.Dir)
	default:
		return nil, qlp.Errorf(qlp.Invalid, "provider %s: there is no driver for the kind %s", name, p.Kind)
	}
}

// azure signs in with a key, or with the identity that the machine or the person has with Entra.
func azure(name string, p config.Provider, key telemetry.Secret, describe func(string) (llm.Model, bool)) (llm.Provider, error) {
	cfg := azureopenai.Config{Name: name, Endpoint: p.BaseURL, APIVersion: p.APIVersion, Key: key.Reveal(), Structured: form(p), Describe: describe}
	if p.Entra {
		credential, err := azidentity.NewDefaultAzureCredential(nil)
		if err != nil {
			return nil, qlp.Errorf(qlp.Unauthorized, "provider %s: no identity of Entra: %w", name, err).
				WithRemedy("sign in with az login, run where a managed identity is, or use a key")
		}
		cfg.Credential = credential
	}
	return azureopenai.New(cfg)
}

// form is how structured answers are asked for: as the file says, else as is found out.
func form(p config.Provider) openai.Structured {
	switch {
	case p.Structured == nil:
		return openai.Auto
	case *p.Structured:
		return openai.Strict
	default:
		return openai.Fence
	}
}
