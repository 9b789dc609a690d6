package eval

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/validator"
)

//go:embed python/*.py
var scripts embed.FS

// FunctionLimits bound a candidate; zero means the value beside it. The processor's time is what ends a loop without end, so that
// a busy machine fails nobody who is only slow.
type FunctionLimits struct {
	Wall   time.Duration // 20 s
	CPU    time.Duration // 3 s
	Memory int64         // bytes: 512 MiB
}

func (l FunctionLimits) withDefaults() FunctionLimits {
	if l.Wall <= 0 {
		l.Wall = 20 * time.Second
	}
	if l.CPU <= 0 {
		l.CPU = 3 * time.Second
	}
	if l.Memory <= 0 {
		l.Memory = 512 * sandbox.MiB
	}
	return l
}

// Functions judges Python functions. The answer runs in a sandbox of its own, made for it and destroyed after it; the test runs
// in another one, in which there is never anything of an answer. They share nothing but two streams of JSON lines: calls,
// and values. An answer that exits, prints, patches or forges can therefore change values, and nothing else.
type Functions struct {
	bench  validator.Bench
	stack  qlp.Stack // of Python
	limits FunctionLimits
	run    [2]string // scripts: candidate, checker

	mu   sync.Mutex
	idle []sandbox.Sandbox // checkers' sandboxes, of which each serves one check at a time
}

// NewFunctions returns a judge over bench, with the stack of Python. Whoever makes it calls Close after the last judgement.
func NewFunctions(bench validator.Bench, python qlp.Stack, limits FunctionLimits) (*Functions, error) {
	j := &Functions{bench: bench, stack: python, limits: limits.withDefaults()}
	values, err := scripts.ReadFile("python/values.py")
	if err != nil {
		return nil, fmt.Errorf("read script: %w", err)
	}
	for i, name := range []string{"candidate", "checker"} {
		own, err := scripts.ReadFile("python/" + name + ".py")
		if err != nil {
			return nil, fmt.Errorf("read script: %w", err)
		}
		j.run[i] = string(values) + "\n" + string(own)
	}
	return j, nil
}

// Close destroys the checkers' sandboxes.
func (j *Functions) Close(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var errs []error
	for _, box := range j.idle {
		errs = append(errs, box.Destroy(ctx))
	}
	j.idle = nil
	return errors.Join(errs...)
}

func (j *Functions) checkerBox(ctx context.Context) (sandbox.Sandbox, error) {
	j.mu.Lock()
	if n := len(j.idle); n > 0 {
		box := j.idle[n-1]
		j.idle = j.idle[:n-1]
		j.mu.Unlock()
		return box, nil
	}
	j.mu.Unlock()
	return j.bench.Open(ctx, j.stack, validator.Supplies{})
}

// Judge runs the test against the answer.
func (j *Functions) Judge(ctx context.Context, p Problem, s Solution) (_ Judgement, err error) {
	if p.Function == nil {
		return Judgement{}, qlp.Errorf(qlp.Internal, "the problem %s has no test of a function", p.ID)
	}
	if s.Declined != "" {
		return Judgement{Status: Declined, Reason: s.Declined}, nil
	}
	box, err := j.bench.Open(ctx, j.stack, validator.Supplies{})
	if err != nil {
		return Judgement{}, fmt.Errorf("open the candidate's sandbox: %w", err)
	}
	defer func() { err = errors.Join(err, box.Destroy(context.WithoutCancel(ctx))) }()
	checker, err := j.checkerBox(ctx)
	if err != nil {
		return Judgement{}, fmt.Errorf("open the checker's sandbox: %w", err)
	}
	d := &duel{judge: j, nonce: rand.Text()}
	if err := d.fight(ctx, box, checker, p, s); err != nil {
		return Judgement{}, errors.Join(err, checker.Destroy(context.WithoutCancel(ctx)))
	}
	j.mu.Lock()
	j.idle = append(j.idle, checker)
	j.mu.Unlock()
	return d.conclude()
}

// duel is one candidate before one test.
type duel struct {
	judge              *Functions
	nonce              string
	verdict            checkerVerdict
	heard              bool
	started            time.Time
	candidate, checker sandbox.Result
}

type checkerVerdict struct {
	Passed bool   `json:"passed"`
	Nonce  string `json:"nonce"`
	Calls  int    `json:"calls"`
	Reason string `json:"reason"`
	Line   string `json:"line"`
	Broken string `json:"broken"`
}

// grace is how long a candidate may take to end by itself once nobody calls it any more.
const grace = 300 * time.Millisecond

