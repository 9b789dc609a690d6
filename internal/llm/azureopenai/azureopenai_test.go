package azureopenai_test

import (
	"testing"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/azureopenai"
	"github.com/quantumlayer/qlp/internal/llm/llmtest"
)

func provider(t *testing.T, url string) llm.Provider {
	t.Helper()
	p, err := azureopenai.New(azureopenai.Config{Name: "it", Endpoint: url, Key: func() string { return llmtest.Key }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestConformance(t *testing.T) {
	t.Parallel()
	llmtest.Run(t, "openai", provider)
}
