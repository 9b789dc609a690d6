package initbox

import (
	"os"
	"os/exec"
	"path/filepath"

	"github.com/quantumlayer/qlp/internal/qlp"
)

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
