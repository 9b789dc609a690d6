package app

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/client"
	"github.com/quantumlayer/qlp/internal/llm/record"
	"github.com/quantumlayer/qlp/internal/llm/replay"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// ModelDeps are what models are built over. All are required but Redact, without which nothing can be recorded into a folder.
type ModelDeps struct {
	Ledger     llm.Ledger
	Recordings client.Recordings        // a blob store
	Redact     func(text string) string // takes secrets out of recordings
	// Tape returns the recordings of a run; nil: no run can be replayed.
	Tape func(ctx context.Context, runID string) ([]record.Cassette, error)
	Env  func(name string) string // os.Getenv
	Log  *slog.Logger
}

// Models is who can be asked: the providers of the file, and a client for each way of choosing among them. Safe for
// concurrent use.
type Models struct {
	cfg     config.Config
	file    config.Models
	deps    ModelDeps
	traffic *client.Traffic

	mu        sync.Mutex
	providers map[string]llm.Provider
	clients   map[string]llm.Client
	asked     map[string]map[llm.Role][]client.Choice // whom the client of a choice asks
}

// OpenModels reads the providers file. No key is read and nobody is asked before a client is.
func OpenModels(cfg config.Config, deps ModelDeps) (*Models, error) {
	file, err := config.LoadModels(cfg)
	if err != nil {
		return nil, err
	}
	places := map[string]int{}
	for name, p := range file.Providers {
		places[name] = p.Concurrency
	}
	return &Models{
		cfg: cfg, file: file, deps: deps, traffic: client.NewTraffic(client.Limits{Concurrency: places}),
		providers: map[string]llm.Provider{}, clients: map[string]llm.Client{}, asked: map[string]map[llm.Role][]client.Choice{},
	}, nil
}

// Caps are what the file gives to runs and tasks that set none of their own.
func (m *Models) Caps() qlp.ModelCaps {
	return qlp.ModelCaps{Run: m.file.Caps.Run.Budget(), Task: m.file.Caps.Task.Budget()}
}

// Client returns the client of a choice, always the same for the same one: "" is what the file configures, a provider is that
// part of it, provider/model one model for every role, replay:DIR a folder of recordings.
func (m *Models) Client(choice string) (llm.Client, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c, ok := m.clients[choice]; ok {
		return c, nil
	}
	roles, err := m.roles(choice)
	if err != nil {
		return nil, err
	}
	providers, err := m.used(roles)
	if err != nil {
		return nil, err
	}
	inner := client.New(client.Deps{
		Providers: providers, Roles: roles, Ledger: m.deps.Ledger, Recordings: m.deps.Recordings, Traffic: m.traffic, Prices: m.prices(),
		NewID: newID, Clock: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		Rand:   rand.Int64N,
		Redact: m.deps.Redact, Log: m.deps.Log,
	}, client.Config{
		Day: m.file.Caps.Day.Budget(), Team: m.file.Caps.Team.Budget(),
		FirstToken: m.file.Timeouts.FirstToken, Idle: m.file.Timeouts.Idle, Total: m.file.Timeouts.Total,
	})
	c, err := m.recorded(inner, choice)
	if err != nil {
		return nil, err
	}
	m.clients[choice], m.asked[choice] = c, roles
	return c, nil
}

// recorded writes down what a client answers, where that is asked for. What is replayed is recorded already.
func (m *Models) recorded(inner llm.Client, choice string) (llm.Client, error) {
	if m.cfg.Record == "" || strings.HasPrefix(choice, replayPrefix) {
		return inner, nil
	}
	if m.deps.Redact == nil {
		return nil, qlp.Errorf(qlp.Internal, "nothing is recorded without a way to take secrets out")
	}
	return record.New(inner, m.cfg.Record, m.deps.Redact), nil
}

const replayPrefix = "replay:"

