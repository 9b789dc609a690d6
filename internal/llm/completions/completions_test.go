package completions_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/completions"
	"github.com/quantumlayer/qlp/internal/llm/llmtest"
)

// picky turns away what it does not know, as older compatible endpoints do, and counts what it was asked.
type picky struct {
	*llmtest.Hostile
	unknown []string // a part of the body, and what is said to it
	mu      sync.Mutex
	bodies  []string
}

func (p *picky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	p.bodies = append(p.bodies, string(body))
	p.mu.Unlock()
	for i := 0; i+1 < len(p.unknown); i += 2 {
		if strings.Contains(string(body), p.unknown[i]) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"error":{"message":%q}}`, p.unknown[i+1])
			return
		}
	}
	r.Body = http.NoBody
	r2 := r.Clone(r.Context())
	r2.Body = readCloser{strings.NewReader(string(body))}
	p.Hostile.ServeHTTP(w, r2)
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

func start(t *testing.T, cfg completions.Config, unknown ...string) (*picky, *completions.Provider) {
	t.Helper()
	h := &picky{Hostile: llmtest.NewHostile(), unknown: unknown}
	t.Cleanup(h.Close)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	cfg.Name, cfg.BaseURL = "it", server.URL+"/v1"
	p, err := completions.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h, p
}

func request() llm.Request {
	req := llmtest.Ask()
	req.Schema = &llm.Schema{Name: "answer", JSON: json.RawMessage(`{"type":"object","properties":{"answer":{"type":"string"}}}`)}
	return req
}

func TestStructuredGoesDownOnceAndRemembers(t *testing.T) {
	t.Parallel()
	h, p := start(t, completions.Config{}, `"response_format"`, "response_format is not supported by this model", `"tools"`, "tools are unsupported")
	for range 2 {
		if _, err := p.Complete(t.Context(), request(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(h.bodies) != 4 {
		t.Fatalf("%d requests for two answers, not strict, tool, fence and fence: %s", len(h.bodies), h.bodies)
	}
	if !strings.Contains(h.bodies[3], "```json") || strings.Contains(h.bodies[3], "tool_choice") {
		t.Errorf("the last was no fence: %s", h.bodies[3])
	}
}

func TestStructuredByToolReadsTheArguments(t *testing.T) {
	t.Parallel()
	h, p := start(t, completions.Config{Structured: completions.Tool})
	answer, err := p.Complete(t.Context(), request(), nil)
	if err != nil || answer.Text != `{"answer":"forty-two"}` || !strings.Contains(h.bodies[0], `"tool_choice"`) {
		t.Errorf("%q, %v, after %s", answer.Text, err, h.bodies)
	}
}

func TestStrictNeverFallsBack(t *testing.T) {
	t.Parallel()
	h, p := start(t, completions.Config{Structured: completions.Strict}, `"response_format"`, "response_format is not supported")
	if _, err := p.Complete(t.Context(), request(), nil); llm.KindOf(err) != llm.Rejected || len(h.bodies) != 1 {
		t.Errorf("%v after %d requests", err, len(h.bodies))
	}
}

func TestTheOtherNameOfMaxTokens(t *testing.T) {
	t.Parallel()
	h, p := start(t, completions.Config{Legacy: true}, `"max_tokens"`, "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.")
	for range 2 {
		if _, err := p.Complete(t.Context(), llmtest.Ask(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(h.bodies) != 3 {
		t.Errorf("%d requests for two answers", len(h.bodies))
	}
}

func TestEmbed(t *testing.T) {
	t.Parallel()
	_, p := start(t, completions.Config{})
	got, err := p.Embed(t.Context(), "m", []string{"a", "bcd"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]float32{{0, 1, 0.5}, {1, 3, 0.5}}, got.Vectors); diff != "" || got.Usage.Input != 7 {
		t.Errorf("%s, %+v", diff, got.Usage)
	}
}
