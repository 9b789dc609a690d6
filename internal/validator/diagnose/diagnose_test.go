package diagnose

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func TestText(t *testing.T) {
	tests := []struct {
		name, output string
		want         []qlp.Finding
	}{
		{"go build", "# example.com/x/internal/store\ninternal/store/store.go:12:3: undefined: y\n./main.go:4:2: \"os\" imported and not used\n", []qlp.Finding{
			{Path: "internal/store/store.go", Line: 12, Column: 3, Rule: "build", Severity: "error", Message: "undefined: y"},
			{Path: "main.go", Line: 4, Column: 2, Rule: "build", Severity: "error", Message: "\"os\" imported and not used"},
		}},
		{"go vet", "vet: ./a.go:3:5: expected 'IDENT'\n/work/b.go:7: text\n", []qlp.Finding{
			{Path: "a.go", Line: 3, Column: 5, Rule: "build", Severity: "error", Message: "expected 'IDENT'"},
			{Path: "b.go", Line: 7, Rule: "build", Severity: "error", Message: "text"},
		}},
		{"traceback ends outside the project", "Traceback (most recent call last):\n  File \"/work/service/app.py\", line 9, in go\n    json.loads(x)\n  File \"/usr/lib/python3/json/__init__.py\", line 346, in loads\n    return d(s)\njson.decoder.JSONDecodeError: Expecting value\n", []qlp.Finding{
			{Path: "service/app.py", Line: 9, Rule: "build", Severity: "error", Message: "json.decoder.JSONDecodeError: Expecting value"},
		}},
		{"syntax error", "  File \"/work/a.py\", line 3\n    def f(:\n          ^\nSyntaxError: invalid syntax\n", []qlp.Finding{
			{Path: "a.py", Line: 3, Rule: "build", Severity: "error", Message: "SyntaxError: invalid syntax"},
		}},
		{"places outside", "/etc/passwd.go:1:1: x\n../up.go:1:1: y\n2026/11/23 10:00:00 listening\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, Text("build", []byte(tt.output))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzText(f *testing.F) {
	f.Add([]byte("a.go:1:2: x\n"))
	f.Add([]byte("  File \"/work/a.py\", line 3\nSyntaxError: x\n"))
	f.Add([]byte("/work/é.go:99999999999999999999:1: \xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, x := range Text("r", b) {
			if qlp.CleanPath(x.Path) != nil || x.Line < 0 {
				t.Errorf("%+v", x)
			}
		}
		Tail(b, 3)
	})
}

func TestRuff(t *testing.T) {
	t.Parallel()
	report := `[{"code": "F401", "message": "os imported but unused", "filename": "/work/service/a.py", "location": {"row": 3, "column": 8}}, {"code": null, "message": "SyntaxError", "filename": "b.py", "location": {"row": 1, "column": 1}}]`
	want := []qlp.Finding{
		{Path: "service/a.py", Line: 3, Column: 8, Rule: "F401", Severity: "error", Message: "os imported but unused"},
		{Path: "b.py", Line: 1, Column: 1, Severity: "error", Message: "SyntaxError"},
	}
	got, err := Ruff([]byte(report))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, err := Ruff([]byte("[]\n")); err != nil || len(got) != 0 {
		t.Errorf("an empty list: %+v, %v", got, err)
	}
	for _, bad := range []string{"", "no report", "null", "{}", report[:len(report)-5]} {
		if got, err := Ruff([]byte(bad)); err == nil {
			t.Errorf("%q: %+v", bad, got)
		}
	}
}

func FuzzRuff(f *testing.F) {
	f.Add([]byte(`[{"code": "F401", "message": "x", "filename": "/work/../a.py", "location": {"row": -3, "column": 8}}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		found, err := Ruff(b)
		if err != nil && found != nil {
			t.Error("findings of a report that cannot be read")
		}
		for _, x := range found {
			if x.Path != "" && qlp.CleanPath(x.Path) != nil || x.Line < 0 || x.Column < 0 {
				t.Errorf("%+v", x)
			}
		}
	})
}
