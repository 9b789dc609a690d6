package python

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/generator/acceptance"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// TestServicesPassTheirAcceptanceTests runs the tests that come from the Spec and not from here: every case, the races and
// the crash.
func TestServicesPassTheirAcceptanceTests(t *testing.T) {
	t.Parallel()
	need(t, "python3")
	for name, spec := range samples() {
		if len(spec.Validate()) > 0 {
			continue // the hostile one has values that no Spec may have
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := write(t, spec)
			files, err := acceptance.Files(generator.Request{Spec: spec, Plan: qlp.Plan{Stack: Stack}})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				path := filepath.Join(dir, filepath.FromSlash(f.Path))
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, f.Content, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			out := run(t, dir, "python3", "-m", "unittest", "discover", "-s", "acceptance", "-t", ".", "-v")
			if !strings.Contains(out, "\nOK\n") {
				t.Errorf("the acceptance tests do not all pass:\n%s", out)
			}
			at := strings.LastIndex(out, "\nRan ")
			t.Log(strings.TrimSpace(out[max(at, 0):]))
		})
	}
}
