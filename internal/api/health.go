package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// readyTimeout bounds the question to the database: a probe that waits longer has its answer.
const readyTimeout = 2 * time.Second

type health struct {
	Body struct {
		Status  string `json:"status"`
		Version string `json:"version,omitempty"`
	}
}

func (s *server) health(api huma.API, mux *http.ServeMux) {
	free := []map[string][]string{}
	huma.Register(api, huma.Operation{
		OperationID: "health", Method: http.MethodGet, Path: "/healthz", Tags: []string{"health"}, Security: free,
		Summary: "Whether the process is alive",
	}, func(context.Context, *struct{}) (*health, error) {
		h := &health{}
		h.Body.Status, h.Body.Version = "ok", s.Version
		return h, nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "ready", Method: http.MethodGet, Path: "/readyz", Tags: []string{"health"}, Security: free,
		Summary: "Whether requests can be served: the database answers",
	}, func(ctx context.Context, _ *struct{}) (*health, error) {
		if s.leaving() {
			return nil, s.failed("ready", qlp.Errorf(qlp.Unavailable, "the server is stopping").WithRemedy("ask another replica"))
		}
		ctx, cancel := context.WithTimeout(ctx, readyTimeout)
		defer cancel()
		if err := s.shown.Ping(ctx); err != nil {
			return nil, s.failed("ready", err)
		}
		h := &health{}
		h.Body.Status = "ready"
		return h, nil
	})
	mux.Handle("GET /metrics", s.Metrics)
}

// Health returns the handler of a server that takes no intents in: whether it lives, whether it is ready, and its metrics.
func Health(d Deps, c Config) http.Handler {
	s := newServer(d, c)
	mux := http.NewServeMux()
	config := huma.DefaultConfig("QLP", s.Version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	s.health(humago.New(mux, config), mux)
	return s.logged(s.recovered(s.local(mux)))
}

// leaving reports whether the server is about to stop.
func (s *server) leaving() bool {
	select {
	case <-s.Leaving:
		return true
	default:
		return false
	}
}
