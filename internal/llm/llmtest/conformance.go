package llmtest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Good is the answer that the suite's endpoints give: a JSON object, so that it can be asked for with a schema.
const Good = `{"word":"grün","number":42}`

// Schema is the form of Good.
func Schema() *llm.Schema {
	return &llm.Schema{Name: "answer", JSON: json.RawMessage(`{"type":"object","additionalProperties":false,"required":["word","number"],"properties":{"word":{"type":"string"},"number":{"type":"integer"}}}`)}
}

// Request is a small request.
func Request() llm.Request {
	return llm.Request{
		Role: llm.Coder, Model: "hostile", System: "You answer.", Messages: []llm.Message{{From: llm.User, Text: "Say a word and a number."}}, MaxTokens: 256,
	}
}

// Secret is the key that every driver under test is given: it must never be in an error.
const Secret = "sk-very-secret-0123456789abcdef"

// Wire is one wire format: its endpoint in good health, and what it makes of bad ones.
type Wire struct {
	Good Behaviour
	Bad  []Behaviour
}

// Run holds a driver to the contract of llm.Provider over its wire format.
func Run(t *testing.T, wire Wire, open func(t *testing.T, url string) llm.Provider) {
	t.Run("answers", func(t *testing.T) {
		t.Parallel()
		e := NewEndpoint(t, wire.Good)
		var got strings.Builder
		req := Request()
		req.Schema = Schema()
		answer, err := open(t, e.URL).Complete(t.Context(), req, func(s string) { got.WriteString(s) })
		if err != nil || answer.Text != Good || got.String() != Good {
			t.Fatalf("answered %q, told %q, %v", answer.Text, got.String(), err)
		}
		if answer.Finish != llm.Stopped || answer.Usage.Input <= 0 || answer.Usage.Output <= 0 || answer.Model == "" || answer.Provider == "" || answer.First <= 0 || answer.Total < answer.First {
			t.Errorf("%+v", answer)
		}
		if asked := e.Asked(); len(asked) != 1 || !strings.Contains(string(asked[0].Body), "Say a word") {
			t.Errorf("asked %d times: %s", len(asked), asked[0].Body)
		}
	})
	t.Run("nobody is there", func(t *testing.T) {
		t.Parallel()
		_, err := open(t, "http://127.0.0.1:1/v1/").Complete(t.Context(), Request(), nil)
		e, ok := errors.AsType[*llm.Error](err)
		if !ok || e.Kind != llm.Outage || e.Sent || e.Remedy == "" || qlp.CodeOf(err) != qlp.Unavailable {
			t.Errorf("%+v", err)
		}
	})
	t.Run("ends with its context", func(t *testing.T) {
		t.Parallel()
		e := NewEndpoint(t, find(t, Hostile(Good), "never begins"))
		stop := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, stop)
		defer cancel()
		start := time.Now()
		_, err := open(t, e.URL).Complete(ctx, Request(), nil)
		if !errors.Is(err, stop) || time.Since(start) > 2*time.Second {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
	for _, b := range wire.Bad {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			bad(t, open, b)
		})
	}
}

func bad(t *testing.T, open func(t *testing.T, url string) llm.Provider, b Behaviour) {
	e := NewEndpoint(t, b)
	p := open(t, e.URL)
	stalled := errors.New("stalled")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	if b.Kind == llm.Stalled { // it is the caller who loses patience
		go func() {
			<-e.first
			<-time.After(50 * time.Millisecond)
			cancel(stalled)
		}()
	}
	told := 0
	answer, err := p.Complete(ctx, Request(), func(s string) { told += len(s) })
	switch {
	case b.Kind == llm.Stalled:
		if !errors.Is(err, stalled) {
			t.Errorf("%v", err)
		}
	case b.Kind != "":
		e, ok := errors.AsType[*llm.Error](err)
		if !ok || e.Kind != b.Kind {
			t.Fatalf("%v, and not %s", err, b.Kind)
		}
		if strings.Contains(err.Error(), "sk-") || len(err.Error()) > 600 {
			t.Errorf("says %q", err)
		}
		if told > llm.MaxAnswer {
			t.Errorf("%d bytes were told", told)
		}
	case err != nil:
		t.Fatal(err)
	default:
		if told != len(answer.Text) || answer.Usage.Input <= 0 || answer.Usage.Input > 10_000 || answer.Usage.Output < 0 || answer.Usage.Output > 10_000 {
			t.Errorf("%+v", answer)
		}
	}
	if n := len(e.Asked()); n != 1 { // retries are the client's
		t.Errorf("asked %d times", n)
	}
}

// find returns the behaviour of that name.
func find(t *testing.T, list []Behaviour, name string) Behaviour {
	t.Helper()
	for _, b := range list {
		if b.Name == name {
			return b
		}
	}
	t.Fatalf("there is no behaviour %q", name)
	return Behaviour{}
}

// Named returns the behaviour of Hostile with that name, or fails the test.
func Named(t *testing.T, good, name string) Behaviour { return find(t, Hostile(good), name) }
