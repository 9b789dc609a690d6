package native

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

const installHint = "install bubblewrap 0.8 or newer, for example with `apt-get install bubblewrap`, `dnf install bubblewrap` or `pacman -S bubblewrap`"

// engine is the bubblewrap found on this machine.
type engine struct {
	path    string
	version string
	major   int
	minor   int
}

func (e engine) String() string { return "bubblewrap " + e.version }

// findEngine refuses a bubblewrap that is missing, too old, or setuid: the last gains the host's root before it drops it,
// and has had holes there (CVE-2026-41163).
func findEngine(ctx context.Context, path string) (engine, error) {
	var e engine
	if path == "" {
		path = "bwrap"
	}
	found, err := exec.LookPath(path)
	if err != nil {
		return e, qlp.Errorf(qlp.Unavailable, "find bubblewrap: %w", err).WithRemedy(installHint)
	}
	if found, err = filepath.EvalSymlinks(found); err != nil {
		return e, fmt.Errorf("resolve %s: %w", path, err)
	}
	st, err := os.Stat(found)
	if err != nil {
		return e, fmt.Errorf("look at %s: %w", found, err)
	}
	if st.Mode()&(os.ModeSetuid|os.ModeSetgid) != 0 {
		return e, qlp.Errorf(qlp.Unavailable, "bubblewrap at %s is setuid", found).
			WithRemedy("`chmod u-s %s`: kernels with user namespaces do not need the bit", found)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, found, "--version").Output()
	if err != nil {
		return e, qlp.Errorf(qlp.Unavailable, "ask bubblewrap for its version: %w", err).WithRemedy(installHint)
	}
	e.path = found
	e.version = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(string(out)), "bubblewrap"))
	if _, err := fmt.Sscanf(e.version, "%d.%d", &e.major, &e.minor); err != nil {
		return e, qlp.Errorf(qlp.Unavailable, "read bubblewrap's version %q", e.version).WithRemedy(installHint)
	}
	if !e.atLeast(0, 8) {
		return e, qlp.Errorf(qlp.Unavailable, "bubblewrap %s cannot forbid nested user namespaces", e.version).WithRemedy(installHint)
	}
	return e, nil
}

func (e engine) atLeast(major, minor int) bool {
	return e.major > major || e.major == major && e.minor >= minor
}

// FindInit returns the path of qlp-init: path itself if it is not empty, else it looks beside the running program, then in PATH.
func FindInit(path string) (string, error) {
	if path == "" {
		if self, err := os.Executable(); err == nil {
			beside := filepath.Join(filepath.Dir(self), "qlp-init")
			if _, err := os.Stat(beside); err == nil {
				path = beside
			}
		}
	}
	if path == "" {
		var err error
		if path, err = exec.LookPath("qlp-init"); err != nil {
			return "", qlp.Errorf(qlp.Unavailable, "find qlp-init: %w", err).
				WithRemedy("keep the file qlp-init beside the qlp program; `make build` builds both")
		}
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if st, err := os.Stat(abs); err != nil || !st.Mode().IsRegular() || st.Mode()&0o111 == 0 {
		return "", qlp.Errorf(qlp.Unavailable, "%s is not an executable file", abs).
			WithRemedy("keep the file qlp-init beside the qlp program; `make build` builds both")
	}
	return abs, nil
}
