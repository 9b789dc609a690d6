package stack

import (
	"cmp"
	"embed"
	"path"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

//go:embed repository/*.yaml
var repositories embed.FS

// Repositories returns the stacks of software that exists already, by name. Their commands suit what people have written,
// where those of All suit what QLP writes.
func Repositories() ([]qlp.Stack, error) { return readFolder(repositories, "repository") }

// FindRepository returns the stack for repositories of that name or alias, letters compared without case.
func FindRepository(name string) (qlp.Stack, error) {
	all, err := Repositories()
	if err != nil {
		return qlp.Stack{}, err
	}
	want := strings.ToLower(strings.TrimSpace(name))
	var names []string
	for _, st := range all {
		if st.Name == want || slices.Contains(st.Aliases, want) {
			return st, nil
		}
		names = append(names, st.Name)
	}
	return qlp.Stack{}, qlp.Errorf(qlp.Invalid, "there is no stack %.40q for repositories", name).WithRemedy("choose one of: %s", strings.Join(names, ", "))
}

// Known returns the stack of exactly that name, of whatever kind: what a capsule names.
func Known(name string) (qlp.Stack, error) {
	all, err := Repositories()
	if err != nil {
		return qlp.Stack{}, err
	}
	for _, st := range all {
		if st.Name == name {
			return st, nil
		}
	}
	return Find(name)
}

// Detected says why a stack was chosen, or could have been.
type Detected struct {
	Stack  qlp.Stack
	File   string // the heaviest sign that is there
	Weight int
}

// Detect returns the stacks that paths, which are those of a repository, have signs of: the heaviest first, equals by name. None is an
// invalid error.
func Detect(paths []string) ([]Detected, error) {
	all, err := Repositories()
	if err != nil {
		return nil, err
	}
	var out []Detected
	var signs []string
	for _, st := range all {
		var best Detected
		for _, s := range st.Detect {
			signs = append(signs, s.File)
			if at := first(paths, s.File); at != "" && s.Weight > best.Weight {
				best = Detected{Stack: st, File: at, Weight: s.Weight}
			}
		}
		if best.Weight > 0 {
			out = append(out, best)
		}
	}
	if len(out) == 0 {
		return nil, qlp.Errorf(qlp.Invalid, "nothing in it tells how it is built and tested").
			WithRemedy("name the stack with --stack, or add one of: %s", strings.Join(slices.Compact(signs), ", "))
	}
	slices.SortStableFunc(out, func(a, b Detected) int { return cmp.Compare(b.Weight, a.Weight) })
	return out, nil
}

// Fit returns the stack with the commands that are of use for a repository with these paths.
func Fit(st qlp.Stack, paths []string) qlp.Stack {
	useful := func(list []qlp.Command) []qlp.Command {
		var out []qlp.Command
		for _, c := range list {
			if len(c.Needs) > 0 && !has(paths, c.Needs) || has(paths, c.Unless) {
				continue
			}
			c.Needs, c.Unless = nil, nil
			out = append(out, c)
		}
		return out
	}
	c := &st.Commands
	c.Syntax, c.Build, c.Test = useful(c.Syntax), useful(c.Build), useful(c.Test)
	c.Format, c.Lint, c.Scan = useful(c.Format), useful(c.Lint), useful(c.Scan)
	return st
}

func has(paths, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return first(paths, p) != "" })
}

// first returns the first path that the pattern matches.
func first(paths []string, pattern string) string {
	everywhere := strings.Contains(pattern, "*") && !strings.Contains(pattern, "/")
	for _, p := range paths {
		name := p
		if everywhere {
			name = path.Base(p)
		}
		if ok, err := path.Match(pattern, name); ok && err == nil {
			return p
		}
	}
	return ""
}
