package llmtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/jsonish"
)

// Key is the key that New must give to the driver: the suite looks for it where it must not be.
const Key = "key-7f3e9c-not-to-be-shown"

// New makes the driver that is tested, with Key, for an endpoint at url.
type New func(t *testing.T, url string) llm.Provider

// Run is the conformance suite. wire is the format that the driver speaks: openai or anthropic.
func Run(t *testing.T, wire string, newProvider New) {
	for _, b := range Behaviours() {
		if b.Only != "" && b.Only != wire {
			continue
		}
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			play(t, b, newProvider)
		})
	}
	t.Run("asks", func(t *testing.T) { t.Parallel(); asks(t, newProvider) })
	t.Run("nobody there", func(t *testing.T) { t.Parallel(); nobody(t, newProvider) })
	t.Run("canceled", func(t *testing.T) { t.Parallel(); canceled(t, newProvider) })
	t.Run("at once", func(t *testing.T) { t.Parallel(); atOnce(t, newProvider) })
	t.Run("structured", func(t *testing.T) { t.Parallel(); structured(t, newProvider) })
}

// Ask is an ordinary request of the suite.
func Ask() llm.Request {
	return llm.Request{
		Role: llm.Coder, System: "Answer briefly.", Model: "some-model", MaxTokens: 1000,
		Messages: []llm.Message{{From: llm.User, Text: "first"}, {From: llm.Assistant, Text: "second"}, {From: llm.User, Text: "third"}},
	}
}

func setup(t *testing.T, newProvider New) (*Hostile, llm.Provider) {
	t.Helper()
	h := NewHostile()
	t.Cleanup(h.Close)
	return h, newProvider(t, h.URL())
}

func play(t *testing.T, b Behaviour, newProvider New) {
	h, p := setup(t, newProvider)
	h.Script(b)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	stall := &llm.Error{Kind: llm.Stalled, Provider: "suite"}
	limit := 60 * time.Second
	if b.Kind == llm.Stalled {
		limit = 200 * time.Millisecond // what a caller does who waits no longer
	}
	timer := time.AfterFunc(limit, func() { cancel(stall) })
	defer timer.Stop()
	var streamed strings.Builder
	answer, err := p.Complete(ctx, Ask(), func(text string) { streamed.WriteString(text) })
	if llm.KindOf(err) != b.Kind || (err == nil) != (b.Kind == "") {
		t.Fatalf("the error is %q %v, not %q", llm.KindOf(err), err, b.Kind)
	}
	if n := h.Calls(); n != 1 {
		t.Errorf("the endpoint was asked %d times", n)
	}
	if err != nil {
		failed(t, b, p, err)
		return
	}
	answered(t, b, answer)
	if streamed.String() != answer.Text {
		t.Errorf("%q was streamed, and %q answered", streamed.String(), answer.Text)
	}
}

func failed(t *testing.T, b Behaviour, p llm.Provider, err error) {
	t.Helper()
	e, ok := errors.AsType[*llm.Error](err)
	if !ok {
		t.Fatalf("no *llm.Error: %v", err)
	}
	if off := e.After - b.After; off > time.Second || off < -2*time.Second {
		t.Errorf("to come back after %s, not %s", e.After, b.After)
	}
	for _, shown := range []string{err.Error(), e.Message, fmt.Sprintf("%+v", e.Err), e.Remedy} {
		if strings.Contains(shown, Key) {
			t.Errorf("the key is shown: %s", shown)
		}
	}
	if len(e.Message) > 1000 || strings.ContainsAny(e.Message, "\n\x00") {
		t.Errorf("a stranger's text is not short and plain: %.2000q", e.Message)
	}
	if b.Kind != llm.Stalled && e.Provider != p.Name() {
		t.Errorf("the provider is %q", e.Provider)
	}
	if e.Sent && (b.Kind == llm.RateLimited || b.Kind == llm.Rejected || b.Kind == llm.Unauthorized) {
		t.Error("a request that was turned away counts as worked on")
	}
}

