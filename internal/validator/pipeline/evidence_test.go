package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/validator"
	"github.com/quantumlayer/qlp/internal/validator/pipeline"
)

// broken is a real sandbox whose commands end as the test says.
type broken struct {
	sandbox.Sandbox
	reports bool // only reports are broken
	ends    func(ctx context.Context, inner sandbox.Sandbox, cmd sandbox.Cmd) (sandbox.Result, error)
}

func (b broken) Exec(ctx context.Context, cmd sandbox.Cmd) (sandbox.Result, error) {
	return b.ends(ctx, b.Sandbox, cmd)
}

func (b broken) Start(ctx context.Context, cmd sandbox.Cmd) (sandbox.Process, error) {
	if b.reports { // a service has none
		return b.Sandbox.Start(ctx, cmd)
	}
	res, err := b.ends(ctx, b.Sandbox, cmd)
	if err != nil {
		return nil, err
	}
	return dead{res}, nil
}

// dead is a service that has ended with a result.
type dead struct{ res sandbox.Result }

func (d dead) Wait(context.Context) (sandbox.Result, error) { return d.res, nil }
func (d dead) Kill(context.Context) (sandbox.Result, error) { return d.res, nil }
func (d dead) Signal(context.Context, syscall.Signal) error { return nil }

// TestNoEvidenceNoPass breaks every command in the same way: no check that rests on a command may pass, except one for
// which silence and exit code 0 are the right answer.
func TestNoEvidenceNoPass(t *testing.T) {
	type breaker = func(context.Context, sandbox.Sandbox, sandbox.Cmd) (sandbox.Result, error)
	answer := func(res sandbox.Result, err error) breaker {
		return func(context.Context, sandbox.Sandbox, sandbox.Cmd) (sandbox.Result, error) { return res, err }
	}
	tests := []struct {
		name   string
		breaks breaker
		want   qlp.Status // of every check that rests on a command
		only   string     // layers that this can be asked of
	}{
		{"the sandbox is lost", answer(sandbox.Result{Verdict: sandbox.InternalError, Reason: sandbox.ReasonInitLost}, nil), qlp.Errored, ""},
		{"the sandbox says nothing", answer(sandbox.Result{}, nil), qlp.Errored, ""},
		{"somebody destroyed it", answer(sandbox.Result{Verdict: sandbox.Canceled, Reason: sandbox.ReasonDestroyed}, nil), qlp.Errored, ""},
		{"the driver fails", answer(sandbox.Result{}, sandbox.ErrDestroyed), qlp.Errored, ""},
		{"the tool is missing", answer(sandbox.Result{Verdict: sandbox.NotStarted, Reason: sandbox.ReasonNotFound}, nil), qlp.NotRun, ""},
		{"a layer panics", func(context.Context, sandbox.Sandbox, sandbox.Cmd) (sandbox.Result, error) { panic("boom") }, qlp.Errored, ""},
		{"the report is cut", cutReport, "", "test/ security/"},
		{"exit code 0 and no report", silent, "", "test/ security/"},
	}
	for _, stackName := range []string{"go", "python"} {
		for _, tt := range tests {
			t.Run(stackName+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				bench := newBench(t)
				bench.wrap = func(box sandbox.Sandbox) sandbox.Sandbox { return broken{box, tt.only != "", versionsWork(tt.breaks)} }
				s := project(t, stackName)
				r, err := newPipeline(t, bench, pipeline.Config{}).Validate(t.Context(), s, nil)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range r.Checks {
					if c.Read != "" || c.Key() == "security/static" || c.Status() == qlp.NotRun && tt.want == qlp.Errored {
						continue // made in-process, or after something that broke
					}
					if tt.only != "" && !strings.Contains(tt.only, string(c.Layer)+"/") {
						continue
					}
					if c.Status() == qlp.Passed || tt.want != "" && c.Status() != tt.want {
						t.Errorf("%s is %s (%s)", c.Key(), c.Status(), c.Reason)
					}
				}
				if v := qlp.Decide(r.Checks); v == qlp.Verified {
					t.Error("verified")
				}
				evidence(t, r)
			})
		}
	}
}

// versionsWork keeps the questions for a tool's version going, so that the commands themselves are what breaks.
func versionsWork(next func(context.Context, sandbox.Sandbox, sandbox.Cmd) (sandbox.Result, error)) func(context.Context, sandbox.Sandbox, sandbox.Cmd) (sandbox.Result, error) {
	return func(ctx context.Context, inner sandbox.Sandbox, cmd sandbox.Cmd) (sandbox.Result, error) {
		if last := cmd.Argv[len(cmd.Argv)-1]; last == "version" || last == "--version" {
			return inner.Exec(ctx, cmd)
		}
		return next(ctx, inner, cmd)
	}
}

// hasReport tells the commands whose output is a report.
func hasReport(cmd sandbox.Cmd) bool {
	line := strings.Join(cmd.Argv, " ")
	return strings.Contains(line, "-json") || strings.Contains(line, "unittest") || strings.Contains(line, "-fmt=json") || strings.Contains(line, "-format json")
}

