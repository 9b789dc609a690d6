package eval

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/contract/play"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/validator"
	"github.com/quantumlayer/qlp/internal/validator/start"
)

// Projects judges whole projects: it builds one in a sandbox with the commands of its stack and plays the hidden cases of its problem
// against it. Neither the project nor whoever wrote it has seen them.
type Projects struct{ bench validator.Bench }

// NewProjects returns a judge over bench. There is nothing to close.
func NewProjects(bench validator.Bench) *Projects { return &Projects{bench} }

// Judge builds the project and plays the cases.
func (j *Projects) Judge(ctx context.Context, p Problem, s Solution) (_ Judgement, err error) {
	switch {
	case s.Declined != "":
		return Judgement{Status: Declined, Reason: s.Declined}, nil
	case len(p.Cases) == 0:
		return Judgement{}, qlp.Errorf(qlp.Internal, "the problem %s has no cases", p.ID)
	case p.Language != s.Stack.Language:
		return Judgement{Status: Failed, Reason: fmt.Sprintf("%s was asked for, and the project is %s", p.Language, s.Stack.Language)}, nil
	}
	box, err := j.bench.Open(ctx, s.Stack, validator.Supplies{})
	if err != nil {
		return Judgement{}, fmt.Errorf("open the project's sandbox: %w", err)
	}
	defer func() { err = errors.Join(err, box.Destroy(context.WithoutCancel(ctx))) }()
	tree := map[string]sandbox.File{}
	for _, f := range s.Files {
		tree[f.Path] = sandbox.File{Content: f.Content}
		if f.Executable {
			tree[f.Path] = sandbox.File{Content: f.Content, Mode: 0o755}
		}
	}
	if err := sandbox.PutTree(ctx, box, tree); err != nil {
		return Judgement{}, fmt.Errorf("put the project: %w", err)
	}
	out := Judgement{Status: Failed}
	if ok, err := out.build(ctx, box, s.Stack); err != nil || !ok {
		return out, err
	}
	if p.Form == ServiceForm {
		return out, out.service(ctx, box, p, s)
	}
	return out, out.program(ctx, box, p, s)
}

// build runs the stack's commands and says whether the project is built.
func (j *Judgement) build(ctx context.Context, box sandbox.Sandbox, st qlp.Stack) (bool, error) {
	for _, c := range st.Commands.Build {
		env := map[string]string{}
		for _, from := range []map[string]string{st.Env, c.Env} {
			for k, v := range from {
				env[k] = v
			}
		}
		begun := time.Now().UTC().Truncate(time.Microsecond)
		res, err := box.Exec(ctx, sandbox.Cmd{Argv: c.Argv, Env: env, Limits: sandbox.Limits{Wall: time.Duration(c.WallMS) * time.Millisecond}})
		if err != nil {
			return false, fmt.Errorf("build: %w", err)
		}
		j.record(c.Name, begun, c.Argv, res)
		switch res.Verdict {
		case sandbox.OK:
		case sandbox.InternalError, sandbox.Canceled:
			return false, qlp.Errorf(qlp.Unavailable, "the build was lost: %s", res.Verdict)
		default:
			j.Reason = fmt.Sprintf("it does not build: %s, exit code %d%s", res.Verdict, res.ExitCode, lastLine(append(res.Stdout, res.Stderr...)))
			return false, nil
		}
	}
	return true, nil
}

// service plays the cases, in their order, against one process that starts without rows.
func (j *Judgement) service(ctx context.Context, box sandbox.Sandbox, p Problem, s Solution) error {
	var spec qlp.Spec
	for _, c := range p.Cases {
		for _, step := range c.Steps {
			if step.NoAuth { // only a protected service can be asked without its key
				spec.Auth = qlp.AuthAPIKey
			}
		}
	}
	var log strings.Builder
	wrong, played := "", 0
	served, err := start.Serve(ctx, start.Subject{Spec: spec, Stack: s.Stack, Sandbox: box, ID: "service"},
		func(ctx context.Context, base, key string, client *http.Client) {
			player := play.Player{Client: client, Base: base, Key: key}
			for _, c := range p.Cases {
				exchanges, err := player.Play(ctx, c)
				for _, x := range exchanges {
					fmt.Fprintf(&log, "%s: %s\n", c.ID, x)
				}
				if err != nil || len(exchanges) == 0 || exchanges[len(exchanges)-1].Failed() {
					wrong = fmt.Sprintf("%s: %s: expected %s", c.ID, c.When, c.Then)
					return
				}
				played++
			}
		})
	if err != nil {
		return err
	}
	j.Executions = append(j.Executions, served.Execution)
	for _, l := range append(served.Logs, []byte(log.String())) {
		j.keep(l)
	}
	switch {
	case wrong != "":
		j.Reason = wrong
	case served.Wrong != "":
		j.Reason = served.Wrong
	case played == len(p.Cases):
		j.Status = Passed
	default:
		return qlp.Errorf(qlp.Internal, "%d of %d cases were played", played, len(p.Cases))
	}
	return nil
}
