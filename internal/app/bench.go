package app

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/stack"
	"github.com/quantumlayer/qlp/internal/validator"
)

// insideBinary is where the sandbox finds this program, whose tools some stacks' commands name.
const insideBinary = "/qlp/bin/qlp"

// gosecName is the program beside this one that scans Go code.
const gosecName = "qlp-gosec"

// bench opens sandboxes with a stack's toolchain in them. It finds a toolchain once; what is installed later is found by
// the next process.
type bench struct {
	driver  sandbox.Driver
	require bool
	log     *slog.Logger

	mu     sync.Mutex
	stacks map[string]*equipment
}

// equipment is what a stack's sandboxes are given.
type equipment struct {
	once   sync.Once
	mounts []sandbox.Mount
	env    map[string]string
	err    error
}

func newBench(driver sandbox.Driver, require bool, log *slog.Logger) *bench {
	return &bench{driver: driver, require: require, log: log, stacks: map[string]*equipment{}}
}

// Open returns a sandbox for the stack, in which what was fetched is seen.
func (b *bench) Open(ctx context.Context, st qlp.Stack, supplies validator.Supplies) (sandbox.Sandbox, error) {
	spec := sandbox.Spec{Require: b.require, Labels: map[string]string{"stack": st.Name}}
	known, err := stack.Known(st.Name)
	if err != nil {
		return nil, qlp.Errorf(qlp.Unavailable, "%w", err)
	}
	if r := known.Room; r != nil { // our own data: a capsule may come from a stranger
		spec.Limits = sandbox.Limits{
			Memory: r.MemoryMiB * sandbox.MiB, Disk: r.DiskMiB * sandbox.MiB, FileSize: r.DiskMiB * sandbox.MiB / 2, Wall: time.Duration(r.WallMS) * time.Millisecond,
		}
	}
	if elsewhere(b.driver) {
		spec.Stack = st.Name
		return b.driver.Create(ctx, spec)
	}
	e, err := b.equip(ctx, st)
	if err != nil {
		return nil, err
	}
	spec.Mounts = slices.Concat(e.mounts, supplies.Mounts)
	spec.Env = maps.Clone(e.env)
	maps.Copy(spec.Env, supplies.Env) // what was fetched is found where it says, whatever the cache's settings are
	return b.driver.Create(ctx, spec)
}

func (b *bench) equip(ctx context.Context, st qlp.Stack) (*equipment, error) {
	b.mu.Lock()
	e, ok := b.stacks[st.Name]
	if !ok {
		e = &equipment{}
		b.stacks[st.Name] = e
	}
	b.mu.Unlock()
	e.once.Do(func() {
		// Finding a toolchain runs commands on the host. They come from our own data, never from the stack at hand: that one
		// may have come in a stranger's capsule.
		var known qlp.Stack
		if known, e.err = stack.Known(st.Name); e.err == nil {
			e.err = b.find(context.WithoutCancel(ctx), known, e)
		}
	})
	if e.err != nil { // perhaps mended by the next time
		b.mu.Lock()
		delete(b.stacks, st.Name)
		b.mu.Unlock()
	}
	return e, e.err
}

func (b *bench) find(ctx context.Context, st qlp.Stack, e *equipment) error {
	tc, err := stack.Locate(ctx, st)
	if err != nil {
		return err
	}
	for _, m := range tc.Missing {
		b.log.Debug("Optional tool missing", "room", "app", "tool", m.Name, "reason", m.Reason)
	}
	for _, m := range tc.Mounts {
		e.mounts = append(e.mounts, sandbox.Mount{HostPath: m.HostPath, Path: m.Path})
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own binary: %w", err)
	}
	e.mounts = append(e.mounts, sandbox.Mount{HostPath: self, Path: insideBinary})
	if beside := filepath.Join(filepath.Dir(self), gosecName); there(beside) { // where it is missing, the check says so
		e.mounts = append(e.mounts, sandbox.Mount{HostPath: beside, Path: filepath.Join(filepath.Dir(insideBinary), gosecName)})
	}
	e.env = map[string]string{"PATH": tc.Path}
	if st.Language == "go" {
		return b.addGoCache(ctx, e)
	}
	return nil
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
