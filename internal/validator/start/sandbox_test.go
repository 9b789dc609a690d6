package start_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/contract"
	"github.com/quantumlayer/qlp/internal/contract/contracttest"
	"github.com/quantumlayer/qlp/internal/generator/offline/golang"
	"github.com/quantumlayer/qlp/internal/generator/offline/python"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest"
	"github.com/quantumlayer/qlp/internal/stack"
	"github.com/quantumlayer/qlp/internal/validator/start"
)

// place opens real sandboxes with Python in them; Go services come as binaries.
type place struct {
	driver *native.Driver
	python stack.Toolchain
}

func open(t *testing.T) *place {
	t.Helper()
	dir, err := os.MkdirTemp("", "qlp-start-test-") //nolint:usetesting // other users must be able to enter it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	initPath, err := sandboxtest.BuildInit(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	p := &place{}
	p.driver, err = native.New(t.Context(), slog.New(slog.DiscardHandler), native.Config{InitPath: initPath, StateDir: filepath.Join(dir, "state")})
	if err != nil {
		t.Skipf("no sandbox on this machine: %v", err)
	}
	t.Cleanup(func() {
		if err := p.driver.Close(); err != nil {
			t.Error(err)
		}
	})
	if p.python, err = stack.Locate(t.Context(), find(t, "python")); err != nil {
		t.Skipf("no Python on this machine: %v", err)
	}
	return p
}

