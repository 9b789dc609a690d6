package llmtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// format writes an answer as one of the vendors does.
type format interface {
	start(u *qlp.Usage)
	text(choice int, text string)
	refuse()
	finish(reason string, u *qlp.Usage) // stop, length, content_filter
	end()
	failure(code, message string) any // the body of an error
	raw(data string)
}

// event writes one event and sends it off.
func event(w http.ResponseWriter, name string, data string) {
	if name != "" {
		_, _ = fmt.Fprintf(w, "event: %s\n", name)
	}
	_, _ = fmt.Fprintf(w, "data: %s\n\n", data)
	// A connection that was taken away cannot be flushed, and that is the behaviour's point.
	_ = http.NewResponseController(w).Flush()
}

func encode(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps of strings and numbers
	}
	return string(data)
}

func head(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
}

// chat is OpenAI's format.
type chat struct {
	w    http.ResponseWriter
	tool bool
}

func (c *chat) chunk(choices []any, u *qlp.Usage) {
	v := map[string]any{"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "model-as-served", "choices": choices}
	if u != nil {
		v["usage"] = map[string]any{
			"prompt_tokens": u.Input, "completion_tokens": u.Output, "total_tokens": u.Input + u.Output,
			"prompt_tokens_details": map[string]any{"cached_tokens": u.Cached},
		}
	}
	event(c.w, "", encode(v))
}

func (c *chat) start(*qlp.Usage) {
	head(c.w)
	c.chunk([]any{map[string]any{"index": 0, "delta": map[string]any{"role": "assistant", "content": ""}, "finish_reason": nil}}, nil)
}

func (c *chat) text(choice int, text string) {
	delta := map[string]any{"content": text}
	if c.tool {
		delta = map[string]any{"tool_calls": []any{map[string]any{"index": 0, "function": map[string]any{"arguments": text}}}}
	}
	c.chunk([]any{map[string]any{"index": choice, "delta": delta, "finish_reason": nil}}, nil)
}

func (c *chat) refuse() {
	c.chunk([]any{map[string]any{"index": 0, "delta": map[string]any{"refusal": "I cannot help with that."}, "finish_reason": nil}}, nil)
}

func (c *chat) finish(reason string, u *qlp.Usage) {
	if reason == "refusal" {
		reason = "stop"
	}
	c.chunk([]any{map[string]any{"index": 0, "delta": map[string]any{}, "finish_reason": reason}}, nil)
	if u != nil {
		c.chunk([]any{}, u)
	}
}

func (c *chat) end() { event(c.w, "", "[DONE]") }

func (c *chat) failure(code, message string) any {
	return map[string]any{"error": map[string]any{"message": message, "type": code, "code": code}}
}

func (c *chat) raw(data string) { event(c.w, "", data) }

// messages is Anthropic's format.
type messages struct {
	w     http.ResponseWriter
	tool  bool
	input *qlp.Usage
}

func (m *messages) start(u *qlp.Usage) {
	head(m.w)
	m.input = u
	message := map[string]any{"id": "m1", "type": "message", "role": "assistant", "model": "model-as-served", "content": []any{}}
	if u != nil {
		message["usage"] = map[string]any{"input_tokens": u.Input - u.Cached, "cache_read_input_tokens": u.Cached, "output_tokens": 1}
	}
	event(m.w, "message_start", encode(map[string]any{"type": "message_start", "message": message}))
	block := map[string]any{"type": "text", "text": ""}
	if m.tool {
		block = map[string]any{"type": "tool_use", "id": "t1", "name": "answer", "input": map[string]any{}}
	}
	event(m.w, "content_block_start", encode(map[string]any{"type": "content_block_start", "index": 0, "content_block": block}))
}

func (m *messages) text(choice int, text string) {
	if choice != 0 {
		return // this format has one answer only
	}
	delta := map[string]any{"type": "text_delta", "text": text}
	if m.tool {
		delta = map[string]any{"type": "input_json_delta", "partial_json": text}
	}
	event(m.w, "content_block_delta", encode(map[string]any{"type": "content_block_delta", "index": 0, "delta": delta}))
}

func (m *messages) refuse() {}

func (m *messages) finish(reason string, u *qlp.Usage) {
	reason = map[string]string{"stop": "end_turn", "length": "max_tokens", "refusal": "refusal"}[reason]
	event(m.w, "content_block_stop", encode(map[string]any{"type": "content_block_stop", "index": 0}))
	v := map[string]any{"type": "message_delta", "delta": map[string]any{"stop_reason": reason}}
	if u != nil {
		v["usage"] = map[string]any{"output_tokens": u.Output}
	}
	event(m.w, "message_delta", encode(v))
}

func (m *messages) end() { event(m.w, "message_stop", `{"type":"message_stop"}`) }

func (m *messages) failure(code, message string) any {
	return map[string]any{"type": "error", "error": map[string]any{"type": code, "message": message}}
}

func (m *messages) raw(data string) {
	name := "content_block_delta"
	if strings.HasPrefix(data, `{"error"`) {
		name = "error"
	}
	event(m.w, name, data)
}
