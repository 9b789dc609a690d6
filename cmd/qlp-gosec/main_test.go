package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestAlone: this program is there so that qlp does without gosec.
func TestAlone(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "../qlp", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "github.com/securego/gosec/v2\n") {
		t.Error("qlp-gosec is without gosec")
	}
	out, err = exec.CommandContext(t.Context(), "go", "list", "-deps", "../qlp").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, heavy := range []string{"github.com/securego/gosec/v2\n", "github.com/ccojocar/zxcvbn-go\n"} {
		if strings.Contains(string(out), heavy) {
			t.Errorf("qlp is linked with %s", heavy)
		}
	}
}
