package ollama

import (
	"net/http"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/llmtest"
	"github.com/quantumlayer/qlp/internal/qlp"
)

func open(t *testing.T, url string) llm.Provider {
	t.Helper()
	p, err := New(Config{BaseURL: url})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestConformance(t *testing.T) {
	t.Parallel()
	llmtest.Run(t, llmtest.Wire{Good: llmtest.Saying(llmtest.Good), Bad: llmtest.Hostile(llmtest.Good)}, open)
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	e := llmtest.NewEndpoint(t, llmtest.Behaviour{Name: "show", Play: func(w http.ResponseWriter, _ *http.Request, a llmtest.Asked) {
		if a.Path != "/api/show" || !strings.Contains(string(a.Body), "qwen") {
			http.Error(w, `{"error":"model not found"}`, http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(`{"model_info":{"qwen.context_length":32768,"qwen.embedding_length":1024}}`))
	}})
	m, err := open(t, e.URL).Describe(t.Context(), "qwen")
	if err != nil || m.Window != 32768 || m.Dimensions != 1024 || m.Price == nil || *m.Price != (llm.Price{}) {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := open(t, e.URL).Describe(t.Context(), "nothing"); llm.KindOf(err) != llm.Unknown {
		t.Errorf("%v", err)
	}
	if _, err := New(Config{BaseURL: "::"}); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("%v", err)
	}
}
