package llmtest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
)

// Behaviour is one way in which an endpoint answers badly.
type Behaviour struct {
	Name string
	// Kind is what a driver must make of it; "" means that the text comes all the same.
	Kind llm.Kind
	Play func(w http.ResponseWriter, r *http.Request, asked Asked)
}

// Hostile lists the behaviours of an OpenAI-compatible endpoint, each under a name that tests may choose it by. good is the
// text that an endpoint in good health would answer; the behaviours spoil it.
func Hostile(good string) []Behaviour {
	return append(append(refusals(), streams(good)...), answers(good)...)
}

func status(code int, header map[string]string, kind llm.Kind, name, body string) Behaviour {
	return Behaviour{name, kind, func(w http.ResponseWriter, _ *http.Request, _ Asked) {
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}}
}

func problem(code, message string) string {
	return fmt.Sprintf(`{"error":{"code":%q,"type":%q,"message":%q}}`, code, code, message)
}

func refusals() []Behaviour {
	return []Behaviour{
		status(429, nil, llm.RateLimited, "429", problem("rate_limit_exceeded", "slow down")),
		status(429, map[string]string{"Retry-After": "1"}, llm.RateLimited, "429 with Retry-After", problem("rate_limit_exceeded", "slow down")),
		status(429, map[string]string{"Retry-After-Ms": "20"}, llm.RateLimited, "429 with milliseconds", problem("rate_limit_exceeded", "slow down")),
		status(429, nil, llm.RateLimited, "no credit", problem("insufficient_quota", "you exceeded your current quota")),
		status(500, nil, llm.Outage, "500", problem("server_error", "oops")),
		status(503, nil, llm.Outage, "503 in HTML", "<html><body>Service Unavailable</body></html>"),
		status(529, nil, llm.Outage, "overloaded", problem("overloaded_error", "overloaded")),
		status(401, nil, llm.Unauthorized, "wrong key", problem("invalid_api_key", "Incorrect API key provided: sk-abcdefghijklmnop")),
		status(404, nil, llm.Unknown, "no such model", problem("model_not_found", "The model `x` does not exist")),
		status(400, nil, llm.Overflow, "context overflow", problem("context_length_exceeded", "This model's maximum context length is 8192 tokens")),
		status(400, nil, llm.Filtered, "content filter", problem("content_filter", "The response was filtered due to the prompt")),
		status(400, nil, llm.Rejected, "bad request", problem("invalid_request_error", "Unknown parameter")),
		{"redirect", llm.Rejected, func(w http.ResponseWriter, r *http.Request, _ Asked) {
			http.Redirect(w, r, "http://127.0.0.1:1/v1/chat/completions", http.StatusTemporaryRedirect)
		}},
		{"reset", llm.Outage, func(http.ResponseWriter, *http.Request, Asked) { panic(http.ErrAbortHandler) }},
	}
}

func streams(good string) []Behaviour {
	half := good[:len(good)/2]
	return []Behaviour{
		{"reset in the middle", llm.Truncated, func(w http.ResponseWriter, _ *http.Request, _ Asked) {
			s := open(w)
			s.text(half)
			panic(http.ErrAbortHandler)
		}},
		{"truncated", llm.Truncated, func(w http.ResponseWriter, _ *http.Request, _ Asked) { open(w).text(half) }},
		{"stalled", llm.Stalled, func(w http.ResponseWriter, r *http.Request, _ Asked) {
			open(w).text(half)
			<-r.Context().Done()
		}},
		{"never begins", llm.Stalled, func(_ http.ResponseWriter, r *http.Request, _ Asked) { <-r.Context().Done() }},
		{"slow tokens", "", func(w http.ResponseWriter, r *http.Request, a Asked) {
			s := open(w)
			for _, c := range good {
				s.text(string(c))
				select {
				case <-r.Context().Done():
					return
				case <-time.After(time.Millisecond):
				}
			}
			s.end("stop", a, len(good))
		}},
		{"malformed event", llm.Malformed, func(w http.ResponseWriter, _ *http.Request, _ Asked) {
			s := open(w)
			s.text(half)
			s.raw(`{"choices":[{"index":0,`)
		}},
		{"error in the stream", llm.Outage, func(w http.ResponseWriter, _ *http.Request, _ Asked) {
			s := open(w)
			s.text(half)
			s.raw(problem("server_error", "The server had an error"))
		}},
		{"refusal", llm.Refused, func(w http.ResponseWriter, _ *http.Request, a Asked) {
			s := open(w)
			s.raw(`{"model":"hostile","choices":[{"index":0,"delta":{"refusal":"I cannot help with that."}}]}`)
			s.end("stop", a, 8)
		}},
		{"filtered answer", llm.Filtered, func(w http.ResponseWriter, _ *http.Request, a Asked) {
			s := open(w)
			s.text(half)
			s.end("content_filter", a, 8)
		}},
		{"giant answer", llm.Malformed, func(w http.ResponseWriter, r *http.Request, _ Asked) {
			s := open(w)
			piece := strings.Repeat("a", 1<<20)
			for range 12 {
				if r.Context().Err() != nil {
					return
				}
				s.text(piece)
			}
		}},
		{"compressed flood", llm.Malformed, func(w http.ResponseWriter, _ *http.Request, _ Asked) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			zeros := bytes.Repeat([]byte(":"), 1<<20)
			for range 48 {
				if _, err := z.Write(zeros); err != nil {
					return
				}
			}
			_ = z.Close()
		}},
	}
}

func answers(good string) []Behaviour {
	whole := func(name, text string) Behaviour {
		return Behaviour{name, "", func(w http.ResponseWriter, _ *http.Request, a Asked) {
			s := open(w)
			s.text(text)
			s.end("stop", a, len(text))
		}}
	}
	usage := func(name, usage string) Behaviour {
		return Behaviour{name, "", func(w http.ResponseWriter, _ *http.Request, _ Asked) {
			s := open(w)
			s.text(good)
			s.raw(`{"model":"hostile","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`)
			if usage != "" {
				s.raw(`{"model":"hostile","choices":[],"usage":` + usage + `}`)
			}
			s.raw("[DONE]")
		}}
	}
	return []Behaviour{
		whole("prose around JSON", "Sure! Here it is:\n"+good+"\nAnything else?"),
		whole("fenced JSON", "```json\n"+good+"\n```"),
		whole("trailing comma", strings.TrimSuffix(strings.TrimSpace(good), "}")+",}"),
		whole("cut JSON", good[:len(good)/2]),
		whole("wrong schema", `{"verdict":"verified","confidence":0.99}`),
		whole("no answer", ""),
		usage("no usage", ""),
		usage("usage of zero", `{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}`),
		usage("negative usage", `{"prompt_tokens":-5,"completion_tokens":-9000000,"total_tokens":-9000005}`),
		usage("huge usage", `{"prompt_tokens":4611686018427387904,"completion_tokens":4611686018427387904,"total_tokens":1}`),
		{"duplicate choices", "", func(w http.ResponseWriter, _ *http.Request, a Asked) {
			s := open(w)
			for _, c := range good {
				s.raw(`{"model":"hostile","choices":[{"index":1,"delta":{"content":"not this one"}},{"index":0,"delta":{"content":` + strconv.Quote(string(c)) + `}}]}`)
			}
			s.end("stop", a, len(good))
		}},
	}
}
