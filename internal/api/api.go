// Package api is the HTTP and WebSocket surface: one file a noun, each operation one call of the engine or one read of the
// store.
//
// It never decides anything about a run, never answers a caller without the token, and never tells the details of an
// internal error.
//
// Arrows: qlp, store, blob, events, orchestrator, interpreter, similarity (their types), and the HTTP framework, which nobody else sees.
package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/events"
	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/telemetry"
)

// Engine is what the operations that change something call.
type Engine interface {
	Submit(ctx context.Context, req orchestrator.Request) (qlp.Intent, error)
	Cancel(ctx context.Context, intentID string) error
	Approve(ctx context.Context, intentID string) error
	Retry(ctx context.Context, intentID, fromTask string) error
	ResumeIntent(ctx context.Context, intentID string, caps qlp.ModelCaps) error
	// Refresh has a worker make the vectors that are missing, and with again those that another embedder has made.
	Refresh(ctx context.Context, again bool) error
	ReplayRun(ctx context.Context, runID, key string) (qlp.Intent, error)
	// Watch returns what models write for an intent from now on, and the function that ends it.
	Watch(intentID string) (<-chan qlp.Event, func())
}

// Deps are the rooms that the API stands on.
type Deps struct {
	Engine      Engine
	Store       store.Store
	Blobs       blob.Store
	Interpreter interpreter.Interpreter
	// ReadSpec reads a Spec that a caller sends, strictly.
	ReadSpec func([]byte) (*qlp.Spec, error)
	// Spending returns what models have taken for the intent's latest run; nil: none is kept.
	Spending func(ctx context.Context, r store.Reader, in qlp.Intent) (*qlp.RunSpending, error)
	// Similar finds past intents; nil: nothing can be found.
	Similar Similar
	Metrics http.Handler
	Log     *slog.Logger
}

// Config of the API.
type Config struct {
	Token   telemetry.Secret // callers must send it; "" lets everybody in and is for in-process callers only
	Version string
	Stack   string // of an intent that names none
	Tenant  string // whose intents are taken in and shown; qlp.DefaultTenant by default
	// Hosts are the names under which the API may be called besides this machine's own.
	Hosts []string
	// Leaving, if not nil, is closed when the server is about to stop: it is no longer ready then, and streams end, so that their
	// callers come back elsewhere.
	Leaving <-chan struct{}
}

type server struct {
	Deps
	Config
	shown store.Scoped // the tenant's own
	fan   *events.Fan
	alive *alive
}

func newServer(d Deps, c Config) *server {
	c.Tenant = cmp.Or(c.Tenant, qlp.DefaultTenant)
	return &server{
		Deps: d, Config: c, shown: store.Scoped{Of: d.Store, Tenant: c.Tenant},
		fan: events.NewFan(d.Store, c.Leaving), alive: newAlive(pingEvery, pongWithin),
	}
}

// New returns the handler of the whole API.
func New(d Deps, c Config) http.Handler {
	s := newServer(d, c)
	mux := http.NewServeMux()
	s.register(mux)
	return s.logged(s.recovered(s.local(s.authorized(mux))))
}

// register adds every operation, and returns the framework's API for its description.
func (s *server) register(mux *http.ServeMux) huma.API {
	config := huma.DefaultConfig("QLP", s.Version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "/openapi", "", "/schemas"
	config.Info.Description = "Turn an intent into software that has been proven to work."
	config.CreateHooks = nil
	config.Formats = map[string]huma.Format{"application/json": utf8Format(), "json": utf8Format()}
	config.Transformers = append(config.Transformers, s.asProblem)
	config.Security = []map[string][]string{{"token": {}}}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	api := humago.New(mux, config)
	describeTypes(api.OpenAPI().Components.Schemas)
	s.intents(api)
	s.runs(api)
	s.similar(api)
	s.events(api, mux)
	s.health(api, mux)
	return api
}

// utf8Format is JSON that is refused where it is no UTF-8: the decoder would put other characters in the place of what it
// cannot read, and the words that are then understood are not the ones that were sent.
func utf8Format() huma.Format {
	f := huma.DefaultJSONFormat
	decode := f.Unmarshal
	f.Unmarshal = func(b []byte, v any) error {
		if !utf8.Valid(b) {
			return errors.New("the body is not valid UTF-8 text; send it as UTF-8")
		}
		return decode(b, v)
	}
	return f
}

// OpenAPI returns the description of the API, as indented JSON.
func OpenAPI(version string) ([]byte, error) {
	s := &server{Config: Config{Version: version}, Deps: Deps{Metrics: http.NotFoundHandler()}}
	b, err := json.MarshalIndent(s.register(http.NewServeMux()).OpenAPI(), "", "  ")
	return append(b, '\n'), err
}
