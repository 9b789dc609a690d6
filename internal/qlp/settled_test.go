package qlp

import (
	"testing"
	"time"
)

func TestSettledOf(t *testing.T) {
	t.Parallel()
	start := time.Unix(100, 0)
	end := start.Add(1500 * time.Millisecond)
	call := Call{Role: "coder", Provider: "a", Model: "m", State: CallSettled, Usage: Usage{Input: 10, Cached: 4, Output: 5}, Micros: 7, Priced: true, Repair: true, Started: start, Ended: &end}
	want := SettledCall{Role: "coder", Provider: "a", Model: "m", Tokens: 15, Micros: 7, Repair: true, MS: 1500}
	if got := SettledOf(call); got != want {
		t.Errorf("an answer: %+v", got)
	}
	call.State, call.Reason, call.Priced, call.Ended = CallFailed, "rate limited", false, nil
	if got := SettledOf(call); got.Failed != "rate limited" || !got.Unpriced || got.MS != 0 {
		t.Errorf("a failure: %+v", got)
	}
	call.State, call.Reason = CallLost, ""
	if got := SettledOf(call); got.Failed != "lost" {
		t.Errorf("a lost one: %+v", got)
	}
}
