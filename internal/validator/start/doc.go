// Package start is the layer that runs the built service in its sandbox and asks it: does it listen, is its OpenAPI file the
// Spec's, does every operation answer good and bad requests as the contract and that file say, and does it end when told to.
//
// It never passes on nothing (no probe executed is a failure), never reaches for anything but the sandbox's own port, and
// never believes the file of a project: a broken or hostile one is a finding.
//
// Arrows: qlp, sandbox, contract; never the validator, which calls it.
package start

import (
	"context"
	"fmt"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// Name is the name of the layer's one check.
const Name = "probes"

// Subject is the service in question, built and lying in the sandbox.
type Subject struct {
	Spec    qlp.Spec
	Stack   qlp.Stack
	OpenAPI []byte // the project's file; nil if it has none
	Sandbox sandbox.Sandbox
	ID      string // of the execution; empty: start-probes-1
	Limits  Limits
}

// Limits are times; zero means the default beside it.
type Limits struct {
	Listen time.Duration // until the service listens: 20 s
	Probes time.Duration // for all probes: 60 s
	Stop   time.Duration // from SIGTERM to the end: 15 s
}

func (l Limits) orDefault() Limits {
	set := func(d *time.Duration, usual time.Duration) {
		if *d <= 0 {
			*d = usual
		}
	}
	set(&l.Listen, 20*time.Second)
	set(&l.Probes, time.Minute)
	set(&l.Stop, 15*time.Second)
	return l
}

// Outcome is the check with what it rests on: the digest of every log that the check or the execution names is that of one
// of Logs.
type Outcome struct {
	Check      qlp.Check
	Executions []qlp.Execution
	Logs       [][]byte
}

// Check starts the service, probes it and stops it. An error means that ctx is done; when the sandbox fails, the check is
// broken.
func Check(ctx context.Context, s Subject) (Outcome, error) {
	s.Limits = s.Limits.orDefault()
	if s.ID == "" {
		s.ID = "start-probes-1"
	}
	p, err := launch(ctx, s)
	if err != nil {
		if ctx.Err() != nil {
			return Outcome{}, context.Cause(ctx)
		}
		return Outcome{Check: qlp.Broken(qlp.LayerStart, Name, qlp.Evidence{}, fmt.Sprintf("the sandbox did not start the service: %v", err))}, nil
	}
	report, why := p.probe(ctx)
	ended, err := p.stop(ctx)
	if ctx.Err() != nil {
		return Outcome{}, context.Cause(ctx)
	}
	if err != nil {
		return Outcome{Check: qlp.Broken(qlp.LayerStart, Name, qlp.Evidence{}, fmt.Sprintf("the sandbox lost the service: %v", err))}, nil
	}
	return conclude(s, p, report, why, ended), nil
}

// conclude makes the check. why says why there was nothing to probe.
func conclude(s Subject, p *process, report Report, why string, ended ending) Outcome {
	x := p.execution(s, ended.result)
	x.Counts = &report.Counts
	logs := [][]byte{ended.result.Stdout, ended.result.Stderr}
	evidence := qlp.FromExecutions(x)
	findings := report.Findings
	if ended.wrong != "" {
		findings = append(findings, finding("exit-code", ended.wrong))
	}
	var check qlp.Check
	switch {
	case why != "":
		check = qlp.Fail(qlp.LayerStart, Name, evidence, why, append(findings, finding("not-listening", why+p.tail()))...)
	case report.Counts.Executed() == 0:
		check = qlp.Fail(qlp.LayerStart, Name, evidence, "no probe was executed", findings...)
	case len(findings) > 0:
		check = qlp.Fail(qlp.LayerStart, Name, evidence, fmt.Sprintf("%d of %d probes failed", report.Counts.Failed, report.Counts.Executed()), findings...)
		if report.Counts.Failed == 0 {
			check.Reason = findings[0].Message
		}
	default:
		check = qlp.Pass(qlp.LayerStart, Name, evidence)
	}
	if len(report.Log) > 0 {
		check.Read = qlp.DigestOf(report.Log)
		logs = append(logs, report.Log)
	}
	return Outcome{Check: check.WithCounts(report.Counts), Executions: []qlp.Execution{x}, Logs: logs}
}

func finding(rule, message string) qlp.Finding {
	const most = 2000
	if len(message) > most {
		message = message[:most] + "…"
	}
	return qlp.Finding{Rule: rule, Severity: "error", Message: message}
}