// roles says which models a choice gives to each role. The caller holds the lock.
func (m *Models) roles(choice string) (map[llm.Role][]client.Choice, error) {
	if runID, ok := strings.CutPrefix(choice, orchestrator.ReplayPrefix); ok && m.deps.Tape != nil {
		cassettes, err := m.deps.Tape(context.Background(), runID)
		if err != nil {
			return nil, err
		}
		p := replay.New(cassettes)
		m.providers[choice] = p
		return replayed(choice, p), nil
	}
	if dir, ok := strings.CutPrefix(choice, replayPrefix); ok {
		p, err := replay.Open(dir)
		if err != nil {
			return nil, err
		}
		m.providers[choice] = p
		return replayed(choice, p), nil
	}
	provider, model, _ := strings.Cut(choice, "/")
	if model != "" {
		return everyRole(client.Choice{Provider: provider, Model: model}), nil
	}
	roles := map[llm.Role][]client.Choice{}
	for role, names := range m.file.Roles {
		for _, name := range names {
			p, model, _ := strings.Cut(name, "/")
			if provider == "" || provider == p {
				roles[llm.Role(role)] = append(roles[llm.Role(role)], client.Choice{Provider: p, Model: model})
			}
		}
	}
	if p, ok := m.file.Providers[provider]; ok && p.Kind == config.KindReplay {
		return m.tape(provider, p)
	}
	if len(roles) == 0 {
		return nil, m.none(provider)
	}
	return roles, nil
}

// tape gives every role to a provider that replays.
func (m *Models) tape(name string, p config.Provider) (map[llm.Role][]client.Choice, error) {
	r, err := replay.Open(p.Dir)
	if err != nil {
		return nil, err
	}
	m.providers[name] = r
	return replayed(name, r), nil
}

// replayed gives each role as many models as it had when it was recorded.
func replayed(name string, p *replay.Provider) map[llm.Role][]client.Choice {
	roles := map[llm.Role][]client.Choice{}
	for _, role := range llm.Roles() {
		for range p.Fallbacks(role) + 1 {
			roles[role] = append(roles[role], client.Choice{Provider: name, Model: string(role)})
		}
	}
	return roles
}

func everyRole(c client.Choice) map[llm.Role][]client.Choice {
	roles := map[llm.Role][]client.Choice{}
	for _, role := range llm.Roles() {
		roles[role] = []client.Choice{c}
	}
	return roles
}

// none says what to do where there is no model.
func (m *Models) none(provider string) error {
	if provider != "" {
		return qlp.Errorf(qlp.Invalid, "no model of the provider %q is configured", provider).
			WithRemedy("name one: %s/MODEL; or list it under `roles` in %s", provider, m.file.Path)
	}
	what := "there is no file " + m.file.Path
	if m.file.Found {
		what = m.file.Path + " gives no role a model"
	}
	return qlp.Errorf(qlp.Invalid, "no provider of models is configured: %s", what).
		WithRemedy("write one (docs/guide/models.md has examples), or name a provider and a model whose key is in the environment: openai/MODEL, " +
			"anthropic/MODEL, azureopenai/DEPLOYMENT, ollama/MODEL; or replay:DIR")
}

// used builds the providers that the roles name. The caller holds the lock.
func (m *Models) used(roles map[llm.Role][]client.Choice) (map[string]llm.Provider, error) {
	out := map[string]llm.Provider{}
	for _, choices := range roles {
		for _, c := range choices {
			p, err := m.build(c.Provider)
			if err != nil {
				return nil, err
			}
			out[c.Provider] = p
		}
	}
	return out, nil
}

func (m *Models) build(name string) (llm.Provider, error) {
	if p, ok := m.providers[name]; ok {
		return p, nil
	}
	described, ok := m.file.Providers[name]
	if !ok {
		if described, ok = fromEnvironment(name, m.deps.Env); !ok {
			return nil, qlp.Errorf(qlp.Invalid, "there is no provider %q", name).
				WithRemedy("configured are: %s; from the environment alone: %s", listed(m.file.Providers), "openai, anthropic, azureopenai, ollama")
		}
	}
	key, err := readKey(name, described, m.deps.Env)
	if err != nil {
		return nil, err
	}
	p, err := provider(name, described, key)
	if err != nil {
		return nil, fmt.Errorf("provider %s: %w", name, err)
	}
	m.providers[name] = p
	return p, nil
}

func listed(providers map[string]config.Provider) string {
	if len(providers) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(providers)), ", ")
}

func (m *Models) prices() map[string]llm.Price {
	out := map[string]llm.Price{}
	for name, p := range m.file.Prices {
		in, cached, o := p.Micros()
		out[name] = llm.Price{Input: in, Cached: cached, Output: o}
	}
	return out
}
