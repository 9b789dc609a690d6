package client_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/blob/file"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/client"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
)

// act is what a scripted provider does with one call.
type act func(ctx context.Context, req llm.Request, sink llm.Sink) (llm.Answer, error)

// script is a provider that plays its acts in order, and the last one for good. What an endpoint on the wire does is the
// drivers' business: here it is what a driver makes of it.
type script struct {
	name  string
	model llm.Model

	mu   sync.Mutex
	acts []act
	got  []llm.Request
	at   []time.Time
}

func (s *script) Name() string { return s.name }

func (s *script) Complete(ctx context.Context, req llm.Request, sink llm.Sink) (llm.Answer, error) {
	s.mu.Lock()
	do := s.acts[min(len(s.got), len(s.acts)-1)]
	s.got, s.at = append(s.got, req), append(s.at, time.Now())
	s.mu.Unlock()
	return do(ctx, req, sink)
}

func (s *script) Embed(context.Context, string, []string) (llm.Embeddings, error) {
	return llm.Embeddings{}, errors.New("not played")
}

func (s *script) Describe(_ context.Context, model string) (llm.Model, error) {
	m := s.model
	m.Provider, m.Name = s.name, model
	return m, nil
}

func (s *script) calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

func answer(text string) act {
	return func(_ context.Context, _ llm.Request, sink llm.Sink) (llm.Answer, error) {
		sink(text)
		return llm.Answer{Text: text, Finish: llm.Stopped, Usage: qlp.Usage{Input: 30, Output: 5}}, nil
	}
}

func failing(e llm.Error) act {
	return func(context.Context, llm.Request, llm.Sink) (llm.Answer, error) { return llm.Answer{}, &e }
}

// silence sends some pieces, one a second, and then nothing until it is told to stop.
func silence(pieces int) act {
	return func(ctx context.Context, _ llm.Request, sink llm.Sink) (llm.Answer, error) {
		for range pieces {
			timer := time.NewTimer(time.Second)
			select {
			case <-timer.C:
				sink("x")
			case <-ctx.Done():
			}
		}
		<-ctx.Done()
		return llm.Answer{}, context.Cause(ctx)
	}
}

// rig is a client over a real store.
type rig struct {
	*client.Client
	store  *sqlite.Store
	blobs  blob.Store
	ledger llm.Ledger
}

func newRig(t *testing.T, cfg client.Config, limits client.Limits, providers ...*script) *rig {
	t.Helper()
	dir := t.TempDir()
	st, err := sqlite.Open(t.Context(), filepath.Join(dir, "qlp.db"), sqlite.Config{})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := file.Open(filepath.Join(dir, "blobs"), file.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{store: st, blobs: blobs, ledger: app.NewLedger(st)}
	deps := client.Deps{
		Providers: map[string]llm.Provider{}, Roles: map[llm.Role][]client.Choice{}, Ledger: r.ledger, Recordings: blobs,
		Traffic: client.NewTraffic(limits), NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
		Clock: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		Rand:  func(n int64) int64 { return n - 1 }, // the longest wait
	}
	for _, p := range providers {
		deps.Providers[p.name] = p
		deps.Roles[llm.Coder] = append(deps.Roles[llm.Coder], client.Choice{Provider: p.name, Model: "m"})
	}
	r.Client = client.New(deps, cfg)
	return r
}

func (r *rig) close(t *testing.T) {
	t.Helper()
	if err := errors.Join(r.store.Close(), r.blobs.Close()); err != nil {
		t.Error(err)
	}
}

// request is a question of a task.
func request(words string) llm.Request {
	return llm.Request{
		Role: llm.Coder, System: "write code", Messages: []llm.Message{{From: llm.User, Text: words}}, MaxTokens: 1000,
		Account: llm.Account{IntentID: "in", RunID: "run", TaskID: "task", Attempt: 1},
	}
}

func (r *rig) rows(t *testing.T) (out []qlp.Call) {
	t.Helper()
	err := r.store.Read(t.Context(), func(rd store.Reader) (err error) { out, err = rd.Calls(t.Context(), "run"); return err })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (r *rig) spent(t *testing.T) (out qlp.Spending) {
	t.Helper()
	err := r.store.Read(t.Context(), func(rd store.Reader) (err error) {
		out, err = rd.Spending(t.Context(), store.ScopeRun("run"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// states shows how the calls ended, in order.
func (r *rig) states(t *testing.T) (out []string) {
	t.Helper()
	for _, c := range r.rows(t) {
		out = append(out, fmt.Sprintf("%s %s %d", c.Provider, c.State, c.Usage.Total()))
	}
	return out
}
