package sandboxtest

import (
	"context"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/quantumlayer/qlp/internal/sandbox"
)

//go:embed testdata/hostile.c
var hostileC []byte

//go:embed testdata/hostile.go
var hostileGo []byte

// programs are the suite's own in C and Go. They are built on this machine, static, when the first case asks, and are the same for
// every driver.
type programs struct {
	dir string

	mu    sync.Mutex
	built map[string]made
}

type made struct {
	program []byte
	said    string // by a compiler that failed
}

func (p *programs) inC(t T) map[string]sandbox.File {
	t.Helper()
	return p.get(t, "hostile.c", hostileC, "cc", "-static", "-O1", "-w")
}

func (p *programs) inGo(t T) map[string]sandbox.File {
	t.Helper()
	return p.get(t, "hostile.go", hostileGo, "go", "build", "-trimpath", "-ldflags=-s -w")
}

// get skips the case where there is no compiler.
func (p *programs) get(t T, name string, source []byte, compiler ...string) map[string]sandbox.File {
	t.Helper()
	if _, err := exec.LookPath(compiler[0]); err != nil {
		t.Skipf("no %s on this machine to build the program with", compiler[0])
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	m, ok := p.built[name]
	if !ok {
		m = p.build(t.Context(), name, source, compiler)
		if p.built == nil {
			p.built = map[string]made{}
		}
		p.built[name] = m
	}
	if m.program == nil {
		t.Skipf("%s cannot build the program here: %.300s", compiler[0], m.said)
	}
	return map[string]sandbox.File{"hostile": {Content: m.program, Mode: 0o755}}
}

func (p *programs) build(ctx context.Context, name string, source []byte, compiler []string) made {
	in, out := filepath.Join(p.dir, name), filepath.Join(p.dir, name+".out")
	if err := os.WriteFile(in, source, 0o600); err != nil {
		return made{said: err.Error()}
	}
	cmd := exec.CommandContext(ctx, compiler[0], append(compiler[1:], "-o", out, in)...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GO111MODULE=off")
	if said, err := cmd.CombinedOutput(); err != nil {
		return made{said: string(said) + err.Error()}
	}
	program, err := os.ReadFile(out)
	if err != nil {
		return made{said: err.Error()}
	}
	return made{program: program}
}