func answered(t *testing.T, b Behaviour, answer llm.Answer) {
	t.Helper()
	const want = `{"answer":"forty-two"}`
	finish := b.Finish
	if finish == "" {
		finish = llm.Stopped
	}
	if answer.Finish != finish || answer.Provider == "" || answer.Model != "model-as-served" && !b.Estimated || answer.Total <= 0 || answer.First > answer.Total {
		t.Errorf("the answer is %+v", answer)
	}
	switch {
	case b.Mends:
		got, repaired, err := jsonish.Extract(answer.Text)
		if err != nil || !repaired || !sameJSON(string(got), want) {
			t.Errorf("%q is not mended: %s, %v, %v", answer.Text, got, repaired, err)
		}
	case !b.Wrong && answer.Text != want:
		t.Errorf("the text is %q", answer.Text)
	}
	if b.Estimated != answer.Usage.Estimated || answer.Usage.Input <= 0 || answer.Usage.Output <= 0 || answer.Usage.Output > 1000 {
		t.Errorf("the usage is %+v", answer.Usage)
	}
	if diff := cmp.Diff(Usage(), answer.Usage); !b.Estimated && diff != "" {
		t.Errorf("the endpoint's count is not kept: %s", diff)
	}
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && cmp.Equal(x, y)
}

// asks: what is sent is what was asked, as a stream, with the key.
func asks(t *testing.T, newProvider New) {
	h, p := setup(t, newProvider)
	temperature := 0.25
	req := Ask()
	req.Temperature = &temperature
	if _, err := p.Complete(t.Context(), req, nil); err != nil {
		t.Fatal(err)
	}
	seen := h.Seen()[0]
	if !strings.Contains(fmt.Sprint(seen.Header), Key) {
		t.Error("the key was not sent")
	}
	for _, part := range []string{`"stream":true`, `"Answer briefly."`, `"first"`, `"second"`, `"third"`, `"some-model"`, `1000`, `0.25`} {
		if !strings.Contains(string(seen.Body), part) {
			t.Errorf("%s is not in what was sent: %s", part, seen.Body)
		}
	}
	if strings.Contains(string(seen.Body), Key) {
		t.Error("the key is in the body")
	}
	req.MaxTokens = 0
	if _, err := p.Complete(t.Context(), req, nil); err == nil || h.Calls() != 1 {
		t.Error("a request without a bound was sent")
	}
}

func nobody(t *testing.T, newProvider New) {
	h, p := setup(t, newProvider)
	h.Close()
	_, err := p.Complete(t.Context(), Ask(), nil)
	e, ok := errors.AsType[*llm.Error](err)
	if !ok || e.Kind != llm.Outage || e.Sent {
		t.Errorf("nobody listens, and the error is %+v", err)
	}
}

// canceled: the call ends at once with the cause of its context, and the connection too.
func canceled(t *testing.T, newProvider New) {
	h, p := setup(t, newProvider)
	stalled, _ := Named("stalled")
	h.Script(stalled)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the run was canceled")
	began := time.Now()
	_, err := p.Complete(ctx, Ask(), func(string) { cancel(cause) })
	if !errors.Is(err, cause) || time.Since(began) > 2*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}

// atOnce: many calls at once do not mix.
func atOnce(t *testing.T, newProvider New) {
	h, p := setup(t, newProvider)
	h.Answer(func(s Seen) string {
		_, after, _ := strings.Cut(string(s.Body), "number ")
		number, _, _ := strings.Cut(after, "!")
		return number
	})
	results := make(chan error)
	const calls = 50
	for i := range calls {
		go func() {
			req := Ask()
			req.Messages[2].Text = fmt.Sprintf("number %d!", i)
			answer, err := p.Complete(t.Context(), req, nil)
			if err == nil && answer.Text != fmt.Sprint(i) {
				err = fmt.Errorf("call %d got %q", i, answer.Text)
			}
			results <- err
		}()
	}
	for range calls {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func structured(t *testing.T, newProvider New) {
	h, p := setup(t, newProvider)
	req := Ask()
	req.Schema = &llm.Schema{Name: "answer", JSON: json.RawMessage(`{"type":"object","properties":{"answer":{"type":"string"}},"required":["answer"],"additionalProperties":false}`)}
	for range 2 {
		answer, err := p.Complete(t.Context(), req, nil)
		if err != nil || !strings.Contains(answer.Text, "forty-two") {
			t.Fatalf("%q, %v", answer.Text, err)
		}
	}
	if body := string(h.Seen()[0].Body); !strings.Contains(body, "additionalProperties") {
		t.Errorf("the schema was not sent: %s", body)
	}
}
