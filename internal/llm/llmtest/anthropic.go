package llmtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/quantumlayer/qlp/internal/llm"
)

// Anthropic is the messages protocol: an endpoint in good health, and the bad ways that differ from the other protocol's.
func Anthropic() Wire {
	return Wire{
		Good: Behaviour{"good", "", func(w http.ResponseWriter, _ *http.Request, _ Asked) {
			s := message(w, 12)
			s.delta(`{"type":"text_delta","text":` + quote(Good[:9]) + `}`)
			s.delta(`{"type":"text_delta","text":` + quote(Good[9:]) + `}`)
			s.done("end_turn", 9)
		}},
		Bad: []Behaviour{
			status(429, map[string]string{"Retry-After": "2"}, llm.RateLimited, "429", complaint("rate_limit_error", "slow down")),
			status(529, nil, llm.Outage, "overloaded", complaint("overloaded_error", "Overloaded")),
			status(500, nil, llm.Outage, "500", complaint("api_error", "oops")),
			status(502, nil, llm.Outage, "502 in HTML", "<html>Bad Gateway</html>"),
			status(401, nil, llm.Unauthorized, "wrong key", complaint("authentication_error", "invalid x-api-key "+Secret)),
			status(404, nil, llm.Unknown, "no such model", complaint("not_found_error", "model: x")),
			status(400, nil, llm.Overflow, "context overflow", complaint("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")),
			status(400, nil, llm.Rejected, "bad request", complaint("invalid_request_error", "max_tokens: too large")),
			{"reset", llm.Outage, func(http.ResponseWriter, *http.Request, Asked) { panic(http.ErrAbortHandler) }},
			{"truncated", llm.Truncated, func(w http.ResponseWriter, _ *http.Request, _ Asked) {
				message(w, 12).delta(`{"type":"text_delta","text":"{\"wo"}`)
			}},
			{"stalled", llm.Stalled, func(w http.ResponseWriter, r *http.Request, _ Asked) {
				message(w, 12).delta(`{"type":"text_delta","text":"{\"wo"}`)
				<-r.Context().Done()
			}},
			{"error in the stream", llm.Outage, func(w http.ResponseWriter, _ *http.Request, _ Asked) {
				s := message(w, 12)
				s.delta(`{"type":"text_delta","text":"{\"wo"}`)
				s.event("error", complaint("overloaded_error", "Overloaded"))
			}},
			{"malformed event", llm.Malformed, func(w http.ResponseWriter, _ *http.Request, _ Asked) {
				message(w, 12).event("content_block_delta", `{"type":"content_block_delta","delta":{`)
			}},
			{"refusal", llm.Refused, func(w http.ResponseWriter, _ *http.Request, _ Asked) { message(w, 12).done("refusal", 1) }},
			{"full window", llm.Overflow, func(w http.ResponseWriter, _ *http.Request, _ Asked) {
				message(w, 12).done("model_context_window_exceeded", 1)
			}},
			{"tool input", "", func(w http.ResponseWriter, _ *http.Request, _ Asked) {
				s := message(w, 12)
				s.delta(`{"type":"input_json_delta","partial_json":"{\"word\":"}`)
				s.delta(`{"type":"input_json_delta","partial_json":"1}"}`)
				s.done("tool_use", 5)
			}},
			{"negative usage", "", func(w http.ResponseWriter, _ *http.Request, _ Asked) {
				s := message(w, -7)
				s.delta(`{"type":"text_delta","text":"hello"}`)
				s.done("end_turn", -7)
			}},
			{"giant answer", llm.Malformed, func(w http.ResponseWriter, r *http.Request, _ Asked) {
				s := message(w, 12)
				piece := quote(strings.Repeat("a", 1<<20))
				for i := 0; i < 12 && r.Context().Err() == nil; i++ {
					s.delta(`{"type":"text_delta","text":` + piece + `}`)
				}
			}},
		},
	}
}

func complaint(kind, text string) string {
	return fmt.Sprintf(`{"type":"error","error":{"type":%q,"message":%q}}`, kind, text)
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil { // a string always marshals
		panic(err)
	}
	return string(b)
}

type messageStream struct{ stream }

func message(w http.ResponseWriter, input int) messageStream {
	s := messageStream{open(w)}
	s.event("message_start", fmt.Sprintf(`{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"hostile-1","content":[],"stop_reason":null,"usage":{"input_tokens":%d,"output_tokens":1}}}`, input))
	s.event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`)
	return s
}

func (s messageStream) event(name, data string) {
	_, _ = fmt.Fprintf(s.w, "event: %s\ndata: %s\n\n", name, data)
	s.flush()
}

func (s messageStream) delta(delta string) {
	s.event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":`+delta+`}`)
}

func (s messageStream) done(reason string, output int) {
	s.event("content_block_stop", `{"type":"content_block_stop","index":0}`)
	s.event("message_delta", fmt.Sprintf(`{"type":"message_delta","delta":{"stop_reason":%q},"usage":{"output_tokens":%d}}`, reason, output))
	s.event("message_stop", `{"type":"message_stop"}`)
}
