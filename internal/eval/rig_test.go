package eval_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/quantumlayer/qlp/internal/eval"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native"
	"github.com/quantumlayer/qlp/internal/sandbox/toolcache"
	"github.com/quantumlayer/qlp/internal/stack"
	"github.com/quantumlayer/qlp/internal/validator"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("QLP_EVAL_TEST_RUN"); dir != "" { // this binary as the process that is killed
		os.Exit(runToBeKilled(dir))
	}
	code := m.Run()
	if machine.driver != nil {
		_ = machine.driver.Close()
	}
	if machine.dir != "" {
		_ = os.RemoveAll(machine.dir)
	}
	os.Exit(code)
}

// machine is what all tests share: the driver, and a cache of Go's compiled standard library.
var machine struct {
	once, cacheOnce sync.Once
	err, cacheErr   error
	dir, init       string
	driver          *native.Driver
	cache           toolcache.Go
}

// bench opens real sandboxes.
type bench struct {
	mu    sync.Mutex
	found map[string]stack.Toolchain
}

func newBench(t testing.TB) *bench {
	t.Helper()
	machine.once.Do(func() { machine.err = prepare(context.Background()) })
	if machine.err != nil {
		t.Skipf("no sandbox on this machine: %v", machine.err)
	}
	return &bench{found: map[string]stack.Toolchain{}}
}

func (b *bench) locate(ctx context.Context, st qlp.Stack) (stack.Toolchain, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if tc, ok := b.found[st.Name]; ok {
		return tc, nil
	}
	known, err := stack.Known(st.Name)
	if err != nil {
		return stack.Toolchain{}, err
	}
	tc, err := stack.Locate(ctx, known)
	if err == nil {
		b.found[st.Name] = tc
	}
	return tc, err
}

func (b *bench) Open(ctx context.Context, st qlp.Stack, _ validator.Supplies) (sandbox.Sandbox, error) {
	tc, err := b.locate(ctx, st)
	if err != nil {
		return nil, err
	}
	spec := sandbox.Spec{Env: map[string]string{"PATH": tc.Path}}
	if st.Language == "go" {
		machine.cacheOnce.Do(func() { machine.cache, machine.cacheErr = toolcache.SeedGo(ctx, toolcache.Config{Init: machine.init}) })
		if machine.cacheErr != nil {
			return nil, machine.cacheErr
		}
		spec.Mounts = append(spec.Mounts, machine.cache.Mount())
		maps.Copy(spec.Env, machine.cache.Env())
	}
	for _, m := range tc.Mounts {
		spec.Mounts = append(spec.Mounts, sandbox.Mount{HostPath: m.HostPath, Path: m.Path})
	}
	return machine.driver.Create(ctx, spec)
}

func prepare(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "qlp-eval-")
	if err != nil {
		return err
	}
	machine.dir = dir
	if err := os.Chmod(dir, 0o755); err != nil { // an ordinary user's sandbox must be able to reach the init
		return err
	}
	machine.init = filepath.Join(dir, "qlp-init")
	build := exec.CommandContext(ctx, "go", "build", "-o", machine.init, "github.com/quantumlayer/qlp/cmd/qlp-init")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	machine.driver, err = native.New(ctx, slog.New(slog.DiscardHandler), native.Config{InitPath: machine.init, StateDir: filepath.Join(dir, "state")})
	return err
}

func pythonStack(t testing.TB) qlp.Stack {
	t.Helper()
	st, err := stack.Find("python")
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func newFunctions(t testing.TB, limits eval.FunctionLimits) *eval.Functions {
	t.Helper()
	j, err := eval.NewFunctions(newBench(t), pythonStack(t), limits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return j
}

// humanEval reads the real file, or skips.
func humanEval(t testing.TB) eval.Suite {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", "eval", "HumanEval.jsonl.gz")
	if _, err := os.Stat(path); err != nil {
		t.Skip("HumanEval is not beside the repository")
	}
	s, err := eval.LoadHumanEval(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// few are problems of HumanEval whose tests do something unusual: draw at random, call helpers of the prompt, call the function by its
// name, compare floats, sets and identities.
func few(t testing.TB) eval.Suite {
	t.Helper()
	s, err := humanEval(t).Only([]string{
		"HumanEval/0", "HumanEval/32", "HumanEval/33", "HumanEval/38", "HumanEval/50", "HumanEval/53", "HumanEval/72", "HumanEval/111",
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
