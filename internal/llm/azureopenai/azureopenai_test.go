package azureopenai

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/llmtest"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// token is a credential whose token is known.
type token struct{ scopes chan []string }

func (c token) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.scopes <- o.Scopes
	return azcore.AccessToken{Token: "entra-token", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func TestBothWaysToSignIn(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change        func(*Config)
		header, value string
	}{
		"key":   {func(c *Config) { c.Key = llmtest.Secret }, "Api-Key", llmtest.Secret},
		"entra": {func(c *Config) { c.Credential = token{make(chan []string, 8)} }, "Authorization", "Bearer entra-token"},
	} {
		e := llmtest.NewEndpoint(t, llmtest.Saying(llmtest.Good))
		cfg := Config{Endpoint: strings.TrimSuffix(e.URL, "v1/"), Plain: true}
		tc.change(&cfg)
		p, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		req := llmtest.Request()
		req.Model = "my-deployment"
		answer, err := p.Complete(t.Context(), req, nil)
		if err != nil || answer.Text != llmtest.Good {
			t.Fatalf("%s: %q, %v", name, answer.Text, err)
		}
		asked := e.Asked()[0]
		if asked.Path != "/openai/deployments/my-deployment/chat/completions" || asked.Header.Get(tc.header) != tc.value {
			t.Errorf("%s: %s with %q", name, asked.Path, asked.Header.Get(tc.header))
		}
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	// Without TLS the library speaks past the client that it is given, the only one that refuses redirects.
	bad := slices.DeleteFunc(llmtest.Hostile(llmtest.Good), func(b llmtest.Behaviour) bool { return b.Name == "redirect" })
	llmtest.Run(t, llmtest.Wire{Good: llmtest.Saying(llmtest.Good), Bad: bad}, func(t *testing.T, url string) llm.Provider {
		p, err := New(Config{Endpoint: strings.TrimSuffix(url, "v1/"), Plain: true, Key: llmtest.Secret})
		if err != nil {
			t.Fatal(err)
		}
		return p
	})
}

func TestConfigurationsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Config{
		"no address": {Key: "k"}, "no TLS": {Endpoint: "http://x.example", Key: "k"}, "nothing to sign in with": {Endpoint: "https://x.example"},
		"both": {Endpoint: "https://x.example", Key: "k", Credential: token{}},
	} {
		if _, err := New(cfg); qlp.CodeOf(err) != qlp.Invalid || qlp.RemedyOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
