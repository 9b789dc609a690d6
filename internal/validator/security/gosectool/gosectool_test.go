package gosectool

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goMod = "module example.com/sample\n\ngo 1.24\n"

func module(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = goMod
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAnalyseFindsPlantedFaults(t *testing.T) {
	dir := module(t, map[string]string{
		"main.go":    "package main\n\nimport (\n\t\"crypto/md5\"\n\t\"fmt\"\n\t\"net/http\"\n)\n\nfunc main() {\n\tfmt.Println(md5.Sum(nil))\n\t_ = http.ListenAndServe(\":1\", nil)\n}\n",
		"sub/sub.go": "package sub\n\nimport \"os/exec\"\n\n// Run runs.\nfunc Run(name string) error {\n\treturn exec.Command(\"sh\", \"-c\", name).Run() // #nosec G204 -- a person typed it\n}\n",
	})
	report, err := Analyse(dir, false, "./...")
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]bool{}
	for _, i := range report.Issues {
		rules[i.Rule] = true
		if filepath.IsAbs(i.File) {
			t.Errorf("%s is not relative", i.File)
		}
		if i.Rule == "G204" && (!i.Suppressed || !strings.Contains(strings.Join(i.Suppressions, ""), "a person typed it")) {
			t.Errorf("the suppression is not told: %+v", i)
		}
	}
	for _, want := range []string{"G401", "G501", "G114", "G204"} {
		if !rules[want] {
			t.Errorf("%s was not found in %v", want, rules)
		}
	}
	if report.Stats.Packages != 2 || report.Stats.Files != 2 {
		t.Errorf("looked at %+v", report.Stats)
	}
}

func TestAnalyseOfCodeThatDoesNotCompile(t *testing.T) {
	report, err := Analyse(module(t, map[string]string{"main.go": "package main\n\nfunc main() { undefined() }\n"}), false, "./...")
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Errors) == 0 {
		t.Error("a package that does not compile was analysed without an error")
	}
}

func TestMainExitCodes(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		args  []string
		want  int
	}{
		{"clean", map[string]string{"main.go": "package main\n\nfunc main() {}\n"}, []string{"-fmt=json", "./..."}, ExitClean},
		{"finding", map[string]string{"main.go": "package main\n\nimport _ \"crypto/des\"\n\nfunc main() {}\n"}, nil, ExitFindings},
		{"nothing to look at", map[string]string{}, nil, ExitBroken},
		{"other format", map[string]string{"main.go": "package main\n\nfunc main() {}\n"}, []string{"-fmt=text"}, ExitBroken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(module(t, tt.files))
			var out bytes.Buffer
			if got := Main(tt.args, &out); got != tt.want {
				t.Fatalf("exit code %d, want %d: %s", got, tt.want, out.String())
			}
			if tt.want != ExitBroken && !json.Valid(out.Bytes()) {
				t.Error("the report is not JSON")
			}
		})
	}
}