func (d *duel) fight(ctx context.Context, box, checkerBox sandbox.Sandbox, p Problem, s Solution) error {
	source, err := json.Marshal(s.Source)
	if err != nil {
		return fmt.Errorf("pack the answer: %w", err)
	}
	order, err := json.Marshal(map[string]string{"prompt": runnable(p.Prompt), "test": p.Function.Test, "entry": p.Entry, "nonce": d.nonce})
	if err != nil {
		return fmt.Errorf("pack the test: %w", err)
	}
	calls, callsIn := io.Pipe()
	values, valuesIn := io.Pipe()
	defer calls.Close()
	defer values.Close()
	d.started = time.Now().UTC().Truncate(time.Microsecond)
	candidateCtx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		var err error
		d.candidate, err = box.Exec(candidateCtx, d.judge.command(0, io.MultiReader(line(source), calls), &deaf{valuesIn}))
		_ = calls.Close() // a checker that still calls is not held up
		_ = valuesIn.Close()
		ended <- err
	}()
	d.checker, err = checkerBox.Exec(ctx, d.judge.command(1, io.MultiReader(line(order), values), &referee{duel: d, calls: &deaf{callsIn}}))
	_ = values.Close() // a candidate that still answers is not held up
	_ = callsIn.Close()
	last := time.AfterFunc(grace, stop)
	defer last.Stop()
	return errors.Join(err, <-ended, ctx.Err())
}

// line is the text that a script reads first.
func line(b []byte) io.Reader { return bytes.NewReader(append(bytes.Clone(b), '\n')) }

// runnable makes the beginning of a file one that can be executed: a prompt may end where the function's body would begin.
func runnable(prompt string) string { return strings.TrimRight(prompt, " \t") + "\n    pass\n" }

func (j *Functions) command(which int, in io.Reader, out io.Writer) sandbox.Cmd {
	l := sandbox.Limits{Wall: j.limits.Wall, CPUTime: j.limits.CPU, Memory: j.limits.Memory, Pids: 64, Output: 64 * sandbox.KiB}
	if which == 1 { // the checker outlives what it judges
		l.Wall, l.CPUTime = l.Wall+5*time.Second, l.CPUTime+5*time.Second
	}
	return sandbox.Cmd{
		Argv: []string{"python3", "-I", "-S", "-X", "utf8", "-c", j.run[which]}, Env: j.stack.Env, Stdin: in, Stdout: out, Limits: l,
	}
}

// deaf hands bytes on for as long as somebody reads, and never complains: an output that fails would count as the program's.
type deaf struct{ to io.Writer }

func (w *deaf) Write(b []byte) (int, error) {
	_, _ = w.to.Write(b)
	return len(b), nil
}

// referee reads what the checker writes: lines with calls, which go to the candidate, and one with the verdict.
type referee struct {
	duel  *duel
	calls io.Writer
	line  []byte
}

// Write takes a piece of the checker's output.
func (r *referee) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		part, after, whole := bytes.Cut(rest, []byte("\n"))
		r.line = append(r.line, part...)
		if whole {
			r.take()
			r.line = r.line[:0]
		}
		rest = after
	}
	return len(b), nil
}

func (r *referee) take() {
	if bytes.HasPrefix(r.line, []byte(`{"verdict"`)) {
		var v struct{ Verdict checkerVerdict }
		if json.Unmarshal(r.line, &v) == nil {
			r.duel.verdict, r.duel.heard = v.Verdict, true
		}
		return
	}
	_, _ = r.calls.Write(append(r.line, '\n'))
}

// conclude decides. A pass needs the checker's own end, its word, and the nonce.
func (d *duel) conclude() (Judgement, error) {
	out := Judgement{Status: Failed}
	out.record("candidate", d.started, []string{"python3", "answer.py"}, d.candidate)
	out.record("checker", d.started, []string{"python3", "test.py"}, d.checker)
	v := d.verdict
	switch {
	case d.checker.Verdict == sandbox.InternalError || d.candidate.Verdict == sandbox.InternalError:
		return Judgement{}, qlp.Errorf(qlp.Unavailable, "the sandbox was lost")
	case d.candidate.Verdict == sandbox.NotStarted:
		return Judgement{}, qlp.Errorf(qlp.Unavailable, "the sandbox has no python3")
	case !d.heard:
		out.Reason = fmt.Sprintf("the test did not come to its end: %s, exit code %d", d.checker.Verdict, d.checker.ExitCode)
		if !endedBadly(d.candidate.Verdict) && !endedBadly(d.checker.Verdict) || d.checker.Verdict == sandbox.Nonzero {
			out.Status = Errored // it ended by itself; what is too large or too slow for it came from the candidate
		}
	case v.Passed && v.Nonce == d.nonce && v.Calls > 0 && d.checker.Verdict == sandbox.OK:
		out.Status = Passed
	case v.Broken != "" && !endedBadly(d.candidate.Verdict):
		out.Status, out.Reason = Errored, v.Broken
	default:
		out.Reason = v.Reason
		if v.Line != "" {
			out.Reason += " at: " + v.Line
		}
		if endedBadly(d.candidate.Verdict) {
			out.Reason += fmt.Sprintf(" (%s, exit code %d)%s", d.candidate.Verdict, d.candidate.ExitCode, lastLine(d.candidate.Stderr))
		}
	}
	return out, nil
}

// endedBadly says whether a candidate's end was its own doing. One that was canceled had outlived its test.
func endedBadly(v sandbox.Verdict) bool { return v != sandbox.OK && v != sandbox.Canceled }

func lastLine(b []byte) string {
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(b), "\uFFFD")), "\n")
	if text := lines[len(lines)-1]; text != "" {
		return ": " + text[:min(len(text), 300)]
	}
	return ""
}
