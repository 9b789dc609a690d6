package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/embedding"
	"github.com/quantumlayer/qlp/internal/embedding/model"
	"github.com/quantumlayer/qlp/internal/embedding/offline"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// roleEmbedding is the role of calls for vectors, in the ledger.
const roleEmbedding = "embedding"

// embedder returns what the setting names: offline, or a model as PROVIDER/MODEL. Nobody is asked before the first vector.
func embedder(cfg config.Config, models *Models) (embedding.Embedder, error) {
	if cfg.Embedder == "offline" {
		return offline.New()
	}
	name, of, ok := strings.Cut(cfg.Embedder, "/")
	if !ok || name == "" || of == "" {
		return nil, qlp.Errorf(qlp.Invalid, "setting embedder is %.80q", cfg.Embedder).
			WithRemedy("use offline, or a model of vectors as PROVIDER/MODEL, for example openai/text-embedding-3-small")
	}
	if err := models.ready(name); err != nil {
		return nil, err
	}
	return model.New(cfg.Embedder, func(ctx context.Context, texts []string) ([][]float32, error) {
		vectors, _, err := models.vectors(ctx, name, of, texts)
		if e, ok := errors.AsType[*llm.Error](err); ok {
			return nil, qlp.Errorf(qlp.Unavailable, "%w", err).WithRemedy("%s", e.Remedy)
		}
		return vectors.Vectors, err
	}), nil
}

// ready builds a provider, so that a wrong name is said at the start.
func (m *Models) ready(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, err := m.build(name)
	return err
}

// vectors asks a model of vectors, on the ledger as every call. What it returns of the call is as it was settled.
func (m *Models) vectors(ctx context.Context, name, model string, texts []string) (llm.Embeddings, qlp.Call, error) {
	size := int64(0)
	for _, t := range texts {
		size += llm.Tokens(len(t)) + 16
	}
	price, priced := m.prices()[name+"/"+model]
	if !priced {
		if known := m.known(ctx, name, model); known.Price != nil {
			price, priced = *known.Price, true
		}
	}
	call := qlp.Call{
		ID: newID(), Role: roleEmbedding, Provider: name, Model: model, Request: qlp.DigestJSON(texts), State: qlp.CallReserved,
		Priced: priced, Reserved: qlp.Budget{Tokens: size, Calls: 1, Seconds: 60}, Started: time.Now().UTC(),
	}
	if priced {
		call.Reserved.Micros = price.Cost(qlp.Usage{Input: call.Reserved.Tokens})
	}
	limits := llm.Limits{Day: m.file.Caps.Day.Budget(), Team: m.file.Caps.Team.Budget()}
	if err := m.deps.Ledger.Reserve(ctx, call, limits); err != nil {
		return llm.Embeddings{}, call, err
	}
	m.mu.Lock()
	p := m.providers[name]
	m.mu.Unlock()
	bounded, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	out, err := p.Embed(bounded, model, texts)
	ended := time.Now().UTC()
	call.State, call.Usage, call.Ended = qlp.CallSettled, out.Usage, &ended
	if err != nil {
		call.State, call.Reason = qlp.CallFailed, err.Error()
	}
	if priced {
		call.Micros = price.Cost(out.Usage)
	}
	return out, call, errors.Join(err, m.deps.Ledger.Settle(context.WithoutCancel(ctx), call))
}
