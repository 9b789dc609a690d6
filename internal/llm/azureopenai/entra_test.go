package azureopenai_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/azureopenai"
	"github.com/quantumlayer/qlp/internal/llm/catalog"
	"github.com/quantumlayer/qlp/internal/llm/llmtest"
)

type credential struct{ err error }

func (c credential) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "entra-" + strings.Join(o.Scopes, " ")}, c.err
}

func TestEntra(t *testing.T) {
	t.Parallel()
	h := llmtest.NewHostile()
	t.Cleanup(h.Close)
	c, err := catalog.Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := azureopenai.New(azureopenai.Config{Name: "az", Endpoint: h.URL() + "/", Token: credential{}, Catalog: c, Models: map[string]string{"mine": "gpt-4o"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Complete(t.Context(), llmtest.Ask(), nil); err != nil {
		t.Fatal(err)
	}
	seen := h.Seen()[0]
	if seen.Path != "/openai/deployments/some-model/chat/completions?api-version=2024-10-21" {
		t.Errorf("the path is %s", seen.Path)
	}
	if got := seen.Header.Get("Authorization"); got != "Bearer entra-https://cognitiveservices.azure.com/.default" {
		t.Errorf("the token is %q", got)
	}
	if m, err := p.Describe(t.Context(), "mine"); err != nil || m.Window != 128_000 || m.Price != nil || m.Name != "mine" {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestNoToken(t *testing.T) {
	t.Parallel()
	h := llmtest.NewHostile()
	t.Cleanup(h.Close)
	p, err := azureopenai.New(azureopenai.Config{Name: "az", Endpoint: h.URL(), Token: credential{errors.New("signed out")}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Complete(t.Context(), llmtest.Ask(), nil); llm.KindOf(err) != llm.Unauthorized || h.Calls() != 0 {
		t.Errorf("%v after %d calls", err, h.Calls())
	}
	if _, err := azureopenai.New(azureopenai.Config{Name: "az", Endpoint: h.URL()}); err == nil {
		t.Error("neither a key nor a credential is taken")
	}
}
