package bridge_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/llm/bridge"
)

func serve(t *testing.T, dir string, wait time.Duration) *httptest.Server {
	t.Helper()
	b, err := bridge.New(dir, bridge.Config{Wait: wait, Look: 5 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(b)
	t.Cleanup(s.Close)
	return s
}

// post asks, and returns the status and the whole body.
func post(t *testing.T, s *httptest.Server, body string, change ...func(*http.Request)) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(req)
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// reply is the person: it waits for a prompt and writes an answer beside it, slowly.
func reply(t *testing.T, dir, ending string, pieces ...string) <-chan string {
	t.Helper()
	done := make(chan string, 1)
	go func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			found, _ := filepath.Glob(filepath.Join(dir, "*.prompt.md"))
			if len(found) == 0 {
				continue
			}
			stem := strings.TrimSuffix(found[len(found)-1], ".prompt.md")
			for i := range pieces {
				_ = os.WriteFile(stem+ending, []byte(strings.Join(pieces[:i+1], "")), 0o600)
			}
			done <- stem
			return
		}
	}()
	return done
}

const asked = `{"model":"gpt","user":"coder","max_completion_tokens":50,"messages":[{"role":"system","content":"be brief"},{"role":"user","content":[{"type":"text","text":"write main.go"}]}],
"response_format":{"type":"json_schema","json_schema":{"name":"files","schema":{"type":"object"},"strict":true}}`

func TestAnswersAreFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "prompts")
	s := serve(t, dir, time.Minute)
	stem := reply(t, dir, ".answer.json", `{"files":`, `[]}`, "\n")
	status, body := post(t, s, asked+"}")
	var got struct {
		Choices []struct {
			Message struct{ Content string }
			Finish  string `json:"finish_reason"`
		}
		Usage map[string]int
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK || got.Choices[0].Message.Content != `{"files":[]}` || got.Choices[0].Finish != "stop" {
		t.Fatalf("%d %s: %v", status, body, err)
	}
	if got.Usage["completion_tokens"] != 4 || got.Usage["prompt_tokens"] != 11 || got.Usage["total_tokens"] != 15 {
		t.Errorf("usage %v", got.Usage)
	}
	name := filepath.Base(<-stem)
	if !strings.HasPrefix(name, "0001-coder-") || len(name) != len("0001-coder-")+12 {
		t.Errorf("the files are called %s", name)
	}
	prompt, err := os.ReadFile(filepath.Join(dir, name+".prompt.md"))
	if err != nil || !bytes.Contains(prompt, []byte("# system\n\nbe brief\n")) || !bytes.Contains(prompt, []byte("# user\n\nwrite main.go")) || !bytes.Contains(prompt, []byte("schema: files")) {
		t.Errorf("%v\n%s", err, prompt)
	}

	// Asked again, as a stream, it is answered from the folder.
	status, body = post(t, s, asked+`,"stream":true,"stream_options":{"include_usage":true}}`)
	if status != http.StatusOK || !strings.HasSuffix(body, "data: [DONE]\n\n") || !strings.Contains(body, `"total_tokens":15`) || !strings.Contains(body, `"content":"{\"files\":[]}"`) {
		t.Errorf("%d %s", status, body)
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "*.prompt.md")); len(found) != 1 {
		t.Errorf("%q", found)
	}
	another := reply(t, dir, ".answer.md", "hello")
	<-another // the first prompt's: an answer in words stands before one in JSON
	if _, body := post(t, s, asked+"}"); !strings.Contains(body, `"content":"hello"`) {
		t.Errorf("%s", body)
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serve(t, dir, 30*time.Millisecond)
	for i := 1; i <= 2; i++ {
		status, body := post(t, s, `{"model":"m","messages":[{"role":"user","content":"question `+strings.Repeat("x", i)+`"}]}`)
		if status != http.StatusGatewayTimeout || !strings.Contains(body, "nobody has answered 000") {
			t.Errorf("%d %s", status, body)
		}
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "0002-m-*.request.json")); len(found) != 1 {
		t.Errorf("%q", found)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), time.Second)
	if status, _ := post(t, s, "{"); status != http.StatusBadRequest {
		t.Errorf("no JSON: %d", status)
	}
	if status, _ := post(t, s, `{"model":"m"}`); status != http.StatusBadRequest {
		t.Errorf("no messages: %d", status)
	}
	for name, change := range map[string]func(*http.Request){
		"a name that was made to point here": func(r *http.Request) { r.Host = "evil.example" },
		"a page":                             func(r *http.Request) { r.Header.Set("Origin", "http://localhost:3000") },
	} {
		if status, _ := post(t, s, asked+"}", change); status != http.StatusForbidden {
			t.Errorf("%s: %d", name, status)
		}
	}
	resp, err := s.Client().Get(s.URL + "/v1/models")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("models: %v", err)
	}
	_ = resp.Body.Close()
}
