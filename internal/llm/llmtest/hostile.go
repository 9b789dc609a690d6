// Package llmtest is for tests: a scripted endpoint that speaks the formats of the providers and misbehaves by name, and the
// conformance suite that every driver passes against it.
//
// It never listens beyond loopback. It is real HTTP: what it plays is what a driver would meet.
//
// Arrows: llm, qlp.
package llmtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// Hostile is an endpoint of the formats of OpenAI (/chat/completions and /embeddings under any prefix), Anthropic
// (/v1/messages) and Ollama (/api/show). Each call for an answer plays the next Behaviour of the script; when the script is at
// its end, it answers as it should. Safe for concurrent use. Close it.
type Hostile struct {
	server *httptest.Server
	done   chan struct{}
	once   sync.Once

	mu     sync.Mutex
	script []Behaviour
	always *Behaviour
	seen   []Seen
	answer func(Seen) string
}

// Seen is one request that came in.
type Seen struct {
	Path      string // with the query
	Header    http.Header
	Body      []byte
	Behaviour string // the name of what was played; "" for what is no call for an answer
	Hung      bool   // the client went away before the end
}

// NewHostile starts an endpoint on loopback.
func NewHostile() *Hostile {
	h := &Hostile{done: make(chan struct{}), answer: func(Seen) string { return `{"answer":"forty-two"}` }}
	h.server = httptest.NewServer(h)
	return h
}

// URL is the endpoint's address, without a path: drivers of OpenAI's format take URL()+"/v1".
func (h *Hostile) URL() string { return h.server.URL }

// Close ends every call, and the server. Safe twice.
func (h *Hostile) Close() {
	h.once.Do(func() {
		close(h.done)
		h.server.CloseClientConnections()
		h.server.Close()
	})
}

// Script appends behaviours for the next calls, one each.
func (h *Hostile) Script(behaviours ...Behaviour) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.script = append(h.script, behaviours...)
}

// Always plays b whenever the script is at its end.
func (h *Hostile) Always(b Behaviour) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.always = &b
}

// Answer sets what the endpoint answers, for the behaviours that have an answer.
func (h *Hostile) Answer(f func(Seen) string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer = f
}

// Seen returns what came in so far, in order.
func (h *Hostile) Seen() []Seen {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Seen(nil), h.seen...)
}

// Calls counts the calls for an answer.
func (h *Hostile) Calls() int {
	n := 0
	for _, s := range h.Seen() {
		if s.Behaviour != "" {
			n++
		}
	}
	return n
}

// ServeHTTP answers one request.
func (h *Hostile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<20))
	if err != nil {
		return
	}
	s := Seen{Path: r.URL.RequestURI(), Header: r.Header.Clone(), Body: body}
	switch {
	case strings.HasSuffix(r.URL.Path, "/embeddings"):
		h.note(s)
		embed(w, body)
	case strings.HasSuffix(r.URL.Path, "/api/show"):
		h.note(s)
		show(w)
	case strings.HasSuffix(r.URL.Path, "/chat/completions"), strings.HasSuffix(r.URL.Path, "/v1/messages"):
		h.play(w, r, s)
	default:
		h.note(s)
		http.NotFound(w, r)
	}
}

func (h *Hostile) note(s Seen) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen = append(h.seen, s)
	return len(h.seen) - 1
}

func (h *Hostile) play(w http.ResponseWriter, r *http.Request, s Seen) {
	h.mu.Lock()
	b := plain()
	if h.always != nil {
		b = *h.always
	}
	if len(h.script) > 0 {
		b, h.script = h.script[0], h.script[1:]
	}
	answer := h.answer
	h.mu.Unlock()
	s.Behaviour = b.Name
	at := h.note(s)
	var speak format = &chat{w: w, tool: strings.Contains(string(s.Body), `"tool_choice"`)}
	if strings.HasSuffix(r.URL.Path, "/v1/messages") {
		speak = &messages{w: w, tool: strings.Contains(string(s.Body), `"tool_choice"`)}
	}
	b.play(&call{w: w, r: r, format: speak, seen: s, text: answer(s), done: h.done})
	if r.Context().Err() != nil {
		h.mu.Lock()
		h.seen[at].Hung = true
		h.mu.Unlock()
	}
}

// embed answers with vectors of three numbers, the last one's first, as an endpoint may.
func embed(w http.ResponseWriter, body []byte) {
	var req struct {
		Input []string `json:"input"`
	}
	if err := json.Unmarshal(body, &req); err != nil {
		http.Error(w, "no texts", http.StatusBadRequest)
		return
	}
	data := []map[string]any{}
	for i := len(req.Input) - 1; i >= 0; i-- {
		data = append(data, map[string]any{"object": "embedding", "index": i, "embedding": []float64{float64(i), float64(len(req.Input[i])), 0.5}})
	}
	reply(w, map[string]any{"object": "list", "model": "m", "data": data, "usage": map[string]int{"prompt_tokens": 7, "total_tokens": 7}})
}

func show(w http.ResponseWriter) {
	reply(w, map[string]any{
		"parameters": "stop \"<|end|>\"\nnum_ctx 8192\n",
		"model_info": map[string]any{"llama.context_length": 131072, "llama.embedding_length": 4096},
	})
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	// A client that went away is what this endpoint is for.
	_ = json.NewEncoder(w).Encode(v)
}
