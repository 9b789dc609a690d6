package openai

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

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
	llmtest.Run(t, llmtest.Wire{Good: llmtest.Saying(llmtest.Good), Bad: llmtest.Hostile(llmtest.Good)}, open)
}

func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	e := llmtest.NewEndpoint(t, llmtest.Saying("ok"))
	req := llmtest.Request()
	zero := 0.0
	req.Temperature, req.Schema = &zero, llmtest.Schema()
	req.Messages = append(req.Messages, llm.Message{From: llm.Assistant, Text: "no"}, llm.Message{From: llm.User, Text: "yes"})
	if _, err := open(t, e.URL).Complete(t.Context(), req, nil); err != nil {
		t.Fatal(err)
	}
	var sent struct {
		Model       string
		Stream      bool
		Temperature *float64
		Max         int            `json:"max_completion_tokens"`
		Options     map[string]any `json:"stream_options"`
		Format      struct {
			Type   string
			Schema struct {
				Strict bool
				Schema json.RawMessage
			} `json:"json_schema"`
		} `json:"response_format"`
		Messages []struct{ Role, Content string }
	}
	asked := e.Asked()[0]
	if err := json.Unmarshal(asked.Body, &sent); err != nil {
		t.Fatal(err)
	}
	if !sent.Stream || sent.Max != 256 || sent.Temperature == nil || *sent.Temperature != 0 || sent.Options["include_usage"] != true || len(sent.Messages) != 4 {
		t.Errorf("%s", asked.Body)
	}
	if sent.Format.Type != "json_schema" || !sent.Format.Schema.Strict || !strings.Contains(string(sent.Format.Schema.Schema), `"word"`) {
		t.Errorf("format %+v", sent.Format)
	}
	if got := asked.Header.Get("Authorization"); got != "Bearer "+llmtest.Secret {
		t.Errorf("authorization %q", got)
	}
}

// An endpoint that does not know a form is asked in the next one, and not asked the first way again.
func TestFormsFallBack(t *testing.T) {
	t.Parallel()
	refuse := func(what string) llmtest.Behaviour {
		return llmtest.Behaviour{Name: what, Play: func(w http.ResponseWriter, _ *http.Request, _ llmtest.Asked) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":{"message":"` + what + `","code":"invalid_request_error"}}`))
		}}
	}
	e := llmtest.NewEndpoint(t, llmtest.Saying(llmtest.Good))
	e.Next(refuse("response_format json_schema is not supported"), refuse("tools are not supported by this model"))
	p := open(t, e.URL)
	req := llmtest.Request()
	req.Schema = llmtest.Schema()
	for range 2 {
		if _, err := p.Complete(t.Context(), req, nil); err != nil {
			t.Fatal(err)
		}
	}
	asked := e.Asked()
	if len(asked) != 4 {
		t.Fatalf("asked %d times", len(asked))
	}
	for i, want := range []string{`"response_format"`, `"tool_choice"`, "```json", "```json"} {
		if !strings.Contains(string(asked[i].Body), want) {
			t.Errorf("request %d has no %s: %s", i, want, asked[i].Body)
		}
	}
}

func TestAFormThatWasChosenStays(t *testing.T) {
	t.Parallel()
	e := llmtest.NewEndpoint(t, llmtest.Named(t, llmtest.Good, "bad request"))
	p, err := New(Config{BaseURL: e.URL, Structured: Strict})
	if err != nil {
		t.Fatal(err)
	}
	req := llmtest.Request()
	req.Schema = llmtest.Schema()
	if _, err := p.Complete(t.Context(), req, nil); llm.KindOf(err) != llm.Rejected || len(e.Asked()) != 1 {
		t.Errorf("%v after %d requests", err, len(e.Asked()))
	}
	if _, err := New(Config{Structured: "maybe"}); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("an unknown form: %v", err)
	}
}

func TestRetryAfterIsRead(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]time.Duration{"429 with Retry-After": time.Second, "429 with milliseconds": 20 * time.Millisecond, "no credit": time.Hour, "429": 0} {
		e := llmtest.NewEndpoint(t, llmtest.Named(t, llmtest.Good, name))
		_, err := open(t, e.URL).Complete(t.Context(), llmtest.Request(), nil)
		fault, ok := err.(*llm.Error) //nolint:errorlint // the driver's own
		if !ok || fault.After != want {
			t.Errorf("%s: %+v", name, err)
		}
	}
}

func TestEmbed(t *testing.T) {
	t.Parallel()
	reply := func(body string) llmtest.Behaviour {
		return llmtest.Behaviour{Name: body, Play: func(w http.ResponseWriter, _ *http.Request, _ llmtest.Asked) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(body))
		}}
	}
	e := llmtest.NewEndpoint(t, reply(`{"model":"m","data":[{"index":1,"embedding":[3,4]},{"index":0,"embedding":[1,2]}],"usage":{"prompt_tokens":5}}`))
	got, err := open(t, e.URL).Embed(t.Context(), "m", []string{"a", "b"})
	if err != nil || got.Vectors[0][0] != 1 || got.Vectors[1][1] != 4 || got.Usage.Input != 5 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, body := range []string{
		`{"data":[{"index":0,"embedding":[1]}]}`, `{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}`,
		`{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]}`, `{"data":[{"index":0,"embedding":[1]},{"index":7,"embedding":[1]}]}`,
	} {
		e.Next(reply(body))
		if _, err := open(t, e.URL).Embed(t.Context(), "m", []string{"a", "b"}); llm.KindOf(err) != llm.Malformed {
			t.Errorf("%s: %v", body, err)
		}
	}
}
