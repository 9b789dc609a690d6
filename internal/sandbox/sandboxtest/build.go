package sandboxtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// BuildInit builds qlp-init into dir, static, and returns its path. dir must be one that every user may enter if the
// tests run as several users.
func BuildInit(ctx context.Context, dir string) (string, error) {
	out := filepath.Join(dir, "qlp-init")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, "github.com/quantumlayer/qlp/cmd/qlp-init")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build qlp-init: %w\n%s", err, text)
	}
	return out, nil
}
