package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/qlp"
)

const sample = `
providers:
  openai: {kind: openai, key_env: OPENAI_API_KEY, concurrency: 4}
  azure:
    kind: azureopenai
    base_url: https://example.openai.azure.com
    api_version: "2025-01-01"
    entra: true
  local: {kind: compatible, base_url: "http://127.0.0.1:9000/v1", structured: fence}
  tape: {kind: replay, dir: testdata/tape}
roles:
  coder: [openai/big, local/org/small]
  tester: azure/deployment
caps:
  day: {usd: 2.5, tokens: 1000000, calls: 300, seconds: 7200}
  run: {usd: 0.3}
prices:
  local/org/small: {input: 0.15, output: 0.6}
timeouts: {first_token: 90s}
`

func load(t *testing.T, text string) (Models, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "providers.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return LoadModels(Config{Providers: path})
}

func TestProvidersFile(t *testing.T) {
	t.Parallel()
	m, err := load(t, sample)
	if err != nil {
		t.Fatal(err)
	}
	want := Provider{Kind: KindCompatible, BaseURL: "http://127.0.0.1:9000/v1", Structured: "fence"}
	if diff := cmp.Diff(want, m.Providers["local"]); diff != "" || !m.Found || len(m.Providers) != 4 || !m.Providers["azure"].Entra {
		t.Errorf("%+v\n%s", m, diff)
	}
	if diff := cmp.Diff(map[string]Choices{"coder": {"openai/big", "local/org/small"}, "tester": {"azure/deployment"}}, m.Roles); diff != "" {
		t.Error(diff)
	}
	if got := m.Caps.Day.Budget(); got != (qlp.Budget{Micros: 2_500_000, Tokens: 1_000_000, Calls: 300, Seconds: 7200}) || m.Caps.Run.Budget().Micros != 300_000 {
		t.Errorf("caps %+v", m.Caps)
	}
	if in, cached, out := m.Prices["local/org/small"].Micros(); in != 150_000 || cached != 150_000 || out != 600_000 || m.Timeouts.FirstToken != 90*time.Second {
		t.Errorf("prices %d %d %d, timeouts %+v", in, cached, out, m.Timeouts)
	}
}

func TestNoProvidersFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if m, err := LoadModels(Config{DataDir: dir}); err != nil || m.Found || m.Path != filepath.Join(dir, "providers.yaml") {
		t.Errorf("got %+v: %v", m, err)
	}
	if _, err := LoadModels(Config{Providers: filepath.Join(dir, "named.yaml")}); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("a file that was named must be there: %v", err)
	}
	if m, err := load(t, "# nothing yet\n"); err != nil || !m.Found {
		t.Errorf("got %+v: %v", m, err)
	}
}

func TestProvidersFileRefusals(t *testing.T) {
	t.Parallel()
	const key = "sk-abcdef0123456789"
	for name, c := range map[string]struct{ text, says string }{
		"unknown section":    {"provider: {}\n", "did you mean providers?"},
		"unknown key":        {"providers:\n  a: {kind: openai, base_ur: x}\n", "line 2: providers.a has the unknown key \"base_ur\". did you mean base_url?"},
		"a literal key":      {"providers:\n  a: {kind: openai, api_key: " + key + "}\n", "key_env"},
		"a key as its name":  {"providers:\n  a: {kind: openai, key_env: " + key + "}\n", "a key never stands in the file"},
		"a key in the url":   {"providers:\n  a: {kind: compatible, base_url: 'https://me:" + key + "@host/v1'}\n", "key_env or key_file"},
		"a key in clear":     {"providers:\n  a: {kind: compatible, base_url: 'http://host/v1', key_env: K}\n", "use https"},
		"unknown kind":       {"providers:\n  a: {kind: openia}\n", "did you mean openai?"},
		"no address":         {"providers:\n  a: {kind: bridge}\n", "set base_url"},
		"no such structure":  {"providers:\n  a: {kind: openai, structured: maybe}\n", "strict, tool or fence"},
		"a name for another": {"providers:\n  a: {kind: openai, models: {a: b}}\n", "leave it out"},
		"no folder":          {"providers:\n  a: {kind: replay}\n", "set dir"},
		"bad address":        {"providers:\n  a: {kind: ollama, base_url: 127.0.0.1}\n", "https://host/path"},
		"two keys":           {"providers:\n  a: {kind: openai, key_env: A, key_file: b}\n", "keep one"},
		"a name with spaces": {"providers:\n  'a b': {kind: openai}\n", "small letters"},
		"unknown role":       {"roles: {codr: a/b}\n", "did you mean coder?"},
		"unknown provider":   {"providers:\n  openai: {kind: openai}\nroles: {coder: opnai/b}\n", "did you mean openai?"},
		"no model":           {"providers:\n  openai: {kind: openai}\nroles: {coder: openai}\n", "write provider/model"},
		"unknown cap":        {"caps: {day: {dollars: 3}}\n", "did you mean calls?"},
		"negative cap":       {"caps: {day: {usd: -3}}\n", "no cap"},
		"no number":          {"caps: {day: {tokens: many}}\n", "many"},
		"a price of nobody":  {"prices: {a/b: {input: 1}}\n", "to list one first"},
		"no table":           {"providers:\n  a: openai\n", "no table of keys"},
		"not YAML":           {"a: b: c\n", "not valid YAML"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, c.text)
			if qlp.CodeOf(err) != qlp.Invalid {
				t.Fatalf("got %v", err)
			}
			text := err.Error() + ". " + qlp.RemedyOf(err)
			if !strings.Contains(text, c.says) || strings.Contains(text, key) {
				t.Errorf("got %q, want something about %q, and no key", text, c.says)
			}
		})
	}
}

func FuzzProvidersFile(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("a: &a\n  b: *a\n"))
	f.Add([]byte("providers: [1]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseModels(b)
		if err != nil {
			return
		}
		for name, p := range m.Providers {
			if p.check(name) != nil {
				t.Errorf("a provider was let through that is refused")
			}
		}
	})
}
