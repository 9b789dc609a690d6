package initbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// StateDir is the directory of what this user's sandboxes share on this host: /run/qlp, $XDG_RUNTIME_DIR/qlp, or one below
// the directory for temporary files. All drivers keep their locks of user ids in its folder uids.
func StateDir() string {
	uid := os.Geteuid()
	if uid == 0 {
		if unix.Access("/run", unix.W_OK) == nil {
			return "/run/qlp"
		}
	} else if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" && unix.Access(dir, unix.W_OK) == nil {
		return filepath.Join(dir, "qlp")
	}
	return filepath.Join(os.TempDir(), "qlp-"+strconv.Itoa(uid))
}

// OwnDir makes a directory, or checks the one that is there: somebody else's would let them choose what a sandbox sees.
func OwnDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make state directory: %w", err)
	}
	st, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at state directory: %w", err)
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok || !st.IsDir() || int(sys.Uid) != os.Geteuid() || st.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("state directory %s must be a directory that only user %d can write to", dir, os.Geteuid())
	}
	return nil
}

// OthersMayEnter says whether every directory above path can be passed by everyone.
func OthersMayEnter(path string) bool {
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil || resolved != filepath.Clean(path) {
		return false // a view resolves links once and for all
	}
	for dir := filepath.Dir(resolved); ; dir = filepath.Dir(dir) {
		st, err := os.Stat(dir)
		if err != nil || st.Mode().Perm()&0o001 == 0 {
			return false
		}
		if dir == "/" {
			return true
		}
	}
}
