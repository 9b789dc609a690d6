// Package record keeps the evidence of one validation: it runs a command in a sandbox and writes down what was run, how
// it ended, and the digests of what it printed.
//
// It never judges a result, never invents one (a command that could not be run leaves an error, not an execution), and
// never changes what it has recorded except for the counts that a parser read out of the output.
//
// Arrows: qlp, sandbox, validator's contract.
package record

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/validator"
)

// Book collects the executions and logs of one validation. Its methods are safe for concurrent use.
type Book struct {
	mu         sync.Mutex
	executions []qlp.Execution
	logs       map[qlp.Digest][]byte
	numbers    map[string]int
}

// New returns an empty book.
func New() *Book {
	return &Book{logs: map[qlp.Digest][]byte{}, numbers: map[string]int{}}
}

// Order is one command to run for a check.
type Order struct {
	Check   string // key of the check it serves
	Command qlp.Command
	Env     map[string]string // of the stack; the command's own wins
	Limits  sandbox.Limits    // may only lower the sandbox's
	ID      string            // of Reserve; empty: the next one of the check
}

// Ran is a command that came to its end, whatever the end was.
type Ran struct {
	Execution qlp.Execution
	Result    sandbox.Result
	// Stdout and Stderr are all that was written, where the sandbox's result and the log hold head and tail only.
	Stdout, Stderr []byte
}

// Run runs the order in box and records it. The id of the execution follows from the check and the number of its
// commands so far, so that the same validation gives the same ids again. An error means that the command's end is not
// known: the sandbox failed, or ctx is done.
func (b *Book) Run(ctx context.Context, box sandbox.Sandbox, o Order) (Ran, error) {
	id := o.ID
	if id == "" {
		id = b.Reserve(o.Check)
	}
	env := map[string]string{}
	maps.Copy(env, o.Env)
	maps.Copy(env, o.Command.Env)
	limits := o.Limits
	if o.Command.WallMS > 0 {
		wall := time.Duration(o.Command.WallMS) * time.Millisecond
		if limits.Wall == 0 || wall < limits.Wall {
			limits.Wall = wall
		}
	}
	var stdout, stderr bytes.Buffer
	started := time.Now().UTC().Truncate(time.Microsecond)
	res, err := box.Exec(ctx, sandbox.Cmd{Argv: o.Command.Argv, Env: env, Limits: limits, Stdout: &stdout, Stderr: &stderr})
	if ctx.Err() != nil {
		return Ran{}, context.Cause(ctx)
	}
	if err != nil {
		return Ran{}, fmt.Errorf("run %s: %w", o.Command.Name, err)
	}
	x := execution(id, o, env, started, res)
	b.mu.Lock()
	defer b.mu.Unlock()
	x.Stdout, x.Stderr = b.keep(res.Stdout), b.keep(res.Stderr)
	b.executions = append(b.executions, x)
	return Ran{Execution: x, Result: res, Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}, nil
}

func execution(id string, o Order, env map[string]string, started time.Time, res sandbox.Result) qlp.Execution {
	return qlp.Execution{
		ID: id, Check: o.Check, Argv: o.Command.Argv, Env: env,
		Verdict: string(res.Verdict), ExitCode: res.ExitCode, Signal: res.Signal, Reason: res.Reason,
		StdoutBytes: res.StdoutBytes, StderrBytes: res.StderrBytes, Truncated: res.Truncated,
		StartedAt: started, WallMS: res.Wall.Milliseconds(), CPUMS: res.CPU.Milliseconds(), PeakMemory: res.PeakMemory,
		Isolation: string(res.Isolation), Engine: res.Engine, Enforcement: res.Enforcement,
	}
}

// Reserve returns the id of the check's next execution, numbered from 1. Commands that run side by side reserve theirs
// first, in a fixed order.
func (b *Book) Reserve(check string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.numbers[check]++
	return fmt.Sprintf("%s-%d", strings.ReplaceAll(check, "/", "-"), b.numbers[check])
}

// keep stores content by its digest; the caller holds the lock.
func (b *Book) keep(content []byte) qlp.Digest {
	d := qlp.DigestOf(content)
	if _, ok := b.logs[d]; !ok {
		b.logs[d] = bytes.Clone(content)
	}
	return d
}

// Count writes what a parser has counted to the execution of that id.
func (b *Book) Count(id string, n qlp.Counts) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.executions {
		if b.executions[i].ID == id {
			b.executions[i].Counts = &n
		}
	}
}

// Add takes over executions and logs that another room has made.
func (b *Book) Add(executions []qlp.Execution, logs []validator.Log) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.executions = append(b.executions, executions...)
	for _, l := range logs {
		b.logs[l.Digest] = l.Content
	}
}

// Executions returns what was recorded, sorted by id.
func (b *Book) Executions() []qlp.Execution {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := slices.Clone(b.executions)
	slices.SortFunc(out, func(x, y qlp.Execution) int { return cmp.Compare(x.ID, y.ID) })
	return out
}

// Logs returns what was printed, each content once, sorted by digest.
func (b *Book) Logs() []validator.Log {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]validator.Log, 0, len(b.logs))
	for _, d := range slices.Sorted(maps.Keys(b.logs)) {
		out = append(out, validator.Log{Digest: d, Content: b.logs[d]})
	}
	return out
}

// WallMS is the sum of the commands' times on the clock.
func (b *Book) WallMS() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	var sum int64
	for _, x := range b.executions {
		sum += x.WallMS
	}
	return sum
}
