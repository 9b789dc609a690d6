package app

import (
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/llm/llmtest"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// TestEndedWhileAModelIsAsked cancels one intent and stops the whole app while testers are asked that never answer: both come
// back at once, no call stays open, and after a new start what was stopped goes on to its end.
func TestEndedWhileAModelIsAsked(t *testing.T) {
	withInit(t)
	script := []string{"plain", "plain", "plain", "silent"}
	canceled, stopped := &stage{name: "canceled", script: script}, &stage{name: "stopped", script: script}
	cfg := raise(t, []*stage{canceled, stopped}, "{first_token: 5m, idle: 5m, total: 10m}")
	cfg.StopGrace = 100 * time.Millisecond
	silent := make(chan struct{}, 2)
	tapes, words := recordedRun(t)
	a := running(t, cfg)
	ids := map[*stage]string{}
	for _, s := range []*stage{canceled, stopped} {
		s.endpoint.Answer(func(seen llmtest.Seen) string {
			if seen.Behaviour == "silent" {
				silent <- struct{}{}
			}
			answer, _ := recorded(tapes, seen)
			return answer
		})
		in, err := a.engine.Submit(t.Context(), orchestrator.Request{Words: words, Settings: qlp.Settings{Generator: orchestrator.Model, Provider: s.name}})
		if err != nil {
			t.Fatal(err)
		}
		ids[s] = in.ID
		<-silent
	}
	begun := time.Now()
	if err := a.engine.Cancel(t.Context(), ids[canceled]); err != nil {
		t.Fatal(err)
	}
	in, gone := until(t, a, ids[canceled], rested)
	if in.State != qlp.StateCanceled || gone[3].State != qlp.CallFailed || gone[3].Usage.Total() != gone[3].Reserved.Tokens {
		t.Errorf("%s, the call under way: %+v", in.State, gone[3])
	}
	stop(t, a)
	if took := time.Since(begun); took > 4*time.Second {
		t.Errorf("the cancel and the stop took %s", took)
	}
	a = running(t, cfg)
	in, went := until(t, a, ids[stopped], rested)
	if in.State != qlp.StateVerified || len(went) != 11 || went[3].State == qlp.CallSettled || went[3].Usage.Total() != went[3].Reserved.Tokens {
		t.Errorf("%s (%s) after %d calls, the one under way: %+v", in.State, in.Reason, len(went), went[3])
	}
	checkCalls(t, canceled, gone)
	checkCalls(t, stopped, went)
	checkHistory(t, a, in, len(went))
	checkSpending(t, a, append(gone, went...))
}
