package pipeline

import (
	"context"
	"path"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/validator"
	"github.com/quantumlayer/qlp/internal/validator/start"
)

// startNotRun returns the start layer's check when there is nothing to start.
func startNotRun(reason string) []qlp.Check {
	return []qlp.Check{qlp.Skip(qlp.LayerStart, start.Name, reason)}
}

// skipStart leaves the start layer's check, where there would have been one: nobody has said how software that exists
// already is to be started and what it must answer, and a program is called by its acceptance cases.
func (v *validation) skipStart(reason string) {
	if !v.exists() && !v.s.Spec.Kind.Program() {
		v.set(placeStart, startNotRun(reason))
	}
}

// start starts the service in box and probes it.
func (v *validation) start(ctx context.Context, box sandbox.Sandbox) error {
	if v.s.Spec.Kind != qlp.KindService {
		v.skipStart("only a service can be started and probed, this is a " + string(v.s.Spec.Kind))
		return nil
	}
	return v.stage(placeStart, qlp.LayerStart, startNotRun(""), func() ([]qlp.Check, error) {
		out, err := start.Check(ctx, start.Subject{
			Spec: v.s.Spec, Stack: v.s.Stack, OpenAPI: openAPI(v.s.Files), Sandbox: box,
			ID:     v.book.Reserve(string(qlp.LayerStart) + "/" + start.Name),
			Limits: start.Limits{Listen: v.p.cfg.Start, Probes: v.p.cfg.Start},
		})
		if err != nil {
			return nil, err
		}
		var logs []validator.Log
		for _, content := range out.Logs {
			logs = append(logs, validator.Log{Digest: qlp.DigestOf(content), Content: content})
		}
		v.book.Add(out.Executions, logs)
		for _, x := range out.Executions {
			if x.Verdict == string(sandbox.InternalError) { // what was seen before says nothing about the project
				broken := qlp.Broken(qlp.LayerStart, start.Name, qlp.FromExecutions(x), "the sandbox lost the service: "+x.Reason)
				return []qlp.Check{broken}, nil
			}
		}
		return []qlp.Check{out.Check}, nil
	})
}

// openAPI returns the project's OpenAPI file, the one nearest to the root; nil if there is none.
func openAPI(files []qlp.File) []byte {
	var found *qlp.File
	for i, f := range files {
		if path.Base(f.Path) == "openapi.json" && (found == nil || len(f.Path) < len(found.Path)) {
			found = &files[i]
		}
	}
	if found == nil {
		return nil
	}
	return found.Content
}
