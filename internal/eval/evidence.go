package eval

import (
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/validator"
)

// record adds an execution with its logs.
func (j *Judgement) record(id string, started time.Time, argv []string, r sandbox.Result) {
	j.Executions = append(j.Executions, qlp.Execution{
		ID: id, Check: "eval/" + id, Argv: argv, Verdict: string(r.Verdict), ExitCode: r.ExitCode, Signal: r.Signal, Reason: r.Reason,
		Stdout: j.keep(r.Stdout), Stderr: j.keep(r.Stderr), StdoutBytes: r.StdoutBytes, StderrBytes: r.StderrBytes, Truncated: r.Truncated,
		StartedAt: started, WallMS: r.Wall.Milliseconds(), CPUMS: r.CPU.Milliseconds(), PeakMemory: r.PeakMemory,
		Isolation: string(r.Isolation), Engine: r.Engine, Enforcement: r.Enforcement,
	})
}

func (j *Judgement) keep(content []byte) qlp.Digest {
	d := qlp.DigestOf(content)
	for _, l := range j.Logs {
		if l.Digest == d {
			return d
		}
	}
	j.Logs = append(j.Logs, validator.Log{Digest: d, Content: content})
	return d
}
