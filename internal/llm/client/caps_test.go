package client_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/client"
	"github.com/quantumlayer/qlp/internal/qlp"
)

func TestCapIsReachedBeforeTheCall(t *testing.T) {
	t.Parallel()
	p := &script{name: "one", model: llm.Model{Price: &llm.Price{Input: 1e6, Output: 1e6}}, acts: []act{answer("x")}}
	r := newRig(t, client.Config{Day: qlp.Budget{Micros: 1100}}, client.Limits{}, p)
	defer r.close(t)
	if _, err := r.Ask(t.Context(), request("a"), nil); err != nil {
		t.Fatal(err)
	}
	_, err := r.Ask(t.Context(), request("b"), nil) // 35 are spent, and it may take 1000 and its prompt
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Ask(t.Context(), request(strings.Repeat("long ", 100)), nil)
	over, ok := errors.AsType[*qlp.Exceeded](err)
	if llm.KindOf(err) != llm.Spent || qlp.CodeOf(errors.Unwrap(err)) != qlp.Exhausted || !ok || over.What != qlp.CapMicros || p.calls() != 2 {
		t.Errorf("got %v after %d calls", err, p.calls())
	}
}

func TestUnknownPriceNeedsACapOnTokens(t *testing.T) {
	t.Parallel()
	p := &script{name: "one", acts: []act{answer("x")}}
	r := newRig(t, client.Config{}, client.Limits{}, p)
	defer r.close(t)
	q := request("a")
	q.Account.Caps.Run.Micros = 1e9
	_, err := r.Ask(t.Context(), q, nil)
	if llm.KindOf(err) != llm.Spent || !strings.Contains(qlp.RemedyOf(errors.Unwrap(err)), "set a token cap, or add the price") {
		t.Errorf("got %v", err)
	}
	q.Account.Caps.Run.Tokens = 1e6
	if _, err := r.Ask(t.Context(), q, nil); err != nil {
		t.Error(err)
	}
	if s := r.spent(t); s.Unpriced != 1 || s.Micros != 0 || s.Tokens != 35 {
		t.Errorf("spent %+v", s)
	}
}

// TestCallsUnderWayAreWaitedFor: many tasks at once whose worst cases do not fit side by side, and whose real ones do.
func TestCallsUnderWayAreWaitedFor(t *testing.T) {
	played(t, func(t *testing.T) {
		slow := func(ctx context.Context, req llm.Request, sink llm.Sink) (llm.Answer, error) {
			<-time.After(time.Second)
			return answer("x")(ctx, req, sink)
		}
		r := newRig(t, client.Config{}, client.Limits{}, &script{name: "one", acts: []act{slow}})
		defer r.close(t)
		done := make(chan error)
		for i := range 6 {
			go func() {
				q := request(fmt.Sprint("task ", i))
				q.Account.TaskID, q.Account.Caps.Run.Tokens = fmt.Sprint("task", i), 2400
				_, err := r.Ask(t.Context(), q, nil)
				done <- err
			}()
		}
		for range 6 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if got := r.spent(t).Tokens; got != 6*35 {
			t.Errorf("%d tokens", got)
		}
	})
}

func TestCapOnTimeShortensTheCall(t *testing.T) {
	played(t, func(t *testing.T) {
		r := newRig(t, client.Config{Tries: 1}, client.Limits{}, &script{name: "one", acts: []act{silence(1000)}})
		defer r.close(t)
		q := request("a")
		q.Account.Caps.Run.Seconds = 45
		start := time.Now()
		if _, err := r.Ask(t.Context(), q, nil); llm.KindOf(err) != llm.Stalled || time.Since(start) != 45*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if _, err := r.Ask(t.Context(), request("b"), nil); err == nil {
			t.Error("without a cap it takes its ten minutes, and fails")
		}
		if _, err := r.Ask(t.Context(), q, nil); llm.KindOf(err) != llm.Spent {
			t.Errorf("got %v", err)
		}
	})
}

func TestUsageThatCannotBeTrue(t *testing.T) {
	t.Parallel()
	for name, u := range map[string]qlp.Usage{
		"none": {}, "negative": {Input: -1, Output: 5}, "a flood": {Input: 1 << 60, Output: 1}, "too long": {Input: 30, Output: 1 << 40},
		"more cached than read": {Input: 10, Cached: 11, Output: 1}, "no answer": {Input: 10},
	} {
		wrong := func(context.Context, llm.Request, llm.Sink) (llm.Answer, error) {
			return llm.Answer{Text: strings.Repeat("x", 70), Usage: u}, nil
		}
		r := newRig(t, client.Config{}, client.Limits{}, &script{name: "one", acts: []act{wrong}})
		got, err := r.Ask(t.Context(), request("a"), nil)
		if err != nil || !got.Usage.Estimated || got.Usage.Output != 20 || got.Usage.Input < 1 || got.Usage.Input > 100 {
			t.Errorf("%s: %+v: %v", name, got.Usage, err)
		}
		r.close(t)
	}
}

func TestRequestFitsTheModel(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		model llm.Model
		want  int
	}{
		"unknown": {llm.Model{}, 1000}, "short answers": {llm.Model{MaxOutput: 300}, 300}, "small window": {llm.Model{Window: 8000}, 1000},
	} {
		p := &script{name: "one", model: c.model, acts: []act{answer("x")}}
		r := newRig(t, client.Config{}, client.Limits{}, p)
		if _, err := r.Ask(t.Context(), request("a"), nil); err != nil || p.got[0].MaxTokens != c.want || p.got[0].Model != "m" {
			t.Errorf("%s: asked %+v: %v", name, p.got, err)
		}
		// However it was sent, it is known by what was asked.
		if got := r.rows(t)[0].Request; got != request("a").Digest() {
			t.Errorf("%s: the ledger has the request %s", name, got)
		}
		r.close(t)
	}
}

func TestFailedCallsCountWhatIsKnown(t *testing.T) {
	played(t, func(t *testing.T) {
		cost := qlp.Usage{Input: 9, Output: 2}
		worst := "one failed 1052" // 11 bytes of text and the framing of three messages, and all of the answer
		p := &script{name: "one", acts: []act{
			failing(llm.Error{Kind: llm.Outage, Provider: "one"}),
			failing(llm.Error{Kind: llm.Outage, Provider: "one", Sent: true}),
			failing(llm.Error{Kind: llm.Refused, Provider: "one", Sent: true, Usage: &cost}),
		}}
		r := newRig(t, client.Config{}, client.Limits{}, p)
		defer r.close(t)
		if _, err := r.Ask(t.Context(), request("a"), nil); llm.KindOf(err) != llm.Refused {
			t.Fatal(err)
		}
		if got, want := r.states(t), []string{"one failed 0", worst, "one failed 11"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
