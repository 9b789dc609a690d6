package app

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox/toolcache"
	"github.com/quantumlayer/qlp/internal/stack"
)

// addGoCache gives the sandboxes of a Go stack the compiled standard library. The first time for a version of Go it is
// compiled, which takes half a minute.
func (b *bench) addGoCache(ctx context.Context, tc stack.Toolchain, e *equipment) error {
	dir, err := cacheDir("gocache")
	if err != nil {
		return err
	}
	initPath, err := helperPath()
	if err != nil {
		return err
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) == 0 {
		b.log.Warn("Compiling Go's standard library for the sandbox, once for each version of Go", "room", "app")
	}
	goBinary, err := goCommand(tc)
	if err != nil {
		return err
	}
	seed, err := toolcache.SeedGo(ctx, toolcache.Config{Dir: dir, Go: goBinary, Init: initPath})
	if err != nil {
		return err
	}
	e.mounts = append(e.mounts, seed.Mount())
	for k, v := range seed.Env() {
		e.env[k] = v
	}
	return nil
}

// goCommand is the go command that the sandbox will see.
func goCommand(tc stack.Toolchain) (string, error) {
	for _, dir := range filepath.SplitList(tc.Path) {
		path := filepath.Join(dir, "go")
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return exec.LookPath("go")
}

// helperPath finds qlp-init beside the running program, or in PATH.
func helperPath() (string, error) {
	self, err := os.Executable()
	if err == nil {
		beside := filepath.Join(filepath.Dir(self), "qlp-init")
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	path, err := exec.LookPath("qlp-init")
	if err != nil {
		return "", qlp.Errorf(qlp.Unavailable, "find qlp-init: %w", err).
			WithRemedy("keep the file qlp-init beside the qlp program; `make build` builds both")
	}
	return path, nil
}

// cacheDir is where toolchain caches are kept: they belong to the user and the machine, not to a data folder.
func cacheDir(name string) (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", qlp.Errorf(qlp.Unavailable, "there is no folder for caches: %w", err).WithRemedy("set HOME or XDG_CACHE_HOME")
	}
	return filepath.Join(dir, "qlp", name), nil
}
