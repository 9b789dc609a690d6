package eval

import (
	"embed"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/quantumlayer/qlp/internal/qlp"
)

//go:embed suites/projects/*.yaml suites/stacks.yaml
var suites embed.FS

// project is a problem of a suite of projects, as it is written down.
type project struct {
	ID       string           `json:"id"`
	Language string           `json:"language"`
	Form     Form             `json:"form"`
	Intent   string           `json:"intent"`
	Cases    []qlp.Acceptance `json:"cases"`
}

// LoadProjects reads the built-in suite of projects: intents as people write them, each with its hidden cases.
func LoadProjects() (Suite, error) {
	below, err := fs.Sub(suites, "suites/projects")
	if err != nil {
		return Suite{}, err
	}
	return readProjects("projects", below)
}

// LoadFolder reads a suite of projects from a folder of YAML files, or from one such file.
func LoadFolder(at string) (Suite, error) {
	info, err := os.Stat(at)
	if err != nil {
		return Suite{}, qlp.Errorf(qlp.Invalid, "read the suite: %w", err).WithRemedy("--suite takes humaneval, projects, or a file or folder of projects")
	}
	name := filepath.Base(at)
	if info.IsDir() {
		return readProjects(name, os.DirFS(at))
	}
	b, err := os.ReadFile(at) //nolint:gosec // the file that the person named
	if err != nil {
		return Suite{}, qlp.Errorf(qlp.Invalid, "read the suite: %w", err)
	}
	p, err := readProject(name, b)
	return Suite{Name: name, Digest: qlp.DigestOf(b), Problems: []Problem{p}}, err
}

func readProjects(name string, in fs.FS) (Suite, error) {
	files, err := fs.Glob(in, "*.yaml")
	if err != nil || len(files) == 0 {
		return Suite{}, qlp.Errorf(qlp.Invalid, "the suite %s has no *.yaml file", name)
	}
	s := Suite{Name: name}
	digests := map[string]qlp.Digest{}
	for _, file := range files {
		b, err := fs.ReadFile(in, file)
		if err != nil {
			return Suite{}, qlp.Errorf(qlp.Invalid, "read %s: %w", file, err)
		}
		p, err := readProject(file, b)
		if err != nil {
			return Suite{}, err
		}
		digests[file] = qlp.DigestOf(b)
		s.Problems = append(s.Problems, p)
	}
	s.Digest = qlp.DigestJSON(digests)
	return s, nil
}

func readProject(file string, b []byte) (Problem, error) {
	var in project
	if err := yaml.UnmarshalStrict(b, &in); err != nil {
		return Problem{}, qlp.Errorf(qlp.Invalid, "read %s: %w", file, err)
	}
	bad := func(format string, args ...any) (Problem, error) {
		return Problem{}, qlp.Errorf(qlp.Invalid, file+": "+format, args...)
	}
	switch {
	case in.ID == "" || in.ID+".yaml" != path.Base(filepath.ToSlash(file)):
		return bad("its id is %q; it must be the file's name", in.ID)
	case in.Form != ServiceForm && in.Form != ProgramForm:
		return bad("the form %q is neither service nor program", in.Form)
	case len(in.Cases) == 0:
		return bad("it has no cases")
	}
	if err := qlp.CheckWords(in.Intent); err != nil {
		return bad("%w", err)
	}
	seen := map[string]bool{}
	for _, c := range in.Cases {
		if c.ID == "" || seen[c.ID] || c.When == "" || c.Then == "" || (len(c.Steps) > 0) == (len(c.Calls) > 0) || (len(c.Steps) > 0) != (in.Form == ServiceForm) {
			return bad("the case %q needs an id of its own, when, then, and steps (of a service) or calls (of a program)", c.ID)
		}
		seen[c.ID] = true
	}
	return Problem{
		Question: Question{ID: in.ID, Language: in.Language, Form: in.Form, Prompt: strings.TrimSpace(in.Intent)},
		Cases:    in.Cases,
	}, nil
}

// ProgramStack is how a small program of one or two files is built and called: for the reference solutions.
func ProgramStack(language string) (qlp.Stack, error) {
	b, err := suites.ReadFile("suites/stacks.yaml")
	if err != nil {
		return qlp.Stack{}, err
	}
	var stacks []qlp.Stack
	if err := yaml.UnmarshalStrict(b, &stacks); err != nil {
		return qlp.Stack{}, qlp.Errorf(qlp.Internal, "read the stacks of programs: %w", err)
	}
	at := slices.IndexFunc(stacks, func(s qlp.Stack) bool { return s.Language == language })
	if at < 0 {
		return qlp.Stack{}, qlp.Errorf(qlp.Invalid, "there is no stack for programs in %q", language)
	}
	return stacks[at], nil
}
