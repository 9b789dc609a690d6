package client_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/client"
	"github.com/quantumlayer/qlp/internal/llm/record"
	"github.com/quantumlayer/qlp/internal/llm/replay"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// played runs a story with a clock of its own.
func played(t *testing.T, story func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, story)
}

func TestAnswerIsPaidOnce(t *testing.T) {
	t.Parallel()
	p := &script{name: "one", model: llm.Model{Price: &llm.Price{Input: 1e6, Output: 2e6}}, acts: []act{answer("hello")}}
	r := newRig(t, client.Config{}, client.Limits{}, p)
	defer r.close(t)
	var streamed strings.Builder
	sink := func(s string) { streamed.WriteString(s) }
	first, err := r.Ask(t.Context(), request("a"), sink)
	if err != nil || first.Text != "hello" || first.Recorded || first.Provider != "one" || first.Total <= 0 {
		t.Fatalf("got %+v: %v", first, err)
	}
	again, err := r.Ask(t.Context(), request("a"), sink)
	if err != nil || !again.Recorded || again.Text != "hello" || streamed.String() != "hellohello" || p.calls() != 1 {
		t.Fatalf("got %+v after %d calls, %q was streamed: %v", again, p.calls(), streamed.String(), err)
	}
	other := request("a")
	other.Account.Attempt = 2
	if got, err := r.Ask(t.Context(), other, nil); err != nil || got.Recorded {
		t.Fatalf("another attempt asks anew: %+v: %v", got, err)
	}
	test := request("a")
	test.Account = llm.Account{}
	for range 2 {
		if got, err := r.Ask(t.Context(), test, nil); err != nil || got.Recorded {
			t.Fatalf("nobody's questions are asked anew: %+v: %v", got, err)
		}
	}
	if s := r.spent(t); s.Micros != 2*(30+10) || s.Tokens != 70 || s.Calls != 2 || s.Reserved != (qlp.Budget{}) {
		t.Errorf("spent %+v", s)
	}
	cassette := recorded(t, r, r.rows(t)[0].Answer)
	if cassette.Request.System != "write code" || cassette.Answer.Usage.Input != 30 || cassette.Asked != request("a").Digest() {
		t.Errorf("recorded %+v", cassette)
	}
	if got, err := replay.New([]record.Cassette{cassette}).Complete(t.Context(), request("a"), nil); err != nil || got.Text != "hello" {
		t.Errorf("replayed %+v: %v", got, err)
	}
}

