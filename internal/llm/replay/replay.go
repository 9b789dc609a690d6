// Package replay answers from recordings.
//
// It never asks anybody: a request that was not recorded is an error that shows the nearest recorded one. It never changes
// an answer.
//
// Arrows: llm, record, qlp.
package replay

import (
	"context"
	"fmt"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/record"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Name is the provider's name in records.
const Name = "replay"

type key struct {
	digest  qlp.Digest
	attempt int
}

// Provider is an llm.Provider over recordings. Its models are named after the roles: each answers as whatever answered the
// role when it was recorded.
type Provider struct {
	exact  map[key]record.Cassette
	first  map[qlp.Digest]record.Cassette // of any attempt
	byRole map[llm.Role][]record.Cassette
}

var _ llm.Provider = (*Provider)(nil)

// Open reads a folder of cassettes.
func Open(dir string) (*Provider, error) {
	all, err := record.Read(dir)
	if err != nil {
		return nil, err
	}
	return New(all), nil
}

// New returns a provider that answers from cassettes, the first of equals.
func New(cassettes []record.Cassette) *Provider {
	p := &Provider{exact: map[key]record.Cassette{}, first: map[qlp.Digest]record.Cassette{}, byRole: map[llm.Role][]record.Cassette{}}
	for _, c := range cassettes {
		p.byRole[c.Request.Role] = append(p.byRole[c.Request.Role], c)
		for _, digest := range []qlp.Digest{c.Digest, c.Asked} {
			if _, known := p.exact[key{digest, c.Attempt}]; !known {
				p.exact[key{digest, c.Attempt}] = c
			}
			if _, known := p.first[digest]; !known {
				p.first[digest] = c
			}
		}
	}
	return p
}

// Name returns "replay".
func (p *Provider) Name() string { return Name }

// Verbatim says that requests must come as they were asked: they are found by their digest.
func (p *Provider) Verbatim() bool { return true }

// Complete answers from the recording of the request: the same attempt's, or else another's of the same digest.
func (p *Provider) Complete(ctx context.Context, req llm.Request, sink llm.Sink) (llm.Answer, error) {
	if ctx.Err() != nil {
		return llm.Answer{}, context.Cause(ctx)
	}
	digest := req.Digest()
	c, ok := p.exact[key{digest, req.Account.Attempt}]
	if !ok {
		c, ok = p.first[digest]
	}
	if !ok {
		return llm.Answer{}, p.missing(req, digest)
	}
	if sink != nil && c.Answer.Text != "" {
		sink(c.Answer.Text)
	}
	return c.Replayed(), nil
}

// Embed is not recorded.
func (p *Provider) Embed(context.Context, string, []string) (llm.Embeddings, error) {
	return llm.Embeddings{}, &llm.Error{Kind: llm.Missing, Provider: Name, Message: "embeddings are not recorded"}
}

// Describe tells the window of the model that answered the role, so that prompts are fitted as they were. It costs nothing.
func (p *Provider) Describe(_ context.Context, model string) (llm.Model, error) {
	m := llm.Model{Provider: Name, Name: model, Price: &llm.Price{}, Structured: true}
	for _, c := range p.byRole[llm.Role(model)] {
		if c.Role.Window > 0 {
			m.Window = c.Role.Window
			break
		}
	}
	return m, nil
}

// Fallbacks is the number of models after the first that the role had when it was recorded.
func (p *Provider) Fallbacks(role llm.Role) (n int) {
	for _, c := range p.byRole[role] {
		n = max(n, c.Role.Fallbacks, c.Request.Fallback)
	}
	return n
}

func (p *Provider) missing(req llm.Request, digest qlp.Digest) error {
	e := &llm.Error{
		Kind: llm.Missing, Provider: Name, Model: req.Model,
		Message: fmt.Sprintf("no recording of the %s's request %s", req.Role, digest),
		Remedy:  "record it again with the provider; the prompt, the intent or the program has changed since",
	}
	recorded := p.byRole[req.Role]
	if len(recorded) == 0 {
		e.Message += "; nothing is recorded for this role"
		return e
	}
	e.Message += "; " + nearest(req, recorded)
	return e
}
