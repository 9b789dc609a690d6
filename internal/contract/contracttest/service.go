package contracttest

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Service serves a Spec from memory. It interprets the Spec at every request, slowly and plainly.
type Service struct {
	spec        qlp.Spec
	description []byte
	key         string
	file        string // keeps the rows between processes; "" keeps nothing
	fault       Fault

	mu    sync.Mutex
	state state
}

// state is all that the service keeps; its members are exported for encoding/json.
type state struct {
	Next  map[string]int64             // entity → the next id
	Rows  map[string]map[int64]kept    // entity → id → row
	Links map[string]map[[2]int64]bool `json:"-"`
	Pairs map[string][][2]int64        // Links, as JSON can hold them
}

// kept is a row: JSON key → JSON text of the canonical value, "null" for none.
type kept map[string]string

// Options of a Service.
type Options struct {
	Description []byte // what GET /openapi.json answers
	Key         string // of a protected service
	DataDir     string // "" keeps nothing
	Fault       Fault
}

// New returns a service without rows, or with those that DataDir holds.
func New(spec qlp.Spec, o Options) (*Service, error) {
	s := &Service{spec: spec, description: o.Description, key: o.Key, fault: o.Fault}
	if o.DataDir != "" {
		s.file = filepath.Join(o.DataDir, "rows.json")
		raw, err := os.ReadFile(s.file)
		if err == nil {
			err = json.Unmarshal(raw, &s.state)
		}
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
	}
	s.state.prepare(spec)
	return s, nil
}

func (st *state) prepare(spec qlp.Spec) {
	if st.Next == nil {
		st.Next, st.Rows, st.Pairs = map[string]int64{}, map[string]map[int64]kept{}, map[string][][2]int64{}
	}
	st.Links = map[string]map[[2]int64]bool{}
	for _, e := range spec.Entities {
		if st.Rows[e.Name] == nil {
			st.Next[e.Name], st.Rows[e.Name] = 1, map[int64]kept{}
		}
	}
	for _, p := range spec.ManyToMany {
		name := p[0] + "." + p[1]
		st.Links[name] = map[[2]int64]bool{}
		for _, pair := range st.Pairs[name] {
			st.Links[name][pair] = true
		}
	}
}

// save writes all rows before an answer leaves.
func (s *Service) save() error {
	if s.file == "" || s.is(FaultForgets) {
		return nil
	}
	for name, links := range s.state.Links {
		s.state.Pairs[name] = nil
		for pair := range links {
			s.state.Pairs[name] = append(s.state.Pairs[name], pair)
		}
	}
	raw, err := json.Marshal(s.state)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.file+".new", raw, 0o600); err != nil {
		return err
	}
	return os.Rename(s.file+".new", s.file)
}

// ServeHTTP answers one request; a lock makes it the only one.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.answer(r)
	if a.status < 300 && r.Method != http.MethodGet && r.Method != http.MethodHead {
		if err := s.save(); err != nil {
			a = refuse(http.StatusInternalServerError)
		}
	}
	for name, value := range a.headers {
		w.Header().Set(name, value)
	}
	if a.status >= 400 && !s.is(FaultProblemType) {
		w.Header().Set("Content-Type", "application/problem+json")
	} else if a.status != http.StatusNoContent {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(a.status)
	if a.status != http.StatusNoContent && r.Method != http.MethodHead {
		_, _ = w.Write([]byte(a.body)) // a client that has gone is its own business
	}
}

func (s *Service) answer(r *http.Request) answer {
	path := r.URL.EscapedPath()
	if s.key != "" && path != "/healthz" && path != "/openapi.json" && !s.authorized(r) {
		return refuse(http.StatusUnauthorized)
	}
	routes := s.routes(strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/"))
	if len(routes) == 0 {
		return refuse(http.StatusNotFound)
	}
	method := r.Method
	if method == http.MethodHead && !s.is(FaultHead) {
		method = http.MethodGet
	}
	handle, ok := routes[method]
	if !ok {
		a := refuse(http.StatusMethodNotAllowed)
		if s.is(FaultMethodStatus) {
			a = refuse(http.StatusNotFound)
		}
		a.headers = map[string]string{"Allow": allow(routes)}
		return a
	}
	return handle(r)
}

func allow(routes map[string]handler) string {
	var methods []string
	for m := range routes {
		methods = append(methods, m)
	}
	if routes[http.MethodGet] != nil {
		methods = append(methods, http.MethodHead)
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

func (s *Service) authorized(r *http.Request) bool {
	if s.is(FaultAuth) {
		return true
	}
	if k := r.Header.Get("X-API-Key"); k != "" {
		return k == s.key || s.is(FaultAuthPrefix) && strings.HasPrefix(k, s.key)
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "bearer") && token == s.key
}
