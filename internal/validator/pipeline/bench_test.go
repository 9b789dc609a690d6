package pipeline_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native"
	"github.com/quantumlayer/qlp/internal/sandbox/toolcache"
	"github.com/quantumlayer/qlp/internal/stack"
	"github.com/quantumlayer/qlp/internal/validator"
	"github.com/quantumlayer/qlp/internal/validator/security/gosectool"
	"github.com/quantumlayer/qlp/internal/validator/test/accepttool"
)

// TestMain lets the test binary stand for qlp inside the sandbox: it is mounted there as /qlp/bin/qlp.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "tool" && os.Args[2] == "gosec" {
		os.Exit(gosectool.Main(os.Args[3:], os.Stdout))
	}
	if len(os.Args) > 2 && os.Args[1] == "tool" && os.Args[2] == "accept" {
		os.Exit(accepttool.Main(os.Args[3:], os.Stdout, os.Stderr))
	}
	code := m.Run()
	if machine.dir != "" {
		os.RemoveAll(machine.dir)
	}
	os.Exit(code)
}

// machine is what all tests share: the driver, and a cache of the standard library's compiled packages.
var machine struct {
	once   sync.Once
	err    error
	dir    string
	driver *native.Driver
	mounts []sandbox.Mount
	mu     sync.Mutex // over stacks
	stacks map[string]stack.Toolchain
	cache  toolcache.Go
}

// bench opens real sandboxes with Go and Python in them.
type bench struct {
	wrap func(sandbox.Sandbox) sandbox.Sandbox // nil: as it is
	log  *opened
}

// opened counts what a bench gave out, to see that all of it is destroyed.
type opened struct {
	mu    sync.Mutex
	boxes []sandbox.Sandbox
}

func newBench(t testing.TB) *bench {
	t.Helper()
	machine.once.Do(func() { machine.err = prepare(context.Background()) })
	if machine.err != nil {
		t.Skipf("no sandbox on this machine: %v", machine.err)
	}
	b := &bench{log: &opened{}}
	t.Cleanup(func() {
		for _, box := range b.log.boxes {
			if _, err := box.Stats(context.Background()); err == nil {
				t.Errorf("sandbox %s was not destroyed", box.ID())
			}
		}
	})
	return b
}

func (b *bench) Open(ctx context.Context, st qlp.Stack, _ validator.Supplies) (sandbox.Sandbox, error) {
	machine.mu.Lock()
	tc := machine.stacks[st.Name]
	machine.mu.Unlock()
	spec := sandbox.Spec{Mounts: machine.mounts, Env: map[string]string{"PATH": tc.Path}}
	if st.Language == "go" {
		spec.Mounts = append(spec.Mounts[:len(spec.Mounts):len(spec.Mounts)], machine.cache.Mount())
		maps.Copy(spec.Env, machine.cache.Env())
	}
	for _, m := range tc.Mounts {
		spec.Mounts = append(spec.Mounts[:len(spec.Mounts):len(spec.Mounts)], sandbox.Mount{HostPath: m.HostPath, Path: m.Path})
	}
	box, err := machine.driver.Create(ctx, spec)
	if err != nil {
		return nil, err
	}
	b.log.mu.Lock()
	b.log.boxes = append(b.log.boxes, box)
	b.log.mu.Unlock()
	if b.wrap != nil {
		return b.wrap(box), nil
	}
	return box, nil
}

func prepare(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "qlp-validator-")
	if err != nil {
		return err
	}
	machine.dir = dir
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	initPath := filepath.Join(dir, "qlp-init")
	if err := command(ctx, []string{"CGO_ENABLED=0"}, "go", "build", "-o", initPath, "github.com/quantumlayer/qlp/cmd/qlp-init"); err != nil {
		return err
	}
	machine.driver, err = native.New(ctx, slog.New(slog.DiscardHandler), native.Config{InitPath: initPath, StateDir: filepath.Join(dir, "state")})
	if err != nil {
		return err
	}
	self, err := copySelf(dir)
	if err != nil {
		return err
	}
	machine.mounts = []sandbox.Mount{{HostPath: self, Path: "/qlp/bin/qlp"}}
	machine.stacks = map[string]stack.Toolchain{}
	for _, name := range []string{"go", "python"} {
		st, err := stack.Find(name)
		if err != nil {
			return err
		}
		if machine.stacks[name], err = stack.Locate(ctx, st); err != nil {
			return err
		}
	}
	// The cache outlives the test: it is filled once for each version of Go and user, which takes half a minute.
	machine.cache, err = toolcache.SeedGo(ctx, toolcache.Config{Init: initPath})
	return err
}

// copySelf puts the test binary where the sandbox may read it.
func copySelf(dir string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	content, err := os.ReadFile(self)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "qlp")
	return path, os.WriteFile(path, content, 0o755)
}

func command(ctx context.Context, env []string, argv ...string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, out)
	}
	return nil
}
