// Package toolcache prepares, once per Go version, the read-only build cache that lets a sandbox without a network and
// without history build, vet and test a Go service in seconds: the compiled standard library.
//
// It never puts anything of a project into the cache: it compiles only the standard library and a program written here,
// on the host, with the host's own Go. A cache appears whole or not at all, and is never changed afterwards.
//
// Arrows: internal/sandbox, internal/qlp, the standard library; the go command and qlp-init as processes.
package toolcache

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// Inside a sandbox.
const (
	mountPath = "/cache/go"
	upperPath = "/tmp/gocache"
	initPath  = "/.qlp/init"
)

// Config says whose Go is seeded and where to.
type Config struct {
	// Dir holds one directory per Go version; it is made if missing. Empty means the user's own folder for caches, which all
	// of a user's data folders share.
	Dir string
	// Go is the go command; empty means the one in PATH.
	Go string
	// Init is qlp-init on the host, which is the cache program while seeding.
	Init string
	// Log is told when something has to be compiled, because that takes half a minute. It may be nil.
	Log *slog.Logger
}

func (c Config) withDefaults() (Config, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Dir == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return c, qlp.Errorf(qlp.Unavailable, "find a folder for caches: %w", err).WithRemedy("set HOME or XDG_CACHE_HOME")
		}
		c.Dir = filepath.Join(dir, "qlp", "gocache")
	}
	if c.Go == "" {
		path, err := exec.LookPath("go")
		if err != nil {
			return c, qlp.Errorf(qlp.Unavailable, "find go: %w", err).WithRemedy("install Go 1.24 or newer, and put its bin folder on the PATH")
		}
		c.Go = path
	}
	return c, nil
}

// Go is a seeded cache, ready for a Spec.
type Go struct {
	Dir string
}

// Mount is the read-only view for Spec.Mounts.
func (g Go) Mount() sandbox.Mount { return sandbox.Mount{HostPath: g.Dir, Path: mountPath} }

// Env makes the go command inside use the cache, work without a network, and keep its own files in /tmp.
func (g Go) Env() map[string]string {
	return map[string]string{
		"GOCACHEPROG": fmt.Sprintf("%s gocache --ro %s --rw %s", initPath, mountPath, upperPath),
		"GOPATH":      "/tmp/go", "GOCACHE": upperPath + "-plain", "GOTMPDIR": "/tmp", "GOTOOLCHAIN": "local", "GOPROXY": "off", "GOSUMDB": "off",
		"GOFLAGS": "-mod=mod -buildvcs=false", "GOTELEMETRY": "off", "CGO_ENABLED": "0",
	}
}

// SeedGo returns the cache for cfg's Go, and makes it first if it is not there, which takes half a minute or so. Several
// processes may do so at the same time: one wins, the others throw their work away.
func SeedGo(ctx context.Context, cfg Config) (Go, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return Go{}, err
	}
	id, err := version(ctx, cfg.Go)
	if err != nil {
		return Go{}, err
	}
	final := filepath.Join(cfg.Dir, id)
	if st, err := os.Stat(final); err == nil && st.IsDir() {
		return Go{Dir: final}, nil
	}
	if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
		return Go{}, fmt.Errorf("make cache directory: %w", err)
	}
	cfg.Log.Warn("Compiling Go's standard library for the sandbox, once for each version of Go", "room", "sandbox", "folder", final)
	work, err := os.MkdirTemp(cfg.Dir, ".seed-*")
	if err != nil {
		return Go{}, fmt.Errorf("make cache directory: %w", err)
	}
	defer os.RemoveAll(work)
	cache := filepath.Join(work, "cache")
	if err := fill(ctx, cfg, work, cache); err != nil {
		return Go{}, err
	}
	if err := errors.Join(os.Chmod(work, 0o755), os.Chmod(cache, 0o755)); err != nil {
		return Go{}, fmt.Errorf("open cache: %w", err)
	}
	if err := os.Rename(cache, final); err != nil && !errors.Is(err, fs.ErrExist) {
		if _, serr := os.Stat(final); serr != nil {
			return Go{}, fmt.Errorf("publish cache: %w", err)
		}
	}
	return Go{Dir: final}, nil
}

// version names the cache: everything of the host's Go that goes into the keys of compiled packages, and the seed itself.
func version(ctx context.Context, goBinary string) (string, error) {
	cmd := exec.CommandContext(ctx, goBinary, "env", "GOVERSION", "GOROOT", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOEXPERIMENT")
	cmd.Dir = os.TempDir()
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("ask go for its version: %w", err)
	}
	v, _, _ := strings.Cut(string(out), "\n")
	var major, minor int
	if _, err := fmt.Sscanf(v, "go%d.%d", &major, &minor); err != nil || major == 1 && minor < 24 {
		return "", qlp.Errorf(qlp.Unavailable, "Go %s has no cache programs", v).WithRemedy("install Go 1.24 or newer")
	}
	sum := sha256.Sum256([]byte(string(out) + seedMain + seedTest + fmt.Sprint(seedCommands())))
	return fmt.Sprintf("%s-%x", strings.ReplaceAll(v, " ", "_"), sum[:6]), nil
}

// seedCommands are the ways in which a project's packages are compiled. Vet keeps facts of its own about every package of
// the standard library, with and without -trimpath: without the right ones in the cache it takes seconds.
func seedCommands() [][]string {
	return [][]string{
		{"build", "./..."},
		{"build", "-trimpath", "./..."},
		{"vet", "./..."},
		{"vet", "-trimpath", "./..."},
		{"test", "-run", "^$", "./..."},
		{"test", "-run", "^$", "-cover", "./..."},
		{"test", "-trimpath", "-run", "^$", "./..."},
		{"vet", "-trimpath", "./..."},
	}
}

// fill runs what a project will run, so that the same packages are compiled in the same ways.
func fill(ctx context.Context, cfg Config, work, cache string) error {
	project := filepath.Join(work, "project")
	if err := os.MkdirAll(project, 0o755); err != nil {
		return fmt.Errorf("make seed project: %w", err)
	}
	for name, content := range map[string]string{"go.mod": "module seed\n\ngo 1.24\n", "main.go": seedMain, "main_test.go": seedTest} {
		if err := os.WriteFile(filepath.Join(project, name), []byte(content), 0o644); err != nil {
			return fmt.Errorf("write seed project: %w", err)
		}
	}
	env := append(os.Environ(),
		fmt.Sprintf("GOCACHEPROG=%s gocache --rw %s", cfg.Init, cache), "GOTOOLCHAIN=local", "GOPROXY=off", "GOFLAGS=-mod=mod -buildvcs=false",
		"CGO_ENABLED=0", "GOWORK=off", "GOCACHE="+filepath.Join(work, "plain"), "GOPATH="+filepath.Join(work, "gopath"))
	for _, args := range seedCommands() {
		cmd := exec.CommandContext(ctx, cfg.Go, args...)
		cmd.Dir, cmd.Env = project, env
		if text, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("seed with go %s: %w\n%.2000s", args[0], err, text)
		}
	}
	return nil
}
