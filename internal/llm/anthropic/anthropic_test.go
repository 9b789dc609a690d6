package anthropic

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
	p, err := New(Config{BaseURL: url, Key: llmtest.Secret})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestConformance(t *testing.T) {
	t.Parallel()
	llmtest.Run(t, llmtest.Anthropic(), open)
}

// A model that has no output format is given a tool that it must call, then and from then on.
func TestToolInPlaceOfAFormat(t *testing.T) {
	t.Parallel()
	e := llmtest.NewEndpoint(t, llmtest.Anthropic().Good)
	e.Next(llmtest.Behaviour{Name: "no format", Play: func(w http.ResponseWriter, _ *http.Request, _ llmtest.Asked) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"type":"error","error":{"type":"invalid_request_error","message":"output_config: this model does not support structured outputs"}}`))
	}})
	p := open(t, e.URL)
	req := llmtest.Request()
	req.Schema = llmtest.Schema()
	for range 2 {
		if _, err := p.Complete(t.Context(), req, nil); err != nil {
			t.Fatal(err)
		}
	}
	asked := e.Asked()
	if len(asked) != 3 {
		t.Fatalf("asked %d times", len(asked))
	}
	for i, want := range []string{`"output_config"`, `"tool_choice"`, `"tool_choice"`} {
		if !strings.Contains(string(asked[i].Body), want) || !strings.Contains(string(asked[i].Body), `"additionalProperties":false`) {
			t.Errorf("request %d has no %s: %s", i, want, asked[i].Body)
		}
	}
	if asked[0].Header.Get("X-Api-Key") != llmtest.Secret {
		t.Error("the key was not sent")
	}
}

func TestWhatItCannot(t *testing.T) {
	t.Parallel()
	if _, err := New(Config{}); qlp.CodeOf(err) != qlp.Invalid || qlp.RemedyOf(err) == "" {
		t.Errorf("without a key: %v", err)
	}
	if _, err := open(t, "http://127.0.0.1:1/").Embed(t.Context(), "m", nil); llm.KindOf(err) != llm.Rejected {
		t.Errorf("embeddings: %v", err)
	}
}
