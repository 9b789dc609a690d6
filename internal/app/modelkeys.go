package app

import (
	"os"
	"strings"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/telemetry"
)

// fromEnvironment describes a provider that the file does not list, and the person asked for by name: it is what the
// vendors' own tools would read from the environment.
func fromEnvironment(name string, env func(string) string) (config.Provider, bool) {
	switch name {
	case config.KindOpenAI:
		return config.Provider{Kind: name, BaseURL: env("OPENAI_BASE_URL")}, true
	case config.KindAnthropic:
		return config.Provider{Kind: name, BaseURL: env("ANTHROPIC_BASE_URL")}, true
	case config.KindAzureOpenAI:
		return config.Provider{
			Kind: name, BaseURL: env("AZURE_OPENAI_ENDPOINT"), APIVersion: env("AZURE_OPENAI_API_VERSION"), Entra: env("AZURE_OPENAI_API_KEY") == "",
		}, env("AZURE_OPENAI_ENDPOINT") != ""
	case config.KindOllama:
		return config.Provider{Kind: name}, true
	default:
		return config.Provider{}, false
	}
}

// usualKey is the variable in which a kind's key is usually kept.
func usualKey(kind string) string {
	switch kind {
	case config.KindOpenAI:
		return "OPENAI_API_KEY"
	case config.KindAnthropic:
		return "ANTHROPIC_API_KEY"
	case config.KindAzureOpenAI:
		return "AZURE_OPENAI_API_KEY"
	default:
		return ""
	}
}

// readKey reads a provider's key from where the file says, or from the usual variable. Kinds that need none have none, unless
// the file names one.
func readKey(name string, p config.Provider, env func(string) string) (telemetry.Secret, error) {
	if p.KeyFile != "" {
		b, err := os.ReadFile(p.KeyFile)
		if err != nil {
			return "", qlp.Errorf(qlp.Invalid, "provider %s: read key: %w", name, err).WithRemedy("see that key_file names a file that this user may read")
		}
		if key := strings.TrimSpace(string(b)); key != "" {
			return telemetry.Secret(key), nil
		}
		return "", qlp.Errorf(qlp.Invalid, "provider %s: the key file is empty", name).WithRemedy("write the key into it")
	}
	variable := p.KeyEnv
	if variable == "" && !p.Entra {
		variable = usualKey(p.Kind)
	}
	if variable == "" {
		return "", nil
	}
	key := strings.TrimSpace(env(variable))
	if key == "" {
		return "", qlp.Errorf(qlp.Unauthorized, "provider %s has no key: the variable %s is not set", name, variable).
			WithRemedy("set %s, or name another variable or a file with key_env or key_file in the providers file", variable)
	}
	return telemetry.Secret(key), nil
}
