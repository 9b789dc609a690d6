// Package llmtest holds the endpoints that drivers and everything above them are tried against: one in good health, one that
// answers in every bad way that has been seen, and the conformance suite of llm.Provider.
//
// It speaks real HTTP on loopback and never stands in for a model's judgement: what it answers is scripted by the test.
//
// Arrows: llm, qlp. Only tests and benchmarks import it.
package llmtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/quantumlayer/qlp/internal/llm"
)

// Asked is a request as the endpoint saw it.
type Asked struct {
	Path   string
	Header http.Header
	Body   []byte
	Model  string
	User   string // who asks, as the openai driver says it: qlp-coder
	System string
	Last   string // the last message
}

// Endpoint is an OpenAI-compatible server on loopback. Its answers are what Answer says, each request after the other; safe
// for concurrent use.
type Endpoint struct {
	URL string // with the version's path

	mu    sync.Mutex
	asked []Asked
	queue []Behaviour
	then  Behaviour
	first chan struct{} // closed by the first request
}

// NewEndpoint starts an endpoint that answers every request with the behaviour, once the queue of Next is empty. It ends
// with the test.
func NewEndpoint(t testing.TB, then Behaviour) *Endpoint {
	t.Helper()
	e := &Endpoint{then: then, first: make(chan struct{})}
	server := httptest.NewServer(e)
	t.Cleanup(func() {
		server.CloseClientConnections() // a stalled answer waits for its client
		server.Close()
	})
	e.URL = server.URL + "/v1/"
	return e
}

// Next queues behaviours for the coming requests, before the endpoint's own.
func (e *Endpoint) Next(b ...Behaviour) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue = append(e.queue, b...)
}

// Asked returns the requests so far.
func (e *Endpoint) Asked() []Asked {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.asked)
}

// ServeHTTP answers a request.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a := read(r, body)
	e.mu.Lock()
	if len(e.asked) == 0 {
		close(e.first)
	}
	e.asked = append(e.asked, a)
	play := e.then
	if len(e.queue) > 0 {
		play, e.queue = e.queue[0], e.queue[1:]
	}
	e.mu.Unlock()
	play.Play(w, r, a)
}

func read(r *http.Request, body []byte) Asked {
	a := Asked{Path: r.URL.Path, Header: r.Header.Clone(), Body: body}
	var req struct {
		Model    string `json:"model"`
		User     string `json:"user"`
		Messages []struct {
			Role    string `json:"role"`
			Content string `json:"content"`
		} `json:"messages"`
	}
	if json.Unmarshal(body, &req) == nil {
		a.Model, a.User = req.Model, req.User
		for _, m := range req.Messages {
			if m.Role == "system" || m.Role == "developer" {
				a.System = m.Content
			} else {
				a.Last = m.Content
			}
		}
	}
	return a
}

// Saying is the behaviour of an endpoint in good health that answers text.
func Saying(text string) Behaviour {
	return Behaviour{"good", "", func(w http.ResponseWriter, _ *http.Request, a Asked) {
		s := open(w)
		s.text(text)
		s.end("stop", a, len(text))
	}}
}

// Thinking is the behaviour of an endpoint whose answer depends on what is asked.
func Thinking(answer func(Asked) string) Behaviour {
	return Behaviour{"thinking", "", func(w http.ResponseWriter, r *http.Request, a Asked) { Saying(answer(a)).Play(w, r, a) }}
}

// stream writes server-sent events.
type stream struct {
	w     http.ResponseWriter
	flush func()
}

func open(w http.ResponseWriter) stream {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	s := stream{w: w, flush: func() {}}
	if f, ok := w.(http.Flusher); ok {
		s.flush = f.Flush
	}
	s.flush()
	return s
}

func (s stream) raw(data string) {
	_, _ = fmt.Fprintf(s.w, "data: %s\n\n", data)
	s.flush()
}

func (s stream) text(piece string) {
	quoted, err := json.Marshal(piece)
	if err != nil { // a string always marshals
		panic(err)
	}
	s.raw(`{"model":"hostile-1","choices":[{"index":0,"delta":{"content":` + string(quoted) + `}}]}`)
}

func (s stream) end(reason string, a Asked, length int) {
	s.raw(`{"model":"hostile-1","choices":[{"index":0,"delta":{},"finish_reason":"` + reason + `"}]}`)
	s.raw(fmt.Sprintf(`{"model":"hostile-1","choices":[],"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":0}}`,
		llm.Tokens(len(a.System)+len(a.Last)), llm.Tokens(length)))
	s.raw("[DONE]")
}
