package qlp

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of what a Spec says of a program. They keep a cases file readable and a run of all cases within minutes.
const (
	MaxRules     = 100      // rules of a program
	MaxCases     = 200      // acceptance cases
	MaxCalls     = 20       // calls of one case
	MaxCaseFiles = 20       // files of one call
	MaxCaseText  = 64 << 10 // bytes of one file, of stdin, or of an expected output
	MaxCaseBytes = 1 << 20  // bytes of all texts of all cases

	maxCommands  = 40
	maxArgs      = 50
	maxArgText   = 4 << 10
	maxLineBytes = 1000
)

var (
	commandPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*( [A-Za-z0-9][A-Za-z0-9_-]*)*$`)
	optionPattern  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)
	caseIDPattern  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)
)

// validateProgram checks what only a program has, and that it has nothing of a service.
func (s *Spec) validateProgram(p *problems) {
	if !s.Kind.Program() {
		for _, part := range []struct {
			path string
			has  bool
		}{{"commands", len(s.Commands) > 0}, {"rules", len(s.Rules) > 0}} {
			if part.has {
				p.add(part.path, "only a cli, a pipeline or a project has %s", part.path)
			}
		}
		for i, c := range s.Acceptance {
			if len(c.Calls) > 0 {
				p.add(fmt.Sprintf("acceptance.%d.calls", i), "only a cli, a pipeline or a project is called")
			}
		}
		return
	}
	for _, part := range []struct {
		path string
		has  bool
	}{
		{"entities", len(s.Entities) > 0},
		{"many_to_many", len(s.ManyToMany) > 0},
		{"without", len(s.Without) > 0},
		{"search", len(s.Search) > 0},
		{"filters", len(s.Filters) > 0},
		{"page_size", s.PageSize != 0},
		{"auth", s.Auth != ""},
		{"storage", s.Storage != ""},
	} {
		if part.has {
			p.add(part.path, "only a service has this, not a %s", s.Kind)
		}
	}
	if len(s.Commands) == 0 && len(s.Rules) == 0 {
		p.add("rules", "a %s needs at least one command or one rule", s.Kind)
	}
	s.validateCommands(p)
	s.validateRules(p)
	p.list = append(p.list, CheckCases(s.Acceptance)...)
}

func (s *Spec) validateRules(p *problems) {
	if len(s.Rules) > MaxRules {
		p.add("rules", "%d rules are too many: at most %d", len(s.Rules), MaxRules)
		return
	}
	for i, r := range s.Rules {
		path := fmt.Sprintf("rules.%d", i)
		p.line(path, r)
		if strings.TrimSpace(r) == "" {
			p.add(path, "a rule is empty")
		} else if slices.Contains(s.Rules[:i], r) {
			p.add(path, "the rule is listed twice")
		}
	}
}

func (s *Spec) validateCommands(p *problems) {
	if len(s.Commands) > maxCommands {
		p.add("commands", "%d commands are too many: at most %d", len(s.Commands), maxCommands)
		return
	}
	seen := map[string]bool{}
	for i, c := range s.Commands {
		path := fmt.Sprintf("commands.%d", i)
		if c.Name != "" && (len(c.Name) > maxNameChars || !commandPattern.MatchString(c.Name)) {
			p.add(path+".name", "%.60q is not the name of a command: words of letters, digits, dashes and underscores", c.Name)
		}
		if seen[c.Name] {
			p.add(path+".name", "there are two commands %q", c.Name)
		}
		seen[c.Name] = true
		p.line(path+".summary", c.Summary)
		c.validateArgs(p, path)
		c.validateFlags(p, path)
	}
}

func (c ProgramCommand) validateArgs(p *problems, path string) {
	names, optional := map[string]bool{}, false
	for i, a := range c.Args {
		at := fmt.Sprintf("%s.args.%d", path, i)
		p.option(at, a.Name, names)
		p.line(at+".summary", a.Summary)
		if a.Many && i != len(c.Args)-1 {
			p.add(at+".many", "only the last argument can take the rest of the line")
		}
		if optional && !a.Optional {
			p.add(at+".optional", "a required argument cannot follow an optional one")
		}
		optional = optional || a.Optional
	}
}

func (c ProgramCommand) validateFlags(p *problems, path string) {
	names := map[string]bool{}
	for i, f := range c.Flags {
		at := fmt.Sprintf("%s.flags.%d", path, i)
		p.option(at, f.Name, names)
		p.line(at+".summary", f.Summary)
		p.line(at+".default", f.Default)
		if f.Switch && f.Default != "" {
			p.add(at+".default", "a switch has no value, so it has no default")
		}
	}
}

// option checks the name of an argument or a flag, which is there once.
func (p *problems) option(at, name string, names map[string]bool) {
	if len(name) > maxNameChars || !optionPattern.MatchString(name) {
		p.add(at+".name", "%.60q is not a name: letters, digits, dashes and underscores, without dashes in front", name)
	}
	if names[name] {
		p.add(at+".name", "%.60q is there twice", name)
	}
	names[name] = true
}

// line checks a short text.
func (p *problems) line(at, text string) {
	if len(text) > maxLineBytes || !utf8.ValidString(text) || strings.ContainsFunc(text, isControl) {
		p.add(at, "it must be one line of at most %d bytes", maxLineBytes)
	}
}
