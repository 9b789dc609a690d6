package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
)

// Config of a bridge. Zero fields mean the defaults.
type Config struct {
	Wait time.Duration // how long a request waits for its answer; 1 hour
	Look time.Duration // how often the folder is looked at; 100 ms
	Log  *slog.Logger
}

// maxBody is the longest request that is read, in bytes.
const maxBody = 32 << 20

var errOver = errors.New("nobody has answered in time")

// Bridge is the endpoint, an http.Handler.
type Bridge struct {
	*http.ServeMux
	folder *folder
	cfg    Config
}

// New returns the endpoint over dir, which is made if it is not there.
func New(dir string, cfg Config) (*Bridge, error) {
	if cfg.Wait == 0 {
		cfg.Wait = time.Hour
	}
	if cfg.Look == 0 {
		cfg.Look = 100 * time.Millisecond
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	f, err := open(dir, cfg.Look)
	if err != nil {
		return nil, err
	}
	b := &Bridge{ServeMux: http.NewServeMux(), folder: f, cfg: cfg}
	b.HandleFunc("POST /v1/chat/completions", b.complete)
	b.HandleFunc("GET /v1/models", b.models)
	return b, nil
}

// ServeHTTP refuses who has come by another name than this machine's own: a page in a browser, say, whose name was made to
// point here.
func (b *Bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) || r.Header.Get("Origin") != "" {
		fail(w, http.StatusForbidden, "forbidden", "the bridge answers callers on this machine only")
		return
	}
	b.ServeMux.ServeHTTP(w, r)
}

func (b *Bridge) models(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, map[string]any{"object": "list", "data": []map[string]any{{"id": "bridge", "object": "model", "owned_by": "whoever answers"}}})
}

func (b *Bridge) complete(w http.ResponseWriter, r *http.Request) {
	var req request
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&req); err != nil {
		fail(w, http.StatusBadRequest, "invalid_request_error", "the request is not JSON that can be read: "+err.Error())
		return
	}
	if len(req.Messages) == 0 {
		fail(w, http.StatusBadRequest, "invalid_request_error", "the request has no messages")
		return
	}
	stem, err := b.folder.ask(req)
	if err != nil {
		b.cfg.Log.ErrorContext(r.Context(), "Prompt not written", "room", "llm", "err", err)
		fail(w, http.StatusInternalServerError, "server_error", "the prompt could not be written")
		return
	}
	b.cfg.Log.InfoContext(r.Context(), "Prompt waits for its answer", "room", "llm", "file", stem+promptFile)
	ctx, cancel := context.WithTimeoutCause(r.Context(), b.cfg.Wait, errOver)
	defer cancel()
	text, err := b.folder.wait(ctx, stem)
	switch {
	case errors.Is(err, errOver):
		fail(w, http.StatusGatewayTimeout, "server_error", fmt.Sprintf("nobody has answered %s within %s", stem, b.cfg.Wait))
	case r.Context().Err() != nil: // nobody is there any more
	case err != nil:
		b.cfg.Log.ErrorContext(r.Context(), "Answer not read", "room", "llm", "file", stem, "err", err)
		fail(w, http.StatusInternalServerError, "server_error", "the answer could not be read")
	default:
		b.answer(w, req, stem, text)
	}
}

func (b *Bridge) answer(w http.ResponseWriter, req request, stem, text string) {
	b.cfg.Log.Info("Prompt answered", "room", "llm", "file", stem)
	in, out := req.tokens(), llm.Tokens(len(text))
	c := completion{ID: "chatcmpl-" + stem, Object: "chat.completion", Created: time.Now().Unix(), Model: req.Model, Usage: &usage{in, out, in + out}}
	if req.Stream {
		stream(w, req, c, text)
		return
	}
	c.Choices = []choice{{Message: &said{"assistant", text}, Finish: "stop"}}
	write(w, http.StatusOK, c)
}

// stream sends the answer in pieces, as a model does.
func stream(w http.ResponseWriter, req request, c completion, text string) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	total := c.Usage
	c.Object, c.Usage = "chat.completion.chunk", nil
	flush := http.NewResponseController(w)
	send := func(ch ...choice) {
		c.Choices = append([]choice{}, ch...)
		b, err := json.Marshal(c)
		if err != nil {
			return // of strings and numbers: it cannot be
		}
		_, _ = fmt.Fprintf(w, "data: %s\n\n", b) // a caller who has gone needs no answer
		_ = flush.Flush()
	}
	send(choice{Delta: &said{Role: "assistant"}})
	for runes := []rune(text); len(runes) > 0; {
		n := min(len(runes), 200)
		send(choice{Delta: &said{Content: string(runes[:n])}})
		runes = runes[n:]
	}
	send(choice{Delta: &said{}, Finish: "stop"})
	if req.StreamOptions != nil && req.StreamOptions.IncludeUsage {
		c.Usage = total
		send()
	}
	_, _ = fmt.Fprint(w, "data: [DONE]\n\n")
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a caller who has gone needs no answer
}

func fail(w http.ResponseWriter, status int, kind, text string) {
	write(w, status, map[string]any{"error": map[string]any{"message": text, "type": kind, "code": nil, "param": nil}})
}
