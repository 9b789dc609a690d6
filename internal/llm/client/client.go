// Package client is the way that every question to a model goes: it finds the role's model, looks whether the question was
// answered already, reserves what the call may cost at the worst, waits for a place, asks, tries again what may be tried
// again, falls to the next model that the configuration names, and writes down what it took.
//
// It never asks without a reservation, never leaves one open, never asks a model that the role does not list, and never
// makes an answer up.
//
// Arrows: llm, record, qlp; the circuit breaker is sony/gobreaker. The ledger and the place for recordings are handed in.
package client

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Choice names one model of a provider.
type Choice struct {
	Provider string
	Model    string
}

// String is provider/model.
func (c Choice) String() string { return c.Provider + "/" + c.Model }

// Recordings keeps recorded calls by their digest. A blob store is one.
type Recordings interface {
	Put(ctx context.Context, content []byte) (qlp.Digest, error)
	Get(ctx context.Context, digest qlp.Digest) ([]byte, error)
}

// Deps are what a client is built over. All but Prices, Redact and Log are required.
type Deps struct {
	Providers  map[string]llm.Provider
	Roles      map[llm.Role][]Choice // the first is asked, the others are its fallbacks
	Ledger     llm.Ledger
	Recordings Recordings
	Traffic    *Traffic             // shared by the clients of a process
	Prices     map[string]llm.Price // of provider/model, in place of what the provider knows
	NewID      func() string
	Clock      func() time.Time         // UTC, to the microsecond
	Rand       func(n int64) int64      // a random number below n
	Redact     func(text string) string // takes secrets out of what is recorded
	Log        *slog.Logger
}

// Config says how patient a client is. Zero fields mean the defaults.
type Config struct {
	Day  qlp.Budget // caps; of the UTC day
	Team qlp.Budget // of the UTC month

	FirstToken time.Duration // until the first text; 120 s, because models think before they write
	Idle       time.Duration // between two pieces of text; 60 s
	Total      time.Duration // of one try; 10 minutes
	Tries      int           // of one model, the first among them; 4
	Backoff    time.Duration // the longest wait before the second try, doubled for each that follows; 1 s
	Patience   time.Duration // the longest wait before any try, also where the endpoint asks for more; 60 s
}

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	set(&c.FirstToken, 120*time.Second)
	set(&c.Idle, 60*time.Second)
	set(&c.Total, 10*time.Minute)
	set(&c.Backoff, time.Second)
	set(&c.Patience, time.Minute)
	if c.Tries == 0 {
		c.Tries = 4
	}
	return c
}

// Client implements llm.Client.
type Client struct {
	Deps
	cfg Config

	mu     sync.Mutex
	models map[Choice]llm.Model // what Describe told
}

var _ llm.Client = (*Client)(nil)

// New returns a client. It asks nobody yet.
func New(deps Deps, cfg Config) *Client {
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	return &Client{Deps: deps, cfg: cfg.withDefaults(), models: map[Choice]llm.Model{}}
}

// Name is the provider and model of the role, or "" for a role without one.
func (c *Client) Name(role llm.Role) string {
	if choices := c.Roles[role]; len(choices) > 0 {
		return choices[0].String()
	}
	return ""
}

// Fallbacks is the number of models after the first that the role has.
func (c *Client) Fallbacks(role llm.Role) int { return max(len(c.Roles[role])-1, 0) }

// Window is the number of tokens that the role's first model reads and writes together; 0: unknown.
func (c *Client) Window(role llm.Role) int64 {
	choices := c.Roles[role]
	if len(choices) == 0 {
		return 0
	}
	ctx, cancel := context.WithTimeout(context.Background(), describing)
	defer cancel()
	return c.describe(ctx, choices[0]).Window
}

// Ask sends the request to the role's models in their order, from req.Fallback on, until one answers.
func (c *Client) Ask(ctx context.Context, req llm.Request, sink llm.Sink) (llm.Answer, error) {
	choices, err := c.choices(req)
	if err != nil {
		return llm.Answer{}, err
	}
	if answer, found, err := c.answered(ctx, req, len(choices), sink); found || err != nil {
		return answer, err
	}
	var why []string
	for i := req.Fallback; ; i++ {
		answer, err := c.askModel(ctx, job{asked: req, choice: choices[i], fallback: i, why: strings.Join(why, "; ")}, sink)
		if err == nil {
			return answer, nil
		}
		if ctx.Err() != nil {
			return llm.Answer{}, context.Cause(ctx)
		}
		if i+1 == len(choices) || !llm.KindOf(err).Elsewhere() {
			if len(why) > 0 {
				err = fmt.Errorf("after %s: %w", strings.Join(why, "; "), err)
			}
			return llm.Answer{}, err
		}
		why = append(why, fmt.Sprintf("%s: %s", choices[i], llm.KindOf(err)))
		c.Log.WarnContext(ctx, "Model replaced by the next of its role", "room", "llm", "role", req.Role, "provider", choices[i].Provider,
			"model", choices[i].Model, "err", err)
	}
}

// choices returns the role's models, or says what is missing.
func (c *Client) choices(req llm.Request) ([]Choice, error) {
	choices := c.Roles[req.Role]
	switch {
	case len(choices) == 0:
		return nil, qlp.Errorf(qlp.Invalid, "no model is configured for the role %s", req.Role).
			WithRemedy("list one under `roles` in the providers file, as provider/model: see docs/guide/models.md")
	case req.Fallback < 0 || req.Fallback >= len(choices):
		return nil, qlp.Errorf(qlp.Invalid, "the role %s has %d models, and number %d was asked for", req.Role, len(choices), req.Fallback+1)
	case req.MaxTokens <= 0:
		return nil, qlp.Errorf(qlp.Invalid, "the request of the %s does not bound its answer", req.Role)
	case len(req.Messages) == 0 || req.Messages[len(req.Messages)-1].From != llm.User:
		return nil, qlp.Errorf(qlp.Invalid, "the request of the %s does not end with a message of the user", req.Role)
	}
	for _, choice := range choices {
		if c.Providers[choice.Provider] == nil {
			return nil, qlp.Errorf(qlp.Invalid, "the role %s names the provider %q, which is not configured", req.Role, choice.Provider).
				WithRemedy("add it under `providers` in the providers file")
		}
	}
	return choices, nil
}
