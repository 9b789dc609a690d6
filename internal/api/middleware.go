package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/quantumlayer/qlp/internal/qlp"
)

const headerRequestID = "X-Request-Id"

// logged gives the request an id and writes one line about it. Bodies, queries and headers are not logged.
func (s *server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := uuid.NewString()
		r.Header.Set(headerRequestID, id)
		w.Header().Set(headerRequestID, id)
		seen := &statusWriter{ResponseWriter: w}
		start := time.Now()
		next.ServeHTTP(seen, r)
		s.Log.Debug("Request answered", "room", "api", "request_id", id, "method", r.Method, "path", r.URL.Path,
			"status", seen.status, "duration_ms", time.Since(start).Milliseconds())
	})
}

// statusWriter remembers the status for the log. Unwrap keeps hijacking and flushing reachable.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (s *server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				s.Log.Error("Request handler panicked", "room", "api", "path", r.URL.Path, "err", v, "stack", string(debug.Stack()))
				writeProblem(w, r, qlp.Errorf(qlp.Internal, "panic"))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// local refuses requests that came under another name than this machine's own or those that were set: a web page that makes its name resolve to
// the loopback address must not reach the API with its visitor's browser.
func (s *server) local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		ip := net.ParseIP(strings.Trim(host, "[]"))
		// Probes come under the machine's own address, and are told nothing that is not everybody's.
		if host != "localhost" && (ip == nil || !ip.IsLoopback()) && !slices.Contains(s.Hosts, strings.ToLower(host)) && (len(s.Hosts) == 0 || !open(r.URL.Path)) {
			writeProblem(w, r, qlp.Errorf(qlp.Forbidden, "the API does not answer to this name").
				WithRemedy("call it as localhost, or name the host in the setting hosts"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// open lists the paths that need no token.
func open(path string) bool {
	return path == "/healthz" || path == "/readyz" || path == "/metrics" || strings.HasPrefix(path, "/openapi") || strings.HasPrefix(path, "/schemas/")
}

func (s *server) authorized(next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(s.Token.Reveal()))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		got := sha256.Sum256([]byte(given))
		if s.Token != "" && !open(r.URL.Path) && subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="qlp"`)
			writeProblem(w, r, qlp.Errorf(qlp.Unauthorized, "a valid token is missing").
				WithRemedy("send the header Authorization: Bearer TOKEN, with the token from the file `token` in the data folder"))
			return
		}
		next.ServeHTTP(w, r)
	})
}
