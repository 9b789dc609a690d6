package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/qlp"
)

var update = flag.Bool("update", false, "rewrite generated files")

func TestPrecedence(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "qlp.yaml")
	if err := os.WriteFile(file, []byte("parallel: 7\nrepairs: 1\nstop_grace: 3s\nrequire_limits: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(Sources{File: file, Env: []string{"QLP_REPAIRS=2", "QLP_DEFAULT_STACK=python", "HOME=/x"}, Flags: map[string]string{"default_stack": "go"}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Parallel != 7 || c.Repairs != 2 || c.DefaultStack != "go" || c.StopGrace != 3*time.Second || !c.RequireLimits {
		t.Errorf("got %+v", c)
	}
	if c.LogLevel != "info" || !filepath.IsAbs(c.DataDir) {
		t.Errorf("defaults: %+v", c)
	}
}

// TestVariablesThatAreNoSettings: tokens have no flag and no key in a file.
func TestVariablesThatAreNoSettings(t *testing.T) {
	t.Parallel()
	if _, err := Load(Sources{Env: []string{"QLP_TOKEN=x", "QLP_EXECUTOR_TOKEN=y", "QLP_TEST_POSTGRES=z"}}); err != nil {
		t.Error(err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env    string
		remedy string
	}{
		"unknown":      {"QLP_PARALLELL=3", "did you mean parallel?"},
		"no number":    {"QLP_PARALLEL=many", "a whole number"},
		"too small":    {"QLP_PARALLEL=0", "raise it"},
		"no boolean":   {"QLP_REQUIRE_LIMITS=perhaps", "true or false"},
		"no duration":  {"QLP_STOP_GRACE=-1s", "a duration"},
		"level":        {"QLP_LOG_LEVEL=loud", "debug, info, warn, error"},
		"reachable":    {"QLP_LISTEN=0.0.0.0:8080", "127.0.0.1"},
		"no address":   {"QLP_LISTEN=8080", "host:port"},
		"foreign host": {"QLP_LISTEN=example.org:80", "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(Sources{Env: []string{tc.env}})
			if qlp.CodeOf(err) != qlp.Invalid {
				t.Fatalf("got %v", err)
			}
			if text := err.Error() + " " + qlp.RemedyOf(err); !strings.Contains(text, tc.remedy) {
				t.Errorf("got %q, want something about %q", text, tc.remedy)
			}
		})
	}
}

func TestMissingFileThatWasNamed(t *testing.T) {
	t.Parallel()
	if _, err := Load(Sources{File: filepath.Join(t.TempDir(), "none.yaml")}); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("got %v", err)
	}
}

// TestGeneratedDocuments holds the committed table and .env.example against the tags.
func TestGeneratedDocuments(t *testing.T) {
	t.Parallel()
	const head = "# Settings\n\nFlags win over the environment, the environment over the file (`qlp.yaml` in the current folder, or `--config FILE`), the file over the defaults.\nNo setting is needed for a first run. This page is generated from the code: `go test ./internal/config -update`.\n\n"
	for path, want := range map[string]string{
		"../../docs/guide/settings.md": head + Table(),
		"../../.env.example":           EnvExample(),
	} {
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s is stale; run go test ./internal/config -update\n%s", path, diff)
		}
	}
}

func TestSettingsFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"empty":       {"", ""},
		"a comment":   {"# nothing yet\n", ""},
		"a list":      {"repairs: [1]\n", "setting \"repairs\""},
		"broken":      {"a: b: c\n", "not valid YAML"},
		"twice":       {"repairs: 1\nrepairs: 2\n", "already defined"},
		"not a table": {"- repairs\n", "not valid YAML"},
		"leading 0":   {"listen: 007\n", "007"}, // as it was written, not as a number
	} {
		file := filepath.Join(t.TempDir(), "qlp.yaml")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(Sources{File: file})
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.says != "" && (qlp.CodeOf(err) != qlp.Invalid || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v", name, err)
		}
	}
}
