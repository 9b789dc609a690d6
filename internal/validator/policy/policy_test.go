package policy

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func spec() qlp.Spec { return qlp.Spec{Title: "Library", Kind: qlp.KindService, Stack: "go"} }

var goStack = qlp.Stack{Name: "go", Language: "go"}

func good() []qlp.Check {
	ev := qlp.FromReading(qlp.DigestOf([]byte("x")))
	return []qlp.Check{
		qlp.Pass(qlp.LayerSyntax, "content", ev), qlp.Pass(qlp.LayerSyntax, "go", ev), qlp.Pass(qlp.LayerBuild, "go-build", ev),
		qlp.Pass(qlp.LayerTest, "acceptance", ev).WithCounts(qlp.Counts{Passed: 3}),
		qlp.Pass(qlp.LayerTest, "unit", ev).WithCounts(qlp.Counts{Passed: 2}),
		qlp.Pass(qlp.LayerStart, "probes", ev), qlp.Pass(qlp.LayerSecurity, "secrets", ev), qlp.Pass(qlp.LayerSecurity, "gosec", ev),
		qlp.Pass(qlp.LayerQuality, "format", ev), qlp.Skip(qlp.LayerQuality, "lint", "no linter"),
	}
}

func apply(t *testing.T, r *Rules, spec qlp.Spec, stack qlp.Stack, checks []qlp.Check) map[string]qlp.Check {
	t.Helper()
	out, err := r.Apply(t.Context(), spec, stack, checks)
	if err != nil {
		t.Fatal(err)
	}
	byKey := map[string]qlp.Check{}
	for _, c := range out {
		byKey[c.Key()] = c
	}
	byKey["verdict"] = qlp.Skip("", string(qlp.Decide(out)), "")
	return byKey
}

func load(t *testing.T) *Rules {
	t.Helper()
	r, err := Load(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDefaultRules(t *testing.T) {
	rules := load(t)
	t.Run("good project", func(t *testing.T) {
		got := apply(t, rules, spec(), goStack, good())
		if got["policy/rules"].Status() != qlp.Passed || got["verdict"].Name != string(qlp.Verified) {
			t.Errorf("%s %s, verdict %s", got["policy/rules"].Status(), got["policy/rules"].Reason, got["verdict"].Name)
		}
		for key, want := range map[string]bool{"syntax/content": true, "build/go-build": true, "start/probes": true, "security/gosec": true, "quality/lint": false, "policy/rules": true} {
			if got[key].Required != want {
				t.Errorf("%s required: %v", key, got[key].Required)
			}
		}
	})
	t.Run("python needs no gosec", func(t *testing.T) {
		got := apply(t, rules, spec(), qlp.Stack{Name: "python", Language: "python"}, good())
		if got["security/gosec"].Required || got["quality/format"].Required {
			t.Error("Go's checks are required of Python")
		}
	})
	t.Run("a required check is absent", func(t *testing.T) {
		got := apply(t, rules, spec(), goStack, good()[3:])
		if c := got["build/any"]; c.Status() != qlp.NotRun || !c.Required {
			t.Errorf("build: %+v", c)
		}
		if got["verdict"].Name != string(qlp.Unverified) {
			t.Errorf("verdict %s", got["verdict"].Name)
		}
	})
	t.Run("a pass without a test", func(t *testing.T) {
		checks := good()
		checks[3] = checks[3].WithCounts(qlp.Counts{Skipped: 3})
		if got := apply(t, rules, spec(), goStack, checks)["policy/rules"]; got.Status() != qlp.Failed || !strings.Contains(got.Reason, "executed no test") {
			t.Errorf("%s %s", got.Status(), got.Reason)
		}
	})
	t.Run("a pass with an error in it", func(t *testing.T) {
		checks := good()
		checks[6] = checks[6].WithFindings(qlp.Finding{Severity: "error", Message: "boo"})
		if got := apply(t, rules, spec(), goStack, checks)["policy/rules"]; got.Status() != qlp.Failed {
			t.Errorf("%s %s", got.Status(), got.Reason)
		}
	})
	t.Run("a Dockerfile that was asked for", func(t *testing.T) {
		s := spec()
		s.Extras = []string{"dockerfile"}
		if c := apply(t, rules, s, goStack, good())["security/dockerfile"]; !c.Required || c.Status() != qlp.NotRun {
			t.Errorf("%+v", c)
		}
	})
}

func TestRulesThatDoNotAnswer(t *testing.T) {
	tests := []struct{ name, text string }{
		{"other package", "package other\n\nx := 1\n"},
		{"nothing defined", "package qlp.policy\n\nx := 1\n"},
		{"no deny", "package qlp.policy\n\nrequired contains \"build/*\"\n"},
		{"nothing required", "package qlp.policy\n\nrequired contains \"x\" if false\n\ndeny contains \"y\" if false\n"},
		{"wrong type", "package qlp.policy\n\nrequired contains 1\n\ndeny contains \"y\" if false\n"},
		{"an error at run time", "package qlp.policy\n\nrequired contains \"build/*\"\n\ndeny contains \"y\" if 1 / (count(input.checks) - count(input.checks)) == 2\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := Compile(t.Context(), "own.rego", tt.text)
			if err != nil {
				t.Fatal(err)
			}
			got := apply(t, r, spec(), goStack, good())
			if got["policy/rules"].Status() != qlp.Errored || got["verdict"].Name != string(qlp.Unverified) {
				t.Errorf("%s, verdict %s", got["policy/rules"].Status(), got["verdict"].Name)
			}
			if !got["quality/lint"].Required {
				t.Error("not everything is required")
			}
		})
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "own.rego")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("package qlp.policy\n\nrequired contains \"test/unit\"\n\ndeny contains \"no libraries\" if input.spec.title == \"Library\"\n")
	r, err := Load(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if got := apply(t, r, spec(), goStack, good())["policy/rules"]; got.Status() != qlp.Failed || got.Reason != "no libraries" {
		t.Errorf("%s %s", got.Status(), got.Reason)
	}
	for name, text := range map[string]string{"broken": "package qlp.policy\nrequired contains", "network": "package qlp.policy\n\nrequired contains http.send({\"method\": \"get\", \"url\": \"http://localhost\"}).body\n"} {
		write(text)
		if _, err := Load(t.Context(), path); qlp.CodeOf(err) != qlp.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load(t.Context(), filepath.Join(t.TempDir(), "none")); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("a missing file: %v", err)
	}
}

// TestGuide keeps the policy that the guide shows working.
func TestGuide(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/guide/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "```rego\n")
	text, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("the guide shows no policy")
	}
	r, err := Compile(t.Context(), "guide", text)
	if err != nil {
		t.Fatal(err)
	}
	got := apply(t, r, spec(), goStack, good())
	if c := got["policy/rules"]; c.Status() != qlp.Failed || c.Reason != "only 2 unit tests" {
		t.Errorf("%s %s", c.Status(), c.Reason)
	}
	if !got["quality/lint"].Required || got["verdict"].Name != string(qlp.VerdictFailed) {
		t.Errorf("lint required %v, verdict %s", got["quality/lint"].Required, got["verdict"].Name)
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := load(t).Apply(ctx, spec(), goStack, good()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func BenchmarkApply(b *testing.B) {
	r, err := Load(b.Context(), "")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := r.Apply(b.Context(), spec(), goStack, good()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(b.Context(), ""); err != nil {
			b.Fatal(err)
		}
	}
}
