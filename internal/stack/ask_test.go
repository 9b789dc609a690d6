package stack

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestAskAgain: an answer that came too late once says nothing about the tool.
func TestAskAgain(t *testing.T) {
	t.Parallel()
	// The first time, what the tool has started holds its output open for longer than is waited for.
	late := `[ -e "$0" ] || { : >"$0"; sleep 3 & }; echo here`
	out, err := ask(t.Context(), []string{"sh", "-c", late, filepath.Join(t.TempDir(), "asked")})
	if err != nil || strings.TrimSpace(out) != "here" {
		t.Errorf("%q, %v", out, err)
	}
	count := filepath.Join(t.TempDir(), "count")
	if _, err := ask(t.Context(), []string{"sh", "-c", `echo x >>"$0"; exit 3`, count}); err == nil {
		t.Error("a tool that fails is taken to be there")
	}
	if out, err := ask(t.Context(), []string{"cat", count}); err != nil || out != "x\n" {
		t.Errorf("a tool that fails was asked again: %q, %v", out, err)
	}
}
