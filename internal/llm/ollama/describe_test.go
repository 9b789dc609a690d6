package ollama_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/llmtest"
)

func TestDescribeAsksTheServer(t *testing.T) {
	t.Parallel()
	h := llmtest.NewHostile()
	t.Cleanup(h.Close)
	got, err := provider(t, h.URL()).Describe(t.Context(), "qwen3:8b")
	want := llm.Model{Provider: "it", Name: "qwen3:8b", Window: 8192, Dimensions: 4096, Structured: true, Price: &llm.Price{}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}
