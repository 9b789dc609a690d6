package eval

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// callLimits bound one call of a program.
func callLimits() sandbox.Limits {
	return sandbox.Limits{Wall: 20 * time.Second, CPUTime: 10 * time.Second, Memory: 512 * sandbox.MiB, OutputKill: 4 * sandbox.MiB}
}

// program plays the cases, each in a folder of its own. It plays them from outside, call by call, where a run's own acceptance is played
// inside the sandbox by `qlp tool accept`: these cases are hidden, and so never lie where the program could look.
func (j *Judgement) program(ctx context.Context, box sandbox.Sandbox, p Problem, s Solution) error {
	if len(s.Stack.Entry) == 0 {
		j.Reason = fmt.Sprintf("a program was asked for, and the stack %s builds none", s.Stack.Name)
		return nil
	}
	for n, c := range p.Cases {
		dir := fmt.Sprintf("acceptance-case-%d", n+1)
		if len(c.Calls) == 0 {
			return qlp.Errorf(qlp.Internal, "the case %s of %s has no calls", c.ID, p.ID)
		}
		for i, call := range c.Calls {
			wrong, err := j.call(ctx, box, s.Stack, dir, fmt.Sprintf("%s-%d", c.ID, i+1), call)
			if err != nil {
				return err
			}
			if wrong != "" {
				j.Reason = fmt.Sprintf("%s: %s: expected %s: call %d: %s", c.ID, c.When, c.Then, i+1, wrong)
				return nil
			}
		}
	}
	j.Status = Passed
	return nil
}

// call starts the program once and says what is not as expected.
func (j *Judgement) call(ctx context.Context, box sandbox.Sandbox, st qlp.Stack, dir, id string, call qlp.ProgramCall) (string, error) {
	files := map[string]sandbox.File{dir + "/.keep": {}}
	for name, content := range call.Files {
		files[dir+"/"+name] = sandbox.File{Content: []byte(content)}
	}
	if err := sandbox.PutTree(ctx, box, files); err != nil {
		return "", fmt.Errorf("put the case's files: %w", err)
	}
	env := maps.Clone(st.Env)
	if env == nil {
		env = map[string]string{}
	}
	argv := slices.Concat(st.Entry, call.Args)
	begun := time.Now().UTC().Truncate(time.Microsecond)
	res, err := box.Exec(ctx, sandbox.Cmd{Argv: argv, Env: env, Dir: dir, Stdin: strings.NewReader(call.Stdin), Limits: callLimits()})
	if err != nil {
		return "", fmt.Errorf("call the program: %w", err)
	}
	j.record(id, begun, argv, res)
	switch res.Verdict {
	case sandbox.OK, sandbox.Nonzero:
	case sandbox.InternalError, sandbox.Canceled:
		return "", qlp.Errorf(qlp.Unavailable, "the call was lost: %s", res.Verdict)
	default:
		return string(res.Verdict), nil
	}
	var there map[string]string
	if e := call.Expect; len(e.Files)+len(e.FilesHave)+len(e.FilesMissing) > 0 {
		if there, err = folder(ctx, box, dir); err != nil {
			return "", err
		}
	}
	wrong := call.Expect.Differences(qlp.ProgramOutcome{
		Exit: res.ExitCode, Stdout: string(res.Stdout), Stderr: string(res.Stderr),
		Read: func(name string) (string, error) {
			content, ok := there[name]
			if !ok {
				return "", errors.New("it is not there")
			}
			return content, nil
		},
		There: func(name string) bool { _, ok := there[name]; return ok },
	})
	if len(wrong) > 0 && res.ExitCode != call.Expect.Exit {
		wrong[0] += lastLine(res.Stderr)
	}
	return strings.Join(wrong, "; "), nil
}

// folder returns the plain files of the case's folder.
func folder(ctx context.Context, box sandbox.Sandbox, dir string) (map[string]string, error) {
	stream, err := box.Get(ctx, []string{dir + "/**"}, sandbox.CopyLimits{Bytes: 16 * sandbox.MiB})
	if err != nil {
		return nil, fmt.Errorf("read the case's files: %w", err)
	}
	defer stream.Close()
	out := map[string]string{}
	for r := tar.NewReader(stream); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the case's files: %w", err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			return nil, fmt.Errorf("read the case's files: %w", err)
		}
		out[strings.TrimPrefix(path.Clean(h.Name), dir+"/")] = string(b)
	}
}
