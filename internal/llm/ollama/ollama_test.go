package ollama_test

import (
	"testing"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/llmtest"
	"github.com/quantumlayer/qlp/internal/llm/ollama"
)

func provider(t *testing.T, url string) llm.Provider {
	t.Helper()
	p, err := ollama.New(ollama.Config{Name: "it", BaseURL: url, Key: func() string { return llmtest.Key }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestConformance(t *testing.T) {
	t.Parallel()
	llmtest.Run(t, "openai", provider)
}
