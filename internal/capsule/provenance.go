package capsule

import (
	"github.com/quantumlayer/qlp/internal/qlp"
)

// statement is an in-toto Statement v1. Its four fields are written here and not taken from a library, because the
// published Go types are protocol buffers whose JSON form is not stable from one release to the next.
type statement struct {
	Type          string     `json:"_type"`
	Subject       []subject  `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     provenance `json:"predicate"`
}

type subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// provenance follows the outline of SLSA provenance v1: what was asked (buildDefinition), and how it was done (runDetails).
type provenance struct {
	BuildDefinition struct {
		BuildType            string `json:"buildType"`
		ExternalParameters   any    `json:"externalParameters"`
		ResolvedDependencies []any  `json:"resolvedDependencies"`
	} `json:"buildDefinition"`
	RunDetails struct {
		Builder struct {
			ID      string            `json:"id"`
			Version map[string]string `json:"version"`
		} `json:"builder"`
		Metadata struct {
			InvocationID string `json:"invocationId"`
			StartedOn    string `json:"startedOn"`
			FinishedOn   string `json:"finishedOn"`
		} `json:"metadata"`
	} `json:"runDetails"`
	Generator string            `json:"generator"`
	Attempts  []attemptLine     `json:"attempts"`
	Ledger    ledger            `json:"ledger"`
	Calls     []callLine        `json:"model_calls"`
	Sandbox   []sandboxLine     `json:"sandbox"`
	Commands  []commandLine     `json:"commands"`
	Toolchain map[string]string `json:"toolchain,omitempty"`
}

// sandboxLine is one combination of engine, isolation and limits that executions ran under.
type sandboxLine struct {
	Engine      string            `json:"engine"`
	Isolation   string            `json:"isolation"`
	Enforcement map[string]string `json:"enforcement,omitempty"`
}

type commandLine struct {
	ID   string            `json:"id"`
	Argv []string          `json:"argv"`
	Env  map[string]string `json:"env,omitempty"`
	Exit int               `json:"exit_code"`
}

const timeLayout = "2006-01-02T15:04:05.999999Z07:00"

func provenanceOf(in Input, h Header) statement {
	s := statement{
		Type: "https://in-toto.io/Statement/v1", PredicateType: "https://slsa.dev/provenance/v1",
		Subject: []subject{{Name: "project", Digest: map[string]string{"sha256": h.TreeDigest.Hex()}}},
	}
	p := &s.Predicate
	p.BuildDefinition.BuildType = "https://github.com/quantumlayer/qlp/capsule/v1"
	p.BuildDefinition.ExternalParameters = map[string]any{
		"intent": in.Intent.Words, "settings": in.Intent.Settings, "spec": h.SpecDigest, "plan": h.PlanDigest, "stack": in.Stack.Name,
	}
	p.BuildDefinition.ResolvedDependencies = []any{}
	p.RunDetails.Builder.ID = "https://github.com/quantumlayer/qlp"
	p.RunDetails.Builder.Version = map[string]string{"qlp": in.Version}
	p.RunDetails.Metadata.InvocationID = in.Run.ID
	p.RunDetails.Metadata.StartedOn = in.Run.StartedAt.UTC().Format(timeLayout)
	p.RunDetails.Metadata.FinishedOn = in.Created.UTC().Format(timeLayout)
	p.Generator, p.Attempts, p.Toolchain = in.Generator, attemptLines(in.Attempts), in.Report.Toolchain
	p.Ledger, p.Calls = ledgerOf(in), callLines(in.Calls)
	p.Sandbox, p.Commands = sandboxLines(in.Report.Executions), commandLines(in.Report.Executions)
	return s
}

func sandboxLines(executions []qlp.Execution) []sandboxLine {
	seen := map[qlp.Digest]bool{}
	lines := []sandboxLine{}
	for _, x := range executions {
		l := sandboxLine{x.Engine, x.Isolation, x.Enforcement}
		if d := qlp.DigestJSON(l); !seen[d] {
			seen[d] = true
			lines = append(lines, l)
		}
	}
	return lines
}

func commandLines(executions []qlp.Execution) []commandLine {
	lines := make([]commandLine, 0, len(executions))
	for _, x := range executions {
		lines = append(lines, commandLine{x.ID, x.Argv, x.Env, x.ExitCode})
	}
	return lines
}