func find(t *testing.T, name string) qlp.Stack {
	t.Helper()
	st, err := stack.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// subject puts files into a sandbox of its own.
func (p *place) subject(t *testing.T, spec qlp.Spec, st qlp.Stack, files map[string]sandbox.File) start.Subject {
	t.Helper()
	want := sandbox.Spec{Env: map[string]string{"PATH": p.python.Path}}
	for _, m := range p.python.Mounts {
		want.Mounts = append(want.Mounts, sandbox.Mount{HostPath: m.HostPath, Path: m.Path})
	}
	box, err := p.driver.Create(t.Context(), want)
	if err != nil {
		t.Skipf("no sandbox on this machine: %v", err)
	}
	t.Cleanup(func() {
		if err := box.Destroy(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := sandbox.PutTree(t.Context(), box, files); err != nil {
		t.Fatal(err)
	}
	doc, err := contract.OpenAPI(&spec)
	if err != nil {
		t.Fatal(err)
	}
	return start.Subject{Spec: spec, Stack: st, OpenAPI: doc, Sandbox: box}
}

// goService builds a generated project and returns a stack that starts it.
func goService(t *testing.T, spec qlp.Spec) (qlp.Stack, map[string]sandbox.File) {
	t.Helper()
	files, err := golang.Project(spec)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o750), os.WriteFile(name, f.Content, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "build", "-o", "built", ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	binary, err := os.ReadFile(filepath.Join(dir, "built"))
	if err != nil {
		t.Fatal(err)
	}
	st := find(t, "go")
	st.Commands.Start.Argv = []string{"/work/service"}
	return st, map[string]sandbox.File{"service": {Content: binary, Mode: 0o755}}
}

func pythonService(t *testing.T, spec qlp.Spec) (qlp.Stack, map[string]sandbox.File) {
	t.Helper()
	files, err := python.Project(spec)
	if err != nil {
		t.Fatal(err)
	}
	tree := map[string]sandbox.File{}
	for _, f := range files {
		tree[f.Path] = sandbox.File{Content: f.Content}
	}
	return find(t, "python"), tree
}

// TestCheck starts real services in real sandboxes of one driver.
func TestCheck(t *testing.T) {
	t.Parallel()
	p := open(t)
	t.Run("generated", p.testGenerated)
	t.Run("unwilling", p.testUnwilling)
	t.Run("canceled", p.testCanceled)
}

// testGenerated starts what the stacks write.
func (p *place) testGenerated(t *testing.T) {
	for stackName, build := range map[string]func(*testing.T, qlp.Spec) (qlp.Stack, map[string]sandbox.File){"go": goService, "python": pythonService} {
		for name, spec := range contracttest.Specs() {
			t.Run(stackName+"/"+name, func(t *testing.T) {
				st, files := build(t, spec)
				out, err := start.Check(t.Context(), p.subject(t, spec, st, files))
				if err != nil {
					t.Fatal(err)
				}
				expectStatus(t, out, qlp.Passed)
				x := out.Executions[0]
				if x.ExitCode != 0 || x.Counts.Passed < 10 || out.Check.Counts.Failed != 0 || out.Check.Read == "" {
					t.Errorf("%+v %+v", out.Check, x)
				}
				t.Logf("%+v in %d ms, %d ms of processor time", *out.Check.Counts, x.WallMS, x.CPUMS)
			})
		}
	}
}

func expectStatus(t *testing.T, out start.Outcome, want qlp.Status) {
	t.Helper()
	if out.Check.Status() != want {
		t.Errorf("%s, expected %s: %s", out.Check.Status(), want, out.Check.Reason)
		for _, f := range out.Check.Findings {
			t.Errorf("%s: %s", f.Rule, f.Message)
		}
	}
	known := map[qlp.Digest]bool{}
	for _, log := range out.Logs {
		known[qlp.DigestOf(log)] = true
	}
	for _, x := range out.Executions {
		if !known[x.Stdout] || !known[x.Stderr] {
			t.Error("an execution names a log that is not there")
		}
	}
	if r := out.Check.Read; r != "" && !known[r] {
		t.Error("the check names a log that is not there")
	}
}

// testUnwilling starts programs that are no service, or end badly.
func (p *place) testUnwilling(t *testing.T) {
	const listen = "import http.server, json, sys, signal\n" +
		"s = http.server.HTTPServer(('127.0.0.1', 0), http.server.BaseHTTPRequestHandler)\n" +
		"print(json.dumps({'msg': 'listening', 'addr': '127.0.0.1:%d' % s.server_port}), file=sys.stderr, flush=True)\n"
	cases := map[string]struct{ program, rule string }{
		"ends at once":     {"import sys; sys.exit(3)", "not-listening"},
		"says nothing":     {"import time; time.sleep(60)", "not-listening"},
		"no address":       {"import sys, time; print('{\"msg\":\"listening\",\"addr\":\"here\"}', file=sys.stderr, flush=True); time.sleep(60)", "not-listening"},
		"nobody there":     {"import sys, time; print('{\"msg\":\"listening\",\"addr\":\"127.0.0.1:9\"}', file=sys.stderr, flush=True); time.sleep(60)", "probe-failed"},
		"answers nothing":  {listen + "s.serve_forever()", "probe-failed"},
		"ignores SIGTERM":  {listen + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\ns.serve_forever()", "exit-code"},
		"ends by a signal": {listen + "s.serve_forever()", "exit-code"},
		"not there":        {"", "not-listening"},
		"floods its log":   {"import sys\nwhile True: sys.stderr.write('x' * 65536)", "not-listening"},
		"dies when probed": {listen + "s.handle_request()\nimport os; os._exit(1)", "exit-code"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			st := find(t, "python")
			st.Commands.Start.Argv = []string{"python3", "/work/program.py"}
			if c.program == "" {
				st.Commands.Start.Argv = []string{"/work/nothing"}
			}
			s := p.subject(t, contracttest.Library(), st, map[string]sandbox.File{"program.py": {Content: []byte(c.program)}})
			s.Limits = start.Limits{Listen: 3 * time.Second, Probes: 10 * time.Second, Stop: 2 * time.Second}
			out, err := start.Check(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			expectStatusIs(t, out, c.rule)
		})
	}
}

func expectStatusIs(t *testing.T, out start.Outcome, rule string) {
	t.Helper()
	var rules []string
	for _, f := range out.Check.Findings {
		rules = append(rules, f.Rule)
	}
	if out.Check.Status() != qlp.Failed || !strings.Contains(strings.Join(rules, " "), rule) {
		t.Errorf("%s (%s), findings %v, expected a failure with %s", out.Check.Status(), out.Check.Reason, rules, rule)
	}
}

// testCanceled ends soon when its context does, and leaves no service behind.
func (p *place) testCanceled(t *testing.T) {
	st := find(t, "python")
	st.Commands.Start.Argv = []string{"python3", "-c", "import time; time.sleep(60)"}
	s := p.subject(t, contracttest.Library(), st, nil)
	why := errors.New("the person stopped it")
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := time.AfterFunc(300*time.Millisecond, func() { cancel(why) })
	defer stop.Stop()
	began := time.Now()
	if _, err := start.Check(ctx, s); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
}
