package security

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator/diagnose"
)

// The secrets are put together at run time: this file must not hold one itself.
func awsKey() string    { return "AKIA" + "Z7QK3WVN5TLR2XPD" }
func githubKey() string { return "ghp_" + "9fK2mQ7xWc4Lr8Tn1Vb6Zp3Hs5Jd0YgAeRuX" }

func TestSecrets(t *testing.T) {
	scanner := NewSecrets()
	tests := []struct {
		name, path, content, secret string
		found                       bool
	}{
		{"AWS key", "config.go", "package x\n\nconst key = \"" + awsKey() + "\"\n", awsKey(), true},
		{"allow comment", "config.py", "KEY = '" + githubKey() + "'  # gitleaks:allow\n", githubKey(), true},
		{"encoded", "config.yaml", "key: " + base64.StdEncoding.EncodeToString([]byte("token = \""+githubKey()+"\"")) + "\n", githubKey(), true},
		{"placeholder", "README.md", "Set `API_KEY=<your key of at least 16 characters>`.\n", "", false},
		{"example identifier", "README.md", "curl -d '{\"key\":\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\"}' localhost:8080/things\n", "", false},
		{"other identifier", "main.py", "api_key = \"8c1f7f0e-52d4-4b7e-9a63-d1e07b5c2f94\"\n", "8c1f7f0e-52d4-4b7e", true},
		{"variable", "main.py", "key = os.environ[\"API_KEY\"]\n", "", false},
		{"sample curl", "README.md", "curl -H \"X-API-Key: $API_KEY\" localhost:8080/books\n", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := scanner.Check(t.Context(), []qlp.File{{Path: tt.path, Content: []byte(tt.content)}})
			if err != nil {
				t.Fatal(err)
			}
			if !tt.found {
				if c.Status() != qlp.Passed || c.Read == "" {
					t.Errorf("%s: %+v", c.Status(), c.Findings)
				}
				return
			}
			if c.Status() != qlp.Failed || len(c.Findings) == 0 || c.Findings[0].Path != tt.path || c.Findings[0].Line == 0 {
				t.Fatalf("%s: %+v", c.Status(), c.Findings)
			}
			out, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(out), tt.secret) || strings.Contains(string(out), tt.secret[:12]) {
				t.Errorf("the secret is in the check: %s", out)
			}
		})
	}
}

func TestSecretsLine(t *testing.T) {
	c, err := NewSecrets().Check(t.Context(), []qlp.File{{Path: "a.go", Content: []byte("package x\n\nconst key = \"" + awsKey() + "\"\n")}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Findings[0].Line != 3 {
		t.Errorf("line %d, want 3", c.Findings[0].Line)
	}
}

func TestDocker(t *testing.T) {
	tests := []struct {
		name, text string
		rules      string // "error:docker-root warning:docker-latest"
	}{
		{"good", "FROM golang:1.26 AS build\nRUN go build\nFROM gcr.example/static:nonroot\nCOPY --from=build /x /x\n", ""},
		{"good user", "FROM python:3.12-slim\nUSER 10001:10001\nCMD [\"python\"]\n", ""},
		{"root", "FROM python:3.12-slim\nCMD [\"python\"]\n", "error:docker-root"},
		{"root by name", "FROM python:3.12-slim\nUSER root\n", "error:docker-root"},
		{"user of an earlier stage", "FROM a:1 AS b\nUSER app\nFROM a:1\n", "error:docker-root"},
		{"latest", "FROM python\nUSER app\n", "warning:docker-latest"},
		{"digest", "FROM python@sha256:abc\nUSER app\n", ""},
		{"port in the name", "FROM reg:5000/python\nUSER app\n", "warning:docker-latest"},
		{"ADD", "FROM a:1\nADD \\\n # x\n https://x/y /y\nUSER app\n", "error:docker-add-url"},
		{"pipe", "FROM a:1\nRUN curl -s https://x | sh\nUSER app\n", "error:docker-pipe-shell"},
		{"secret", "FROM a:1\nENV DB_PASSWORD=x\nUSER app\n", "warning:docker-secret"},
		{"empty", "# nothing\n", "error:docker-from"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checks := Docker([]qlp.File{{Path: "Dockerfile", Content: []byte(tt.text)}, {Path: "main.go"}})
			var got []string
			for _, f := range checks[0].Findings {
				got = append(got, f.Severity+":"+f.Rule)
			}
			if strings.Join(got, " ") != tt.rules {
				t.Errorf("got %q, want %q", got, tt.rules)
			}
			if failed := checks[0].Status() == qlp.Failed; failed != strings.Contains(tt.rules, "error:") {
				t.Errorf("status %s", checks[0].Status())
			}
		})
	}
	if got := Docker([]qlp.File{{Path: "main.go"}}); got != nil {
		t.Errorf("a check without a Dockerfile: %+v", got)
	}
}

func TestParseGosec(t *testing.T) {
	issue := func(severity, confidence string, suppressed bool) string {
		b, err := json.Marshal(map[string]any{
			"Golang errors": map[string]any{},
			"Issues": []any{map[string]any{
				"severity": severity, "confidence": confidence, "rule_id": "G1", "details": "d", "file": "a.go", "line": "7-9", "column": "3", "nosec": suppressed,
			}},
			"Stats": map[string]any{"files": 1},
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	tests := []struct{ name, report, severity string }{
		{"high", issue("HIGH", "HIGH", false), "error"},
		{"medium", issue("MEDIUM", "MEDIUM", false), "error"},
		{"low", issue("LOW", "HIGH", false), "warning"},
		{"not sure", issue("HIGH", "LOW", false), "warning"},
		{"suppressed", issue("MEDIUM", "HIGH", true), "note"},
		{"suppressed and high", issue("HIGH", "HIGH", true), "error"},
		{"not compiled", `{"Golang errors": {"a.go": [{"line": 7, "error": "x"}]}, "Issues": [], "Stats": {"files": 1}}`, "error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found, files, err := parseGosec([]byte(tt.report))
			if err != nil || files != 1 || len(found) != 1 {
				t.Fatalf("%v %d %+v", err, files, found)
			}
			if f := found[0]; f.Severity != tt.severity || f.Path != "a.go" || f.Line != 7 {
				t.Errorf("%+v", f)
			}
		})
	}
	for _, bad := range []string{"", "{}", `{"Issues": []`, "null"} {
		if _, _, err := parseGosec([]byte(bad)); err == nil {
			t.Errorf("%q was taken for a report", bad)
		}
	}
}

func FuzzParseGosec(f *testing.F) {
	f.Add([]byte(`{"Golang errors": {"a.go": [{"line": -7, "error": "x"}]}, "Issues": [{"line":"1-2","file":"../x"}], "Stats": {"files": 1}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		found, _, err := parseGosec(b)
		for _, x := range found {
			if err == nil && (x.Path != "" && diagnose.Path(x.Path) != x.Path || x.Line < 0) {
				t.Errorf("%+v", x)
			}
		}
	})
}

func BenchmarkSecrets(b *testing.B) {
	scanner := NewSecrets()
	files := []qlp.File{{Path: "a.go", Content: []byte(strings.Repeat("\tif key == \"\" { return errors.New(\"the api key is empty\") }\n", 4000))}}
	if _, err := scanner.Check(b.Context(), files); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := scanner.Check(b.Context(), files); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSecretsFirst(b *testing.B) {
	for b.Loop() {
		if _, err := NewSecrets().Check(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
}