// cutReport runs the command and lets half of its output through, with exit code 0.
func cutReport(ctx context.Context, inner sandbox.Sandbox, cmd sandbox.Cmd) (sandbox.Result, error) {
	if !hasReport(cmd) {
		return inner.Exec(ctx, cmd)
	}
	stdout, stderr := cmd.Stdout, cmd.Stderr
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	res, err := inner.Exec(ctx, cmd)
	if err != nil {
		return res, err
	}
	if _, err := stdout.Write(out.Bytes()[:out.Len()/2]); err != nil {
		return res, err
	}
	if _, err := stderr.Write(errs.Bytes()[:errs.Len()/2]); err != nil {
		return res, err
	}
	return res, nil
}

func silent(ctx context.Context, inner sandbox.Sandbox, cmd sandbox.Cmd) (sandbox.Result, error) {
	if !hasReport(cmd) {
		return inner.Exec(ctx, cmd)
	}
	return sandbox.Result{Verdict: sandbox.OK}, nil
}

// TestCancel: the caller gets the cause within two seconds, and no sandbox is left.
func TestCancel(t *testing.T) {
	t.Parallel()
	s := project(t, "python")
	s = change(s, map[string]string{"tests/test_hang.py": "import time\nimport unittest\n\n\nclass Hang(unittest.TestCase):\n    def test_hang(self):\n        time.sleep(600)\n"})
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("the person stopped it")
	var at time.Time
	_, err := newPipeline(t, newBench(t), pipeline.Config{}).Validate(ctx, s, func(c qlp.Check) {
		if c.Layer == qlp.LayerBuild {
			at = time.Now()
			cancel(stop)
		}
	})
	if !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
	if took := time.Since(at); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
}

// refusing is a bench that opens nothing.
type refusing struct{ err error }

func (r refusing) Open(context.Context, qlp.Stack, validator.Supplies) (sandbox.Sandbox, error) {
	return nil, r.err
}

func TestNoSandbox(t *testing.T) {
	t.Parallel()
	missing := qlp.Errorf(qlp.Unavailable, "go is not there").WithRemedy("install Go")
	r, err := newPipeline(t, refusing{missing}, pipeline.Config{}).Validate(t.Context(), project(t, "go"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		if c.Status() == qlp.NotRun && !strings.Contains(c.Reason, "install Go") {
			t.Errorf("%s does not tell the remedy: %s", c.Key(), c.Reason)
		}
		if c.Layer == qlp.LayerBuild && c.Status() != qlp.NotRun {
			t.Errorf("%s is %s", c.Key(), c.Status())
		}
	}
	if v := qlp.Decide(r.Checks); v != qlp.Unverified {
		t.Errorf("verdict %s", v)
	}
	broke := errors.New("the disk is gone")
	if _, err := newPipeline(t, refusing{broke}, pipeline.Config{}).Validate(t.Context(), project(t, "go"), nil); !errors.Is(err, broke) {
		t.Errorf("a fault of the machine: %v", err)
	}
}

// TestSameAgain: a second validation has the same checks and executions, so that a rerun can be compared with the first.
func TestSameAgain(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, newBench(t), pipeline.Config{})
	var first []string
	for i := range 2 {
		var calls, most atomic.Int32
		r, err := p.Validate(t.Context(), project(t, "go"), func(qlp.Check) {
			most.Store(max(most.Load(), calls.Add(1)))
			calls.Add(-1)
		})
		if err != nil {
			t.Fatal(err)
		}
		if most.Load() != 1 {
			t.Errorf("progress was called by %d at once", most.Load())
		}
		var lines []string
		for _, c := range r.Checks {
			lines = append(lines, c.Key()+" "+string(c.Status()))
		}
		for _, x := range r.Executions {
			lines = append(lines, x.ID+" "+strings.Join(x.Argv, " ")+" "+x.Verdict)
		}
		if i == 0 {
			first = lines
		} else if diff := cmp.Diff(first, lines); diff != "" {
			t.Error(diff)
		}
		if r.Toolchain["go"] == "" || r.SandboxMS == 0 || len(r.Reports) != 2 {
			t.Errorf("toolchain %v, %d ms, %d reports", r.Toolchain, r.SandboxMS, len(r.Reports))
		}
	}
}

func TestSyntaxOfOneTask(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, newBench(t), pipeline.Config{})
	tests := []struct {
		name, stack string
		file        qlp.File
		want        string
	}{
		{"Go", "go", qlp.File{Path: "a.go", Content: []byte("package a\n")}, "content passed, go passed"},
		{"Python", "python", qlp.File{Path: "service/a.py", Content: []byte("x = 1\n")}, "content passed, py-compile passed"},
		{"bad Python", "python", qlp.File{Path: "service/a.py", Content: []byte("x = = 1\n")}, "content passed, py-compile failed"},
		{"no Python in it", "python", qlp.File{Path: "README.md", Content: []byte("# x\n")}, "content passed"},
		{"JSON as Python", "python", qlp.File{Path: "service/a.py", Content: []byte("{}")}, "content failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := project(t, tt.stack)
			checks, err := p.Syntax(t.Context(), s.Stack, []qlp.File{tt.file})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range checks {
				got = append(got, c.Name+" "+string(c.Status()))
			}
			if strings.Join(got, ", ") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
