package stack

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

//go:embed program/*.yaml
var programs embed.FS

// Programs returns the stacks of software that is called from a command line, by name. No template writes it: whoever does
// is told by the layout what goes where.
func Programs() ([]qlp.Stack, error) { return readFolder(programs, "program") }

// For returns the stack that builds software of the kind in what a Spec calls its stack: "go" is one stack for a service and
// another for a program. A kind that nothing builds, and a name that the kind does not have, are invalid.
func For(kind qlp.Kind, name string) (qlp.Stack, error) {
	switch {
	case kind.Program():
		return findProgram(name)
	case kind == qlp.KindSite:
		return qlp.Stack{}, qlp.Errorf(qlp.Invalid, "QLP does not build a %s yet", kind).
			WithRemedy("ask for a service, a cli, a pipeline or a project")
	}
	st, err := Find(name)
	if err == nil && len(st.Entry) > 0 {
		return qlp.Stack{}, qlp.Errorf(qlp.Invalid, "the stack %s is for programs, not for a %s", st.Name, kind).
			WithRemedy("use %s", st.Aliases[0])
	}
	return st, err
}

func findProgram(name string) (qlp.Stack, error) {
	all, err := Programs()
	if err != nil {
		return qlp.Stack{}, err
	}
	want := strings.ToLower(strings.TrimSpace(name))
	var names []string
	for _, st := range all {
		if st.Name == want || slices.Contains(st.Aliases, want) {
			return st, nil
		}
		names = append(names, st.Aliases[0])
	}
	return qlp.Stack{}, qlp.Errorf(qlp.Invalid, "there is no stack %.40q for programs", name).WithRemedy("choose one of: %s", strings.Join(names, ", "))
}

// readFolder reads every stack of a folder, by file name.
func readFolder(from fs.FS, folder string) ([]qlp.Stack, error) {
	names, err := fs.Glob(from, path.Join(folder, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list the stacks: %w", err)
	}
	out := make([]qlp.Stack, 0, len(names))
	for _, name := range names {
		b, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, fmt.Errorf("read the stack %s: %w", name, err)
		}
		st, err := Parse(b)
		if err != nil {
			return nil, fmt.Errorf("read the stack %s: %w", name, err)
		}
		out = append(out, st)
	}
	return out, nil
}

// validateProgram asks what a stack for programs needs: an entry that works from any folder, and a test that plays the
// acceptance cases against just this entry.
func validateProgram(st qlp.Stack) error {
	if st.Generated || len(st.Detect) > 0 || len(st.Aliases) == 0 {
		return qlp.Errorf(qlp.Invalid, "stack %s is for programs: it needs the name that a Spec calls it by as its first alias, and nothing generates or detects it", st.Name)
	}
	if !slices.ContainsFunc(st.Entry, path.IsAbs) {
		return qlp.Errorf(qlp.Invalid, "stack %s: the entry %q names no absolute path, so it would not start in a case's folder", st.Name, st.Entry)
	}
	if err := validateTools(st); err != nil {
		return err
	}
	if err := validateLayout(st); err != nil {
		return fmt.Errorf("stack %s: %w", st.Name, err)
	}
	for _, role := range []qlp.Role{qlp.RoleAcceptance, qlp.RoleProgram} {
		if _, ok := st.Part(role); !ok {
			return qlp.Errorf(qlp.Invalid, "stack %s is for programs and lays out no %s", st.Name, role)
		}
	}
	c := st.Commands
	if len(c.Build) == 0 || !slices.ContainsFunc(c.Test, func(t qlp.Command) bool { return endsWith(t.Argv, append([]string{"--"}, st.Entry...)) }) {
		return qlp.Errorf(qlp.Invalid, "stack %s needs a command to build, and a test that plays the cases with the entry", st.Name)
	}
	return validateList(st, slices.Concat(c.Syntax, c.Build, c.Test, c.Format, c.Lint, c.Scan))
}

func endsWith(argv, end []string) bool {
	return len(argv) > len(end) && slices.Equal(argv[len(argv)-len(end):], end)
}
