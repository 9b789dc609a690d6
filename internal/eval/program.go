package eval

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"regexp"
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
	if wrong := printed(call.Expect, res); wrong != "" {
		return wrong, nil
	}
	return written(ctx, box, dir, call.Expect)
}

// printed compares the exit code and the output.
func printed(want qlp.ProgramExpect, res sandbox.Result) string {
	if res.ExitCode != want.Exit {
		return fmt.Sprintf("exit code %d, expected %d%s", res.ExitCode, want.Exit, lastLine(res.Stderr))
	}
	stdout, stderr := even(string(res.Stdout)), even(string(res.Stderr))
	if want.Stdout != nil && stdout != even(*want.Stdout) {
		return fmt.Sprintf("standard output is %.300q, expected %.300q", stdout, even(*want.Stdout))
	}
	for _, text := range want.StdoutHas {
		if !strings.Contains(stdout, text) {
			return fmt.Sprintf("standard output %.300q lacks %q", stdout, text)
		}
	}
	for _, text := range want.StdoutLacks {
		if strings.Contains(stdout, text) {
			return fmt.Sprintf("standard output %.300q has %q", stdout, text)
		}
	}
	if want.StdoutMatch != "" {
		if re, err := regexp.Compile(want.StdoutMatch); err != nil || !re.MatchString(stdout) {
			return fmt.Sprintf("standard output %.300q is not like %s", stdout, want.StdoutMatch)
		}
	}
	for _, text := range want.StderrHas {
		if !strings.Contains(stderr, text) {
			return fmt.Sprintf("standard error %.300q lacks %q", stderr, text)
		}
	}
	return ""
}

// even takes the differences out that a check must not see: line ends, and one trailing line break.
func even(s string) string { return strings.TrimSuffix(strings.ReplaceAll(s, "\r\n", "\n"), "\n") }

// written compares the files of the case's folder.
func written(ctx context.Context, box sandbox.Sandbox, dir string, want qlp.ProgramExpect) (string, error) {
	if len(want.Files)+len(want.FilesHave)+len(want.FilesMissing) == 0 {
		return "", nil
	}
	there, err := folder(ctx, box, dir)
	if err != nil {
		return "", err
	}
	for _, name := range slices.Sorted(maps.Keys(want.Files)) {
		if got, ok := there[name]; !ok || even(got) != even(want.Files[name]) {
			return fmt.Sprintf("the file %s is %.300q, expected %.300q", name, there[name], want.Files[name]), nil
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want.FilesHave)) {
		if !strings.Contains(there[name], want.FilesHave[name]) {
			return fmt.Sprintf("the file %s, %.300q, lacks %q", name, there[name], want.FilesHave[name]), nil
		}
	}
	for _, name := range want.FilesMissing {
		if _, ok := there[name]; ok {
			return fmt.Sprintf("the file %s is there", name), nil
		}
	}
	return "", nil
}

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
