package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// guard refuses requests before anything else is looked at.
type guard func(*http.Request) error

// everyone lets every request pass.
func everyone(*http.Request) error { return nil }

// server answers every request, whatever happens, and writes one log line for each: no bodies, no queries, no keys.
type server struct {
	router  *router
	guard   guard
	openAPI []byte
	log     *slog.Logger
}

// ServeHTTP answers one request.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	out := &recorder{ResponseWriter: w}
	defer func() {
		if fault := recover(); fault != nil {
			if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(fault)
			}
			s.log.Error("request panicked", "path", r.URL.Path, "panic", fault)
			s.tell(out, problemf(http.StatusInternalServerError, "the service has a fault"))
		}
		s.log.LogAttrs(context.WithoutCancel(r.Context()), slog.LevelInfo, "request",
			slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", out.status),
			slog.Int64("bytes", out.bytes), slog.Float64("ms", float64(time.Since(began).Microseconds())/1000))
	}()
	if err := s.answer(out, r); err != nil {
		p := problemOf(err)
		if p.Status == http.StatusInternalServerError && !errors.Is(err, errGone) {
			s.log.Error("request failed", "path", r.URL.Path, "err", err)
		}
		s.tell(out, p)
	}
}

func (s *server) answer(w http.ResponseWriter, r *http.Request) error {
	switch r.URL.Path {
	case "/healthz":
		return s.open(w, r, []byte(`{"status":"ok"}`+"\n"))
	case "/openapi.json":
		return s.open(w, r, s.openAPI)
	}
	if err := s.guard(r); err != nil {
		return err
	}
	return s.router.serve(w, r)
}

// open answers a path that needs no key.
func (s *server) open(w http.ResponseWriter, r *http.Request, text []byte) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return problemf(http.StatusMethodNotAllowed, "%s is not possible here", r.Method)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	if _, err := w.Write(text); err != nil {
		s.log.Debug("answer not taken", "path", r.URL.Path, "err", err)
	}
	return nil
}

// tell writes a problem, unless the answer has begun.
func (s *server) tell(w *recorder, p *problem) {
	if w.status != 0 {
		return
	}
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	if err := send(w, p.Status, "application/problem+json", p); err != nil && !errors.Is(err, errGone) {
		s.log.Error("problem not written", "err", err)
	}
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader remembers the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}
