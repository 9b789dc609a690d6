package catalog

import (
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

func TestFind(t *testing.T) {
	t.Parallel()
	c, err := New(map[string]map[string]Entry{
		"openai": {"gpt-4o": {Input: "1", Output: "2"}, "house": {Window: 4096}},
		"mine":   {"gpt-4o": {Input: "0", Output: "0"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		protocol, model string
		known           bool
		price           *llm.Price
		window          int64
	}{
		{"openai", "gpt-4.1", true, &llm.Price{Input: 2_000_000, Cached: 500_000, Output: 8_000_000}, 1047576},
		{"openai", "gpt-4.1-2025-04-14", true, &llm.Price{Input: 2_000_000, Cached: 500_000, Output: 8_000_000}, 1047576},
		{"azureopenai", "gpt-4.1", true, &llm.Price{Input: 2_000_000, Cached: 500_000, Output: 8_000_000}, 1047576},
		{"openai", "gpt-4.1-mini", true, &llm.Price{Input: 400_000, Cached: 100_000, Output: 1_600_000}, 1047576},
		{"openai", "gpt-4.1-turbo", false, nil, 0}, // a name that begins alike is another model
		{"openai", "gpt-4o", true, &llm.Price{Input: 1_000_000, Cached: 1_000_000, Output: 2_000_000}, 0},
		{"openai", "house", true, nil, 4096},
		{"mine", "gpt-4o", true, &llm.Price{}, 0},
		{"anthropic", "claude-sonnet-4-5-20250929", true, &llm.Price{Input: 3_000_000, Cached: 300_000, Output: 15_000_000}, 200000},
		{"anthropic", "gpt-4.1", false, nil, 0},
		{"nobody", "gpt-4.1", false, nil, 0},
	} {
		m, ok := c.Find(tc.protocol, tc.model)
		if ok != tc.known || m.Window != tc.window || (m.Price == nil) != (tc.price == nil) || m.Price != nil && *m.Price != *tc.price {
			t.Errorf("%s of %s: %v, %+v, price %+v", tc.model, tc.protocol, ok, m, m.Price)
		}
	}
}

func TestEntriesThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, e := range []Entry{{Input: "2,5", Output: "1"}, {Input: "-1", Output: "1"}, {Input: "1"}, {Output: "1e3", Input: "1"}, {Window: -1}} {
		_, err := New(map[string]map[string]Entry{"openai": {"x": e}})
		if qlp.CodeOf(err) != qlp.Invalid || !strings.Contains(err.Error(), "model x of openai") {
			t.Errorf("%+v: %v", e, err)
		}
	}
}

func TestMicros(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"0": 0, "0.000001": 1, "2.5": 2_500_000, "999999999.999999": 999_999_999_999_999} {
		if got, err := Micros(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
}
