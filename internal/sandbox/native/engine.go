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