func recorded(t *testing.T, r *rig, digest qlp.Digest) record.Cassette {
	t.Helper()
	b, err := r.blobs.Get(t.Context(), digest)
	if err != nil {
		t.Fatal(err)
	}
	c, err := record.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTriesAgain(t *testing.T) {
	played(t, func(t *testing.T) {
		cost := qlp.Usage{Input: 20, Output: 3}
		p := &script{name: "one", acts: []act{
			failing(llm.Error{Kind: llm.Outage, Provider: "one", Status: 503}),
			failing(llm.Error{Kind: llm.RateLimited, Provider: "one", Status: 429, After: 7 * time.Second}),
			failing(llm.Error{Kind: llm.Truncated, Provider: "one", Sent: true, Usage: &cost}),
			answer("done"),
		}}
		r := newRig(t, client.Config{}, client.Limits{}, p)
		defer r.close(t)
		got, err := r.Ask(t.Context(), request("a"), nil)
		if err != nil || got.Text != "done" {
			t.Fatalf("got %+v: %v", got, err)
		}
		var waits []time.Duration
		for i := 1; i < len(p.at); i++ {
			waits = append(waits, p.at[i].Sub(p.at[i-1]).Round(100*time.Millisecond))
		}
		if want := []time.Duration{time.Second, 7500 * time.Millisecond, 4 * time.Second}; !slices.Equal(waits, want) {
			t.Errorf("waited %v, want %v", waits, want)
		}
		if got, want := r.states(t), []string{"one failed 0", "one failed 0", "one failed 23", "one settled 35"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestEndpointThatAsksForTooMuchPatience(t *testing.T) {
	played(t, func(t *testing.T) {
		p := &script{name: "one", acts: []act{failing(llm.Error{Kind: llm.RateLimited, Provider: "one", After: time.Hour})}}
		q := &script{name: "two", acts: []act{answer("two")}}
		r := newRig(t, client.Config{}, client.Limits{}, p, q)
		defer r.close(t)
		start := time.Now()
		got, err := r.Ask(t.Context(), request("a"), nil)
		if err != nil || got.Text != "two" || got.Fallback != 1 || !strings.Contains(got.Why, "one/m: rate_limited") || time.Since(start) > time.Second {
			t.Errorf("got %+v after %v: %v", got, time.Since(start), err)
		}
		// The same question of the same attempt finds the fallback's answer, and does not try the first model again.
		if got, err = r.Ask(t.Context(), request("a"), nil); err != nil || !got.Recorded || got.Fallback != 1 || p.calls() != 1 {
			t.Errorf("got %+v after %d calls: %v", got, p.calls(), err)
		}
	})
}

func TestWhichFailuresGoElsewhere(t *testing.T) {
	t.Parallel()
	for kind, want := range map[llm.Kind]struct{ first, second int }{
		llm.Overflow: {1, 1}, llm.Refused: {1, 0}, llm.Filtered: {1, 0}, llm.Unauthorized: {1, 0}, llm.Unknown: {1, 0}, llm.Rejected: {1, 0},
		llm.Outage: {4, 1}, llm.Malformed: {4, 1}, llm.Stalled: {4, 1}, llm.RateLimited: {4, 1}, llm.Truncated: {4, 1}, llm.Missing: {1, 0},
	} {
		t.Run(string(kind), func(t *testing.T) {
			played(t, func(t *testing.T) {
				p := &script{name: "one", acts: []act{failing(llm.Error{Kind: kind, Provider: "one", Model: "m"})}}
				q := &script{name: "two", acts: []act{answer("two")}}
				r := newRig(t, client.Config{}, client.Limits{}, p, q)
				defer r.close(t)
				got, err := r.Ask(t.Context(), request("a"), nil)
				if p.calls() != want.first || q.calls() != want.second || (err == nil) != (want.second > 0) {
					t.Errorf("%d and %d calls, %+v: %v", p.calls(), q.calls(), got, err)
				}
				if err != nil && llm.KindOf(err) != kind {
					t.Errorf("the kind was lost: %v", err)
				}
			})
		})
	}
}

func TestTextThatDoesNotCome(t *testing.T) {
	for name, c := range map[string]struct {
		pieces int
		took   time.Duration
		says   string
	}{
		"nothing":      {0, 120 * time.Second, "no text for 2m0s"},
		"stops":        {5, 65 * time.Second, "no text for 1m0s"},
		"never ending": {100000, 10 * time.Minute, "not done after 10m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			played(t, func(t *testing.T) {
				p := &script{name: "one", acts: []act{silence(c.pieces)}}
				r := newRig(t, client.Config{Tries: 1}, client.Limits{}, p)
				defer r.close(t)
				start := time.Now()
				_, err := r.Ask(t.Context(), request("a"), nil)
				if llm.KindOf(err) != llm.Stalled || !strings.Contains(err.Error(), c.says) || time.Since(start) != c.took {
					t.Errorf("after %v: %v", time.Since(start), err)
				}
				if got := r.spent(t); got.Tokens < 1000 || got.MS != c.took.Milliseconds() {
					t.Errorf("what was sent counts its worst case: %+v", got)
				}
			})
		})
	}
}

func TestBreakerLeavesAModelAlone(t *testing.T) {
	played(t, func(t *testing.T) {
		p := &script{name: "one", acts: []act{failing(llm.Error{Kind: llm.Outage, Provider: "one"})}}
		r := newRig(t, client.Config{Tries: 5}, client.Limits{}, p)
		defer r.close(t)
		_, _ = r.Ask(t.Context(), request("a"), nil)
		if _, err := r.Ask(t.Context(), request("b"), nil); !strings.Contains(err.Error(), "left alone") || p.calls() != 5 {
			t.Fatalf("after %d calls: %v", p.calls(), err)
		}
		if got := len(r.rows(t)); got != 5 {
			t.Errorf("%d entries, and the call that was not made is none", got)
		}
		p.mu.Lock()
		p.acts = []act{answer("back")}
		p.mu.Unlock()
		<-time.After(31 * time.Second)
		if got, err := r.Ask(t.Context(), request("c"), nil); err != nil || got.Text != "back" {
			t.Errorf("got %+v: %v", got, err)
		}
	})
}

func TestCancelEndsEverything(t *testing.T) {
	for name, acts := range map[string][]act{
		"while it streams": {silence(3)},
		"between tries":    {failing(llm.Error{Kind: llm.RateLimited, Provider: "one", After: 50 * time.Second})},
	} {
		t.Run(name, func(t *testing.T) {
			played(t, func(t *testing.T) {
				r := newRig(t, client.Config{}, client.Limits{}, &script{name: "one", acts: acts})
				defer r.close(t)
				why := errors.New("the person pressed a key")
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(10*time.Second, func() { cancel(why) })
				start := time.Now()
				_, err := r.Ask(ctx, request("a"), nil)
				if !errors.Is(err, why) || time.Since(start) != 10*time.Second {
					t.Errorf("after %v: %v", time.Since(start), err)
				}
				if got := r.spent(t); got.Reserved != (qlp.Budget{}) || got.Calls != 1 {
					t.Errorf("an entry stays open: %+v", got)
				}
			})
		})
	}
}

func TestPlacesAtAProvider(t *testing.T) {
	played(t, func(t *testing.T) {
		slow := func(ctx context.Context, req llm.Request, sink llm.Sink) (llm.Answer, error) {
			<-time.After(5 * time.Second)
			return answer("x")(ctx, req, sink)
		}
		r := newRig(t, client.Config{}, client.Limits{Concurrency: map[string]int{"one": 2}}, &script{name: "one", acts: []act{slow}})
		defer r.close(t)
		start := time.Now()
		done := make(chan error)
		for i := range 6 {
			go func() {
				_, err := r.Ask(t.Context(), request(strings.Repeat("a", i+1)), nil)
				done <- err
			}()
		}
		for range 6 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(start); took != 15*time.Second {
			t.Errorf("six calls of 5 s in two places took %v", took)
		}
		if got := r.spent(t).MS; got != 30_000 {
			t.Errorf("%d ms waited for the model; waiting for a place is none of it", got)
		}
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t, client.Config{}, client.Limits{}, &script{name: "one", acts: []act{answer("x")}})
	defer r.close(t)
	for name, change := range map[string]func(*llm.Request){
		"role": func(q *llm.Request) { q.Role = llm.Tester }, "fallback": func(q *llm.Request) { q.Fallback = 1 },
		"unbounded": func(q *llm.Request) { q.MaxTokens = 0 }, "no question": func(q *llm.Request) { q.Messages = nil },
	} {
		q := request("a")
		change(&q)
		if _, err := r.Ask(t.Context(), q, nil); qlp.CodeOf(err) != qlp.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if r.Name(llm.Coder) != "one/m" || r.Name(llm.Tester) != "" || r.Fallbacks(llm.Coder) != 0 || r.Window(llm.Tester) != 0 {
		t.Error("names are wrong")
	}
}
