package llmtest

import (
	"compress/gzip"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Behaviour is one thing that an endpoint may do with a call, and what a driver has to make of it.
type Behaviour struct {
	Name      string
	Kind      llm.Kind      // the kind of the error; "": an answer. Stalled never ends by itself: whoever waits has to cut it
	After     time.Duration // the error's After, within a second
	Finish    llm.Finish    // of the answer; "": Stopped
	Estimated bool          // the answer's usage cannot be the endpoint's
	Mends     bool          // the text is almost right: jsonish makes the answer of it
	Wrong     bool          // the text is JSON that keeps no schema
	Only      string        // the one format that knows it: openai; "": both
	play      func(*call)
}

// call is one request under way.
type call struct {
	format
	w    http.ResponseWriter
	r    *http.Request
	seen Seen
	text string
	done chan struct{}
}

// good is the usage of an ordinary answer.
func good() *qlp.Usage { return &qlp.Usage{Input: 21, Cached: 5, Output: 9} }

// Usage is what an ordinary answer counts.
func Usage() qlp.Usage { return *good() }

func (c *call) full(text string, u *qlp.Usage) {
	c.start(u)
	for len(text) > 0 { // in pieces, as it would come
		n := min(len(text), 7)
		c.format.text(0, text[:n])
		text = text[n:]
	}
	c.finish("stop", u)
	c.end()
}

func (c *call) half() {
	c.start(good())
	c.format.text(0, c.text[:len(c.text)/2])
}

// wait for d, for the client to go, or for the end of the endpoint.
func (c *call) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.r.Context().Done():
	case <-c.done:
	}
	return false
}

// reset ends the connection without a good-bye.
func (c *call) reset() {
	conn, _, err := http.NewResponseController(c.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // close with RST
	}
	_ = conn.Close()
}

func (c *call) status(status int, code, message string) {
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	_, _ = c.w.Write([]byte(encode(c.failure(code, message))))
}

// Named returns the behaviour of that name.
func Named(name string) (Behaviour, bool) {
	for _, b := range Behaviours() {
		if b.Name == name {
			return b, true
		}
	}
	return Behaviour{}, false
}

func plain() Behaviour {
	return Behaviour{Name: "plain", play: func(c *call) { c.full(c.text, good()) }}
}

// Behaviours lists everything that the endpoint can do.
func Behaviours() []Behaviour {
	all := []Behaviour{plain()}
	for _, more := range [][]Behaviour{limits(), outages(), streams(), refusals(), almost(), usages(), giants()} {
		all = append(all, more...)
	}
	return all
}

func refusing(name string, kind llm.Kind, status int, code, message string, header ...string) Behaviour {
	return Behaviour{Name: name, Kind: kind, play: func(c *call) {
		for i := 0; i+1 < len(header); i += 2 {
			c.w.Header().Set(header[i], header[i+1])
		}
		c.status(status, code, message)
	}}
}

