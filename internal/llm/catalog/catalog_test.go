package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

func TestModel(t *testing.T) {
	t.Parallel()
	c, err := Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Date == "" || len(c.models) < 20 {
		t.Errorf("%d models of %q", len(c.models), c.Date)
	}
	gpt4o := &llm.Price{Input: 2_500_000, Cached: 1_250_000, Output: 10_000_000}
	for name, want := range map[string]*llm.Price{
		"gpt-4o": gpt4o, "gpt-4o-2024-08-06": gpt4o, "gpt-4o-latest": gpt4o,
		"gpt-4o-audio": nil, "gpt-4o-2024": nil, "gpt-5.6-sol": nil, "nothing": nil, "": nil,
		"gpt-4o-mini-2024-07-18": {Input: 150_000, Cached: 75_000, Output: 600_000},
	} {
		got, _ := c.Model("openai", name)
		if diff := cmp.Diff(want, got.Price); diff != "" || got.Name != name {
			t.Errorf("%s: name %q, price %s", name, got.Name, diff)
		}
	}
	if m, ok := c.Model("anthropic", "claude-haiku-4-5-20251001"); !ok || m.Window != 200_000 || m.Price.Output != 5_000_000 {
		t.Errorf("a dated name of Anthropic is %+v, %v", m, ok)
	}
	if _, ok := c.Model("anthropic", "gpt-4o"); ok {
		t.Error("a model is found with another provider")
	}
	for k, m := range c.models {
		if p := m.Price; p != nil && (p.Cached > p.Input || m.Dimensions == 0 && p.Output <= p.Input) {
			t.Errorf("%s: the price %+v cannot be right", k.name, *p)
		}
	}
}

func TestReadExtra(t *testing.T) {
	t.Parallel()
	c, err := Read([]byte(`models: [{provider: openai, name: gpt-4o, price: {input: "1", cached: "0.000001", output: "0"}}, {provider: ollama, name: "qwen3:8b", window: 40960}]`))
	if err != nil {
		t.Fatal(err)
	}
	want := llm.Model{Name: "gpt-4o", Price: &llm.Price{Input: 1_000_000, Cached: 1}}
	if got, _ := c.Model("openai", "gpt-4o"); !cmp.Equal(got, want) {
		t.Errorf("an overridden model is %+v", got)
	}
	if got, ok := c.Model("ollama", "qwen3:8b"); !ok || got.Window != 40960 || got.Price != nil {
		t.Errorf("an added model is %+v, %v", got, ok)
	}
	if got, ok := c.Model("openai", "gpt-4.1"); !ok || got.Price == nil {
		t.Error("a file of one's own drops the built-in models")
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"an unknown key":    `models: [{provider: a, name: b, cost: 1}]`,
		"no name":           `models: [{provider: a}]`,
		"a negative window": `models: [{provider: a, name: b, window: -1}]`,
		"half a price":      `models: [{provider: a, name: b, price: {input: "1", output: "2"}}]`,
		"a negative price":  `models: [{provider: a, name: b, price: {input: "-1", cached: "0", output: "2"}}]`,
		"a price in words":  `models: [{provider: a, name: b, price: {input: "one", cached: "0", output: "2"}}]`,
		"too fine a price":  `models: [{provider: a, name: b, price: {input: "0.0000001", cached: "0", output: "2"}}]`,
		"the same twice":    `models: [{provider: a, name: b}, {provider: a, name: b}]`,
		"two documents":     "models: []\n---\nmodels: []\n",
		"no YAML":           `]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Read([]byte(text)); qlp.CodeOf(err) != qlp.Invalid {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
