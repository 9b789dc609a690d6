package openai_test

import (
	"testing"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/llmtest"
	"github.com/quantumlayer/qlp/internal/llm/openai"
)

func provider(t *testing.T, url string) llm.Provider {
	t.Helper()
	p, err := openai.New(openai.Config{Name: "it", BaseURL: url + "/v1", Key: func() string { return llmtest.Key }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestConformance(t *testing.T) {
	t.Parallel()
	llmtest.Run(t, "openai", provider)
}
