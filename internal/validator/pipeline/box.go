package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/validator"
)

// number is a version in what a tool prints.
var number = regexp.MustCompile(`[0-9]+(\.[0-9]+)+`)

// destroyTime bounds the end of a sandbox.
const destroyTime = 10 * time.Second

// open returns a sandbox with the project in it. When a tool or the sandbox is not to be had it returns none, and the
// reason; an error means that the machine failed or ctx is done.
func (p *Pipeline) open(ctx context.Context, stack qlp.Stack, files []qlp.File, supplies validator.Supplies) (sandbox.Sandbox, string, error) {
	box, refused, err := p.openEmpty(ctx, stack, supplies)
	if box == nil {
		return nil, refused, err
	}
	if err := put(ctx, box, files); err != nil {
		p.destroy(ctx, box)
		return nil, "", err
	}
	return box, "", nil
}

func (p *Pipeline) openEmpty(ctx context.Context, stack qlp.Stack, supplies validator.Supplies) (sandbox.Sandbox, string, error) {
	box, err := p.bench.Open(ctx, stack, supplies)
	switch {
	case ctx.Err() != nil:
		if err == nil {
			p.destroy(ctx, box)
		}
		return nil, "", context.Cause(ctx)
	case qlp.CodeOf(err) == qlp.Unavailable:
		reason := err.Error()
		if remedy := qlp.RemedyOf(err); remedy != "" {
			reason += "; " + remedy
		}
		return nil, reason, nil
	case err != nil:
		return nil, "", fmt.Errorf("open a sandbox for %s: %w", stack.Name, err)
	}
	return box, "", nil
}

// destroy ends a sandbox also when ctx is done.
func (p *Pipeline) destroy(ctx context.Context, box sandbox.Sandbox) {
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyTime)
	defer cancel()
	if err := box.Destroy(end); err != nil {
		p.cfg.Log.ErrorContext(end, "Sandbox not destroyed", "room", "validator", "sandbox", box.ID(), "err", err)
	}
}

func put(ctx context.Context, box sandbox.Sandbox, files []qlp.File) error {
	tree := make(map[string]sandbox.File, len(files))
	for _, f := range files {
		file := sandbox.File{Content: f.Content, Mode: 0o644}
		if f.Executable {
			file.Mode = 0o755
		}
		tree[f.Path] = file
	}
	if err := sandbox.PutTree(ctx, box, tree); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("put the project into the sandbox: %w", err)
	}
	return nil
}

// restore puts back what a build has changed in the project's own files: it may run code of the project, and the tests are
// to be run on what was given. Files that are as they were are left alone, times included, because compilers look at them.
func (p *Pipeline) restore(ctx context.Context, box sandbox.Sandbox, files []qlp.File) error {
	now, err := sandbox.GetFiles(ctx, box, nil, sandbox.CopyLimits{})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil { // more than can be looked at, or not readable: all of it again
		return put(ctx, box, files)
	}
	var changed []qlp.File
	for _, f := range files {
		if got, ok := now[f.Path]; !ok || !bytes.Equal(got.Content, f.Content) {
			changed = append(changed, f)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	p.cfg.Log.WarnContext(ctx, "Build changed the project's files", "room", "validator", "count", len(changed), "first", changed[0].Path)
	return put(ctx, box, changed)
}

// versions asks each tool of the stack for its version, before the project is there to answer in its place. A tool that
// does not answer is missing.
func versions(ctx context.Context, box sandbox.Sandbox, stack qlp.Stack) (map[string]string, map[string]bool) {
	found, missing := map[string]string{}, map[string]bool{}
	for _, t := range stack.Tools {
		if len(t.Version) == 0 {
			continue
		}
		res, err := box.Exec(ctx, sandbox.Cmd{Argv: t.Version, Env: stack.Env, Limits: sandbox.Limits{Wall: 20 * time.Second}})
		if err != nil || res.Verdict != sandbox.OK {
			missing[t.Name] = true
			continue
		}
		text := string(res.Stdout) + string(res.Stderr)
		if found[t.Name] = number.FindString(text); found[t.Name] == "" {
			line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
			found[t.Name] = strings.ToValidUTF8(line, "\uFFFD")
		}
	}
	return found, missing
}

// hasSource reports whether there is a file that the stack's syntax commands would read.
func hasSource(stack qlp.Stack, files []qlp.File) bool {
	extension := map[string]string{"python": ".py", "go": ".go"}[stack.Language]
	if extension == "" {
		return len(files) > 0
	}
	for _, f := range files {
		if path.Ext(f.Path) == extension {
			return true
		}
	}
	return false
}