func limits() []Behaviour {
	seconds := refusing("rate_limited_seconds", llm.RateLimited, 429, "rate_limit_exceeded", "Slow down.", "Retry-After", "7")
	seconds.After = 7 * time.Second
	ms := refusing("rate_limited_ms", llm.RateLimited, 429, "rate_limit_exceeded", "Slow down.", "Retry-After-Ms", "1500", "Retry-After", "9")
	ms.After = 1500 * time.Millisecond
	date := Behaviour{Name: "rate_limited_date", Kind: llm.RateLimited, After: 30 * time.Second, play: func(c *call) {
		c.w.Header().Set("Retry-After", time.Now().Add(30*time.Second).UTC().Format(http.TimeFormat))
		c.status(429, "rate_limit_exceeded", "Slow down.")
	}}
	return []Behaviour{
		refusing("rate_limited", llm.RateLimited, 429, "rate_limit_exceeded", "Slow down."), seconds, ms, date,
		refusing("unknown_model", llm.Unknown, 404, "model_not_found", "The model `m` does not exist."),
		refusing("rejected", llm.Rejected, 400, "invalid_request_error", "Invalid value: 'temperature'."),
		refusing("overflow_code", llm.Overflow, 400, "context_length_exceeded", "Too long."),
		refusing("overflow_message", llm.Overflow, 400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
		{Name: "unauthorized_echo", Kind: llm.Unauthorized, play: func(c *call) {
			key := c.r.Header.Get("Authorization") + c.r.Header.Get("X-Api-Key") + c.r.Header.Get("Api-Key")
			c.status(401, "invalid_api_key", "Incorrect API key provided: "+key)
		}},
		{Name: "redirect", Kind: llm.Rejected, play: func(c *call) {
			// Another host by name, and one that would answer: the driver must not ask it.
			other := strings.Replace("http://"+c.r.Host, "127.0.0.1", "localhost", 1)
			http.Redirect(c.w, c.r, other+c.r.URL.Path, http.StatusTemporaryRedirect)
		}},
	}
}

func outages() []Behaviour {
	return []Behaviour{
		refusing("server_error", llm.Outage, 500, "server_error", "Oops."),
		refusing("unavailable", llm.Outage, 503, "overloaded_error", "Later."),
		{Name: "bad_gateway_html", Kind: llm.Outage, play: func(c *call) {
			c.w.Header().Set("Content-Type", "text/html")
			c.w.WriteHeader(http.StatusBadGateway)
			_, _ = c.w.Write([]byte("<html><h1>502</h1></html>"))
		}},
		{Name: "reset", Kind: llm.Outage, play: (*call).reset},
		{Name: "reset_within", Kind: llm.Truncated, play: func(c *call) {
			c.half()
			c.reset()
		}},
		{Name: "error_within", Kind: llm.Outage, play: func(c *call) {
			c.half()
			c.raw(`{"error":{"message":"The server had an error.","type":"server_error"}}`)
		}},
	}
}

func streams() []Behaviour {
	return []Behaviour{
		{Name: "truncated", Kind: llm.Truncated, play: (*call).half},
		{Name: "empty_stream", Kind: llm.Truncated, play: func(c *call) { head(c.w) }},
		{Name: "stalled", Kind: llm.Stalled, play: func(c *call) {
			c.half()
			c.wait(time.Hour)
		}},
		{Name: "silent", Kind: llm.Stalled, play: func(c *call) { c.wait(time.Hour) }},
		{Name: "slow_tokens", play: func(c *call) {
			c.start(good())
			for _, r := range c.text {
				c.format.text(0, string(r))
				if !c.wait(5 * time.Millisecond) {
					return
				}
			}
			c.finish("stop", good())
			c.end()
		}},
		{Name: "malformed_event", Kind: llm.Malformed, play: func(c *call) {
			c.half()
			c.raw(`{"choices": [{"delta": {"content": "br`)
			c.end()
		}},
		{Name: "no_stream", Kind: llm.Malformed, play: func(c *call) {
			c.w.Header().Set("Content-Type", "text/html")
			_, _ = c.w.Write([]byte("<html>Welcome to the hotel's network</html>"))
		}},
		{Name: "cut", Finish: llm.Cut, play: func(c *call) {
			c.start(good())
			c.format.text(0, c.text)
			c.finish("length", good())
			c.end()
		}},
		{Name: "duplicate_choices", Only: "openai", play: func(c *call) {
			c.start(good())
			for _, r := range c.text {
				c.format.text(1, "x")
				c.format.text(0, string(r))
			}
			c.format.text(1, "x")
			c.finish("stop", good())
			c.format.text(0, "after the end")
			c.end()
		}},
	}
}

func refusals() []Behaviour {
	return []Behaviour{
		{Name: "refusal", Kind: llm.Refused, play: func(c *call) {
			c.start(good())
			c.refuse()
			c.finish("refusal", good())
			c.end()
		}},
		refusing("content_filter_prompt", llm.Filtered, 400, "content_filter", "The prompt was filtered."),
		{Name: "content_filter_answer", Kind: llm.Filtered, Only: "openai", play: func(c *call) {
			c.half()
			c.finish("content_filter", good())
			c.end()
		}},
	}
}

func said(name string, change func(string) string) Behaviour {
	return Behaviour{Name: name, Mends: true, play: func(c *call) { c.full(change(c.text), good()) }}
}

// almost lists texts that are nearly what was asked for. The drivers hand them on as they are.
func almost() []Behaviour {
	bad := said("malformed_json", func(text string) string { return text[:len(text)-1] })
	bad.Mends, bad.Wrong = false, true
	schema := said("wrong_schema", func(string) string { return `{"unasked":[1,2,3]}` })
	schema.Mends, schema.Wrong = false, true
	return []Behaviour{
		bad, schema,
		said("trailing_comma", func(text string) string { return text[:len(text)-1] + "," + text[len(text)-1:] }),
		said("fenced", func(text string) string { return "```json\n" + text + "\n```" }),
		said("prose_around", func(text string) string { return "Of course! Here it is:\n" + text + "\nTell me if you need more." }),
		said("single_quotes", func(text string) string { return strings.ReplaceAll(text, `"`, `'`) }),
	}
}

func counting(name string, u *qlp.Usage) Behaviour {
	return Behaviour{Name: name, Estimated: true, play: func(c *call) { c.full(c.text, u) }}
}

func usages() []Behaviour {
	return []Behaviour{
		counting("usage_missing", nil),
		counting("usage_zero", &qlp.Usage{}),
		counting("usage_negative", &qlp.Usage{Input: -5, Output: -7}),
		counting("usage_huge", &qlp.Usage{Input: 1 << 52, Output: 1 << 52}),
	}
}

func giants() []Behaviour {
	return []Behaviour{
		{Name: "giant_answer", Kind: llm.Malformed, play: func(c *call) {
			c.start(good())
			piece := strings.Repeat("x", 1<<20)
			for range 64 {
				if c.r.Context().Err() != nil {
					return
				}
				c.format.text(0, piece)
			}
			c.finish("stop", good())
			c.end()
		}},
		{Name: "giant_error", Kind: llm.Outage, play: func(c *call) {
			c.w.Header().Set("Content-Length", strconv.Itoa(64<<20))
			c.w.WriteHeader(http.StatusInternalServerError)
			piece := []byte(strings.Repeat("x", 1<<20))
			for range 64 {
				if _, err := c.w.Write(piece); err != nil {
					return
				}
			}
		}},
		{Name: "gzip_bomb", Kind: llm.Malformed, play: func(c *call) {
			c.w.Header().Set("Content-Encoding", "gzip")
			head(c.w)
			z := gzip.NewWriter(c.w)
			piece := []byte(strings.Repeat("\n", 1<<20))
			for range 256 {
				if _, err := z.Write(piece); err != nil {
					return
				}
			}
			_ = z.Close()
		}},
	}
}
