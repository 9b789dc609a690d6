package stack

import (
	"fmt"
	"path"
	"regexp"
	"slices"

	"github.com/quantumlayer/qlp/internal/qlp"
)

var plainName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// Validate refuses a stack that cannot work: names that are not plain, roles that are not known or laid out twice, paths
// with two owners, commands without a name or a program, optional tools that are not listed.
func Validate(st qlp.Stack) error {
	if !plainName.MatchString(st.Name) || st.Title == "" || st.Language == "" {
		return qlp.Errorf(qlp.Invalid, "stack %.40q needs a plain name, a title and a language", st.Name)
	}
	for _, a := range st.Aliases {
		if !plainName.MatchString(a) {
			return qlp.Errorf(qlp.Invalid, "stack %s: the alias %.40q is not a plain name", st.Name, a)
		}
	}
	if len(st.Detect) > 0 {
		return validateRepository(st)
	}
	if len(st.Entry) > 0 {
		return validateProgram(st)
	}
	if !st.Generated {
		return nil
	}
	if err := validateTools(st); err != nil {
		return err
	}
	if err := validateLayout(st); err != nil {
		return fmt.Errorf("stack %s: %w", st.Name, err)
	}
	return validateCommands(st)
}

func validateTools(st qlp.Stack) error {
	if len(st.Tools) == 0 {
		return qlp.Errorf(qlp.Invalid, "stack %s names no tool", st.Name)
	}
	for _, t := range st.Tools {
		if t.Name == "" || len(t.Version) == 0 || t.Remedy == "" {
			return qlp.Errorf(qlp.Invalid, "stack %s: tool %q needs a name, a version command and a remedy", st.Name, t.Name)
		}
		if t.Minimum != "" && versionIn(t.Minimum) != t.Minimum {
			return qlp.Errorf(qlp.Invalid, "stack %s: %q is no version (tool %s)", st.Name, t.Minimum, t.Name)
		}
	}
	return nil
}

// validateLayout asks the rules of a plan, because a plan is made of the layout: each role is a task.
func validateLayout(st qlp.Stack) error {
	known := []qlp.Role{
		qlp.RoleAcceptance, qlp.RoleDomain, qlp.RoleStorage, qlp.RoleHandlers, qlp.RoleWiring, qlp.RoleProgram, qlp.RoleDocuments,
	}
	var plan qlp.Plan
	for _, p := range st.Layout {
		if !slices.Contains(known, p.Role) {
			return qlp.Errorf(qlp.Invalid, "there is no role %q", p.Role)
		}
		if p.Title == "" || len(p.Accept) == 0 {
			return qlp.Errorf(qlp.Invalid, "the role %s needs a title, and in words what makes it good", p.Role)
		}
		t := qlp.Task{ID: string(p.Role), Title: p.Title, Role: p.Role, Owns: p.Owns, Accept: p.Accept}
		for _, r := range p.After {
			t.After = append(t.After, string(r))
		}
		plan.Tasks = append(plan.Tasks, t)
	}
	return plan.Validate()
}

func validateCommands(st qlp.Stack) error {
	c := st.Commands
	if len(c.Build) == 0 || len(c.Test) == 0 {
		return qlp.Errorf(qlp.Invalid, "stack %s needs a command to build and one to test", st.Name)
	}
	return validateList(st, slices.Concat(c.Syntax, c.Build, c.Test, c.Format, c.Lint, c.Scan, []qlp.Command{c.Start}))
}

func validateList(st qlp.Stack, commands []qlp.Command) error {
	seen := map[string]bool{}
	for _, cmd := range commands {
		if !plainName.MatchString(cmd.Name) || seen[cmd.Name] {
			return qlp.Errorf(qlp.Invalid, "stack %s: command %q needs a plain name of its own", st.Name, cmd.Name)
		}
		seen[cmd.Name] = true
		if len(cmd.Argv) == 0 || cmd.Argv[0] == "" {
			return qlp.Errorf(qlp.Invalid, "stack %s: command %s names no program", st.Name, cmd.Name)
		}
		if cmd.Tool != "" && !slices.ContainsFunc(st.Tools, func(t qlp.Tool) bool { return t.Name == cmd.Tool }) {
			return qlp.Errorf(qlp.Invalid, "stack %s: command %s needs the tool %s, which is not listed", st.Name, cmd.Name, cmd.Tool)
		}
	}
	return nil
}

// validateRepository asks what a stack for existing repositories needs: signs, a way to test, and no layout, because nothing
// is written.
func validateRepository(st qlp.Stack) error {
	if st.Generated || len(st.Layout) > 0 || len(st.Commands.Test) == 0 {
		return qlp.Errorf(qlp.Invalid, "stack %s is for repositories: it needs a command to test, and has no layout", st.Name)
	}
	for _, s := range st.Detect {
		if _, err := path.Match(s.File, ""); err != nil || s.File == "" || s.Weight <= 0 {
			return qlp.Errorf(qlp.Invalid, "stack %s: the sign %q needs a pattern and a weight above 0", st.Name, s.File)
		}
	}
	if len(st.Tools) > 0 {
		if err := validateTools(st); err != nil {
			return err
		}
	}
	c := st.Commands
	return validateList(st, slices.Concat(c.Syntax, c.Build, c.Test, c.Format, c.Lint, c.Scan))
}
