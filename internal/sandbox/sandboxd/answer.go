package sandboxd

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd/wire"
)

type handler func(w http.ResponseWriter, r *http.Request) error

// known lets a caller with the token pass.
func (s *Server) known(h handler) http.Handler { return s.guarded(h, false) }

// person also takes the token as the password of HTTP's basic scheme, which browsers ask for.
func (s *Server) person(h handler) http.Handler { return s.guarded(h, true) }

func (s *Server) guarded(h handler, basic bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.allowed(r, basic) {
			scheme := "Bearer"
			if basic {
				scheme = `Basic realm="sandbox", charset="UTF-8"`
			}
			w.Header().Set("WWW-Authenticate", scheme)
			s.fail(w, qlp.Errorf(qlp.Unauthorized, "the token is missing or wrong").WithRemedy("send `Authorization: Bearer` with the executor's token"))
			return
		}
		if err := h(w, r); err != nil {
			s.fail(w, err)
		}
	})
}

// allowed compares digests, so that the time it takes says nothing about the token, not even its length.
func (s *Server) allowed(r *http.Request, basic bool) bool {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok && basic {
		_, given, ok = r.BasicAuth()
	}
	sum := sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(sum[:], s.token[:]) == 1 && ok
}

// fail answers with a problem. If an answer has begun already, the connection is cut: a half answer must not look whole.
func (s *Server) fail(w http.ResponseWriter, err error) {
	p := wire.ProblemOf(err)
	if full, ok := errors.AsType[*fullError](err); ok {
		p.Status = http.StatusTooManyRequests
		p.Title = http.StatusText(p.Status)
		w.Header().Set("Retry-After", full.retryAfter)
	}
	w.Header().Set("Content-Type", wire.ProblemType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// fullError is an Unavailable that asks the caller to come again.
type fullError struct {
	err        error
	retryAfter string // seconds
}

// Error says what is full.
func (e *fullError) Error() string { return e.err.Error() }

// Unwrap gives the domain error.
func (e *fullError) Unwrap() error { return e.err }

// inside finds the sandbox of the request, and counts the request as use of it.
func (s *Server) inside(h func(http.ResponseWriter, *http.Request, *box) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		b, ok := s.enter(r.PathValue("id"))
		if !ok {
			return qlp.Errorf(qlp.NotFound, "sandbox %.40q: %w", r.PathValue("id"), sandbox.ErrDestroyed)
		}
		defer b.leave()
		return h(w, r, b)
	}
}

// decode reads one JSON text. What it does not know it refuses: a caller who says more wants more than he would get.
func decode(w http.ResponseWriter, r *http.Request, into any) error {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, wire.MaxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return tooLong(err, "read request")
	}
	return nil
}

func tooLong(err error, what string) error {
	if long, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return qlp.Errorf(qlp.Exhausted, "%s: it is longer than %d bytes", what, long.Limit)
	}
	return qlp.Errorf(qlp.Invalid, "%s: %w", what, err)
}

func reply(w http.ResponseWriter, status int, body any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a caller who has gone needs no answer
	return nil
}

func (s *Server) capabilities(w http.ResponseWriter, r *http.Request) error {
	caps, err := s.cfg.Driver.Capabilities(r.Context())
	if err != nil {
		return err
	}
	s.mu.Lock()
	n := len(s.boxes) + s.pending
	s.mu.Unlock()
	return reply(w, http.StatusOK, wire.Capabilities{Capabilities: caps, Sandboxes: n, Max: s.cfg.Max})
}
