package endpoint

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
)

// said is what the error bodies of the known endpoints have in common.
type said struct {
	code    string // code and type, in small letters
	message string
}

// read understands {"error":{"message","type","code","innererror":{"code"}}}, {"error":"text"} and {"message":"text"}.
func read(body []byte) said {
	var outer struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
	}
	if json.Unmarshal(body, &outer) != nil {
		return said{}
	}
	raw := outer.Error
	if raw == nil {
		raw = body
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return said{message: text}
	}
	var inner struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Code    any    `json:"code"`
		Inner   struct {
			Code string `json:"code"`
		} `json:"innererror"`
	}
	if json.Unmarshal(raw, &inner) != nil {
		return said{message: outer.Message}
	}
	code, _ := inner.Code.(string)
	return said{code: strings.ToLower(code + " " + inner.Type + " " + inner.Inner.Code), message: inner.Message}
}

// describe fills in the kind, the message and when to come back.
func (e *StatusError) describe(out *llm.Error) {
	s := read(e.Body)
	out.Status, out.Message = e.Status, brief(s.message)
	out.Kind = e.kind(s)
	switch out.Kind {
	case llm.RateLimited, llm.Outage:
		out.After = After(e.Header, time.Now())
	case llm.Unauthorized:
		out.Remedy = "check the provider's key, and that it may use this model"
	case llm.Unknown:
		out.Remedy = "check the model's or deployment's name with the endpoint"
	case llm.Rejected:
		if e.Status == http.StatusNotFound {
			out.Remedy = "check the provider's base URL"
		}
	}
	if out.Kind == llm.RateLimited && strings.Contains(s.code, "insufficient_quota") {
		out.Remedy = "the account at the endpoint has no credit left"
	}
	// A request that was refused at the door has cost nothing.
	out.Sent = out.Kind == llm.Outage || e.Status == 0
}

func (e *StatusError) kind(s said) llm.Kind {
	text := strings.ToLower(s.message)
	switch {
	case has(s.code, "context_length_exceeded", "request_too_large", "exceed_context_size") || has(text, overflow()...):
		return llm.Overflow
	case has(s.code, "content_filter", "content_policy", "responsibleaipolicyviolation"):
		return llm.Filtered
	case e.Status == http.StatusTooManyRequests || has(s.code, "rate_limit", "insufficient_quota"):
		return llm.RateLimited
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden, has(s.code, "invalid_api_key", "authentication_error", "permission_error"):
		return llm.Unauthorized
	case has(s.code, "model_not_found", "deploymentnotfound"), e.Status == http.StatusNotFound && has(text, "model", "deployment"):
		return llm.Unknown
	case e.Status == http.StatusRequestEntityTooLarge:
		return llm.Overflow
	case e.Status >= 500, e.Status == http.StatusRequestTimeout, has(s.code, "server_error", "overloaded", "api_error", "timeout"):
		return llm.Outage
	case e.Status == 0:
		return llm.Malformed
	default:
		return llm.Rejected
	}
}

// overflow lists how the known endpoints say that a prompt is too long: OpenAI and Azure, Anthropic, vLLM, llama.cpp, Ollama.
func overflow() []string {
	return []string{
		"maximum context length", "context length exceeded", "context_length_exceeded", "prompt is too long", "exceed context limit",
		"exceeds the available context size", "exceeds the context window", "exceeds the model's context", "input is too long",
		"input length exceeds", "reduce the length of the messages", "exceeds maximum context",
	}
}

func has(text string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}

// maxAfter bounds what an endpoint may ask for: nobody waits longer than a day.
const maxAfter = 24 * time.Hour

// After reads when the endpoint wants to be asked again: retry-after-ms, or Retry-After in seconds or as a date. 0: it does
// not say.
func After(h http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil {
		return within(ms * float64(time.Millisecond))
	}
	value := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.ParseFloat(value, 64); err == nil {
		return within(s * float64(time.Second))
	}
	if at, err := http.ParseTime(value); err == nil {
		return within(float64(at.Sub(now)))
	}
	return 0
}

func within(d float64) time.Duration {
	if !(d > 0) { // not a number, too
		return 0
	}
	return time.Duration(min(d, float64(maxAfter)))
}
