package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Toolchain is where a language's tools are on the host, and how a sandbox finds them.
type Toolchain struct {
	// Binary is the program itself, with links and version managers' wrappers resolved.
	Binary string
	// Root is the tools' own directory: GOROOT, sys.base_prefix, or the prefix of a binary in PREFIX/bin.
	Root string
	// Mounts is empty if every sandbox has Root anyway, because it lies below /usr.
	Mounts []Mount
	// Path is the directory for PATH.
	Path string
}

// FindToolchain finds "go", "python3", "node" or any other program in PATH, asks Go and Python where their files are,
// and says what a sandbox needs to run it.
func FindToolchain(ctx context.Context, name string) (Toolchain, error) {
	found, err := exec.LookPath(name)
	if err != nil {
		return Toolchain{}, qlp.Errorf(qlp.Unavailable, "find %s: %w", name, err).WithRemedy("install %s, or put it into PATH", name)
	}
	var tc Toolchain
	switch base := filepath.Base(found); {
	case base == "go":
		if tc.Root, err = ask(ctx, found, "env", "GOROOT"); err == nil {
			tc.Binary = filepath.Join(tc.Root, "bin", "go")
		}
	case strings.HasPrefix(base, "python"):
		// A pyenv shim is a shell script: only the interpreter knows where it is.
		if tc.Root, err = ask(ctx, found, "-I", "-c", "import sys; print(sys.base_prefix)"); err == nil {
			tc.Binary, err = ask(ctx, found, "-I", "-c", "import os, sys; print(os.path.realpath(sys.executable))")
		}
	default:
		if tc.Binary, err = filepath.EvalSymlinks(found); err == nil {
			tc.Root = filepath.Dir(filepath.Dir(tc.Binary))
		}
	}
	if err != nil {
		return Toolchain{}, fmt.Errorf("locate %s: %w", name, err)
	}
	if resolved, err := filepath.EvalSymlinks(tc.Root); err == nil && resolved != tc.Root {
		tc.Binary = strings.Replace(tc.Binary, tc.Root, resolved, 1)
		tc.Root = resolved
	}
	tc.Path = filepath.Dir(tc.Binary)
	if !inSystem(tc.Root) {
		tc.Mounts = []Mount{{HostPath: tc.Root, Path: tc.Root}}
	}
	return tc, nil
}

// inSystem says whether a path is part of every sandbox.
func inSystem(path string) bool {
	for _, dir := range []string{"/usr", "/bin", "/lib"} {
		if path == dir || strings.HasPrefix(path, dir+"/") {
			return true
		}
	}
	return path == "/"
}

func ask(ctx context.Context, argv ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = os.TempDir() // a project's own settings must not choose the answer
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("run %s: %w", filepath.Base(argv[0]), err)
	}
	text := string(bytes.TrimSpace(out))
	if !filepath.IsAbs(text) {
		return "", fmt.Errorf("run %s: answer %q is no path", filepath.Base(argv[0]), text)
	}
	return text, nil
}

// ToolchainMounts is FindToolchain for callers that need the mounts only.
func ToolchainMounts(ctx context.Context, name string) ([]Mount, error) {
	tc, err := FindToolchain(ctx, name)
	return tc.Mounts, err
}
