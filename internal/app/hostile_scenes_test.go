package app

import (
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func toVerified(name string, script ...string) scene {
	return scene{stage: stage{name: name, script: script}, state: qlp.StateVerified}
}

// onTheWay plays behaviours at the later questions. The recorded run asks the interpreter, the planner twice, the tester, the
// coder for two tasks, the coder to mend, the reviewer, the coder to mend, the reviewer: ten questions.
func onTheWay() []scene {
	const plain = "plain"
	again := toVerified("again",
		"reset", plain, "server_error", plain, "reset_within", plain, "malformed_event", plain, "bad_gateway_html", "truncated", plain,
		"rate_limited_ms", plain, "stalled", plain, "error_within", plain, "empty_stream", plain, "no_stream", plain)
	again.calls = [2]int{21, 21}
	wrong := toVerified("wrong",
		"wrong_schema", "fenced", "prose_around", "trailing_comma", "malformed_json", "fenced",
		"wrong_schema", "cut", plain, plain, plain, "malformed_json", "wrong_schema", "prose_around")
	wrong.calls = [2]int{15, 18}
	counted := toVerified("counted",
		"usage_missing", "usage_zero", "usage_negative", "usage_huge", "usage_zero", "usage_huge", "usage_missing", "usage_negative", "usage_huge", "usage_zero")
	counted.settings.Caps.Models.Run.Tokens = 400_000
	counted.calls, counted.check = [2]int{10, 10}, allEstimated
	return append([]scene{again, wrong, counted}, slices.Concat(atTheReviewer(), pausing(), ending())...)
}

func allEstimated(t *testing.T, _ *App, _ qlp.Intent, calls []qlp.Call) {
	for _, c := range calls {
		if !c.Usage.Estimated || c.Usage.Input == 0 || c.Usage.Output == 0 || c.Micros == 0 {
			t.Errorf("the %s's call took %+v, %d micro-dollars", c.Role, c.Usage, c.Micros)
		}
	}
}

// atTheReviewer: an opinion that cannot be had is told as such, and changes no verdict that does not require it.
func atTheReviewer() []scene {
	before := []string{"plain", "plain", "plain", "plain", "plain", "plain", "plain"}
	refused := toVerified("reviewer-refuses", append(slices.Clone(before), "refusal")...)
	refused.calls, refused.check = [2]int{8, 8}, reviewIs(qlp.NotRun, "refused")
	down := toVerified("reviewer-down", before...)
	down.always, down.calls, down.check = "unavailable", [2]int{11, 11}, reviewIs(qlp.Errored, "outage")
	return []scene{refused, down}
}

func reviewIs(status qlp.Status, reason string) func(*testing.T, *App, qlp.Intent, []qlp.Call) {
	return func(t *testing.T, _ *App, in qlp.Intent, _ []qlp.Call) {
		for _, c := range in.Run.Checks {
			if c.Layer == qlp.LayerReview && c.Name == "model" {
				if c.Status() != status || !strings.Contains(c.Reason, reason) {
					t.Errorf("the review is %s (%s)", c.Status(), c.Reason)
				}
				return
			}
		}
		t.Error("the review left no check")
	}
}

// pausing: an endpoint that stays away and a cap that is met stop the run where it stands.
func pausing() []scene {
	down := scene{stage: stage{name: "down", script: []string{"plain", "plain", "plain", "plain", "plain"}, always: "server_error"}, state: qlp.StatePaused}
	down.reason, down.calls, down.resume = "outage", [2]int{10, 12}, &qlp.ModelCaps{}
	silent := scene{stage: stage{name: "down-at-first", always: "reset", settings: planOnly()}, state: qlp.StatePaused}
	silent.reason, silent.calls, silent.resume = "outage", [2]int{5, 6}, &qlp.ModelCaps{}
	// A wrong key is mended, and the run goes on from where it stood.
	key := scene{stage: stage{name: "wrong-key", script: []string{"plain", "plain", "plain", "plain"}, always: "unauthorized_echo"}, state: qlp.StatePaused}
	key.reason, key.calls, key.resume = "unauthorized", [2]int{6, 12}, &qlp.ModelCaps{}
	calls := scene{stage: stage{name: "cap-on-calls"}, state: qlp.StatePaused, reason: "calls", calls: [2]int{6, 6}}
	calls.settings.Caps.Models.Run.Calls = 6 // the Spec and the plan took three of them
	calls.resume = &qlp.ModelCaps{Run: qlp.Budget{Calls: 20}}
	tokens := scene{stage: stage{name: "cap-on-tokens", script: []string{"wrong_schema"}, settings: planOnly()}, state: qlp.StatePaused, reason: "tokens", calls: [2]int{1, 1}}
	tokens.settings.Caps.Models.Run.Tokens = 14_440
	tokens.resume = &qlp.ModelCaps{Run: qlp.Budget{Tokens: 100_000}}
	money := scene{stage: stage{name: "cap-on-money", script: []string{"wrong_schema"}, settings: planOnly()}, state: qlp.StatePaused, reason: "the cap of $0.1873", calls: [2]int{1, 1}}
	money.settings.Caps.Models.Run.Micros = 187_300 // the interpreter's worst case fits, and that of a second question after its answer does not
	money.resume = &qlp.ModelCaps{Run: qlp.Budget{Micros: 1_000_000}}
	return []scene{down, silent, key, calls, tokens, money}
}

// ending: what no other try helps ends, clearly and after a bounded number of calls.
func ending() []scene {
	never := scene{stage: stage{name: "never-of-the-schema", always: "wrong_schema", settings: planOnly()}, state: qlp.StateNeedsInput}
	never.reason, never.calls = "no good after 3 tries", [2]int{3, 3}
	planner := scene{stage: stage{name: "planner-filtered", script: []string{"plain"}, always: "content_filter_answer"}, state: qlp.StateNeedsInput}
	planner.reason, planner.calls = "filtered", [2]int{2, 2}
	tester := scene{stage: stage{name: "tester-never", script: []string{"plain", "plain", "plain"}, always: "malformed_json"}, state: qlp.StateFailed}
	tester.reason, tester.calls = "no good after 3 tries", [2]int{6, 15}
	out := []scene{never, planner, tester}
	for name, reason := range map[string]string{"refusal": "refused", "overflow_code": "overflow"} {
		s := scene{stage: stage{name: "coder-" + name, script: []string{"plain", "plain", "plain", "plain"}, always: name}, state: qlp.StateFailed}
		s.reason, s.calls = reason, [2]int{5, 9}
		out = append(out, s)
	}
	spare := scene{stage: stage{name: "overflow-elsewhere", script: []string{"overflow_message"}, spare: true, settings: planOnly()}, state: qlp.StateAwaitingApproval}
	spare.calls = [2]int{4, 4}
	return append(out, spare)
}
