package qlp

import (
	"strings"
	"testing"
)

// program returns the Spec of a program that has no problem.
func program() *Spec {
	two := "2 lines\n"
	return &Spec{
		Title: "Counter", Kind: KindCLI, Stack: "go", Rules: []string{"it counts lines"},
		Commands: []ProgramCommand{
			{Name: "count", Args: []ProgramArg{{Name: "file", Optional: true, Many: true}}, Flags: []ProgramFlag{{Name: "out"}, {Name: "q", Switch: true}}},
			{Name: "remote add"},
		},
		Acceptance: []Acceptance{
			{ID: "count.stdin", Good: true, Calls: []ProgramCall{
				{Files: map[string]string{"a/b.txt": "x"}, Expect: ProgramExpect{}},
				{Stdin: "a\nb\n", Expect: ProgramExpect{Stdout: &two, StdoutMatch: "^[0-9]+ lines"}},
			}},
			{ID: "count.none", Calls: []ProgramCall{{Args: []string{"none"}, Expect: ProgramExpect{Exit: 1}}}},
		},
	}
}

func TestValidateProgramAccepts(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{KindCLI, KindPipeline, KindProject} {
		s := program()
		s.Kind = kind
		if p := s.Validate(); len(p) > 0 {
			t.Errorf("%s: %v", kind, p)
		}
		s.Acceptance = nil // they may be written later
		if p := s.Validate(); len(p) > 0 {
			t.Errorf("%s without cases: %v", kind, p)
		}
	}
}

func TestValidateProgramRefuses(t *testing.T) {
	t.Parallel()
	expect := func(change func(*ProgramExpect)) func(*Spec) {
		return func(s *Spec) { change(&s.Acceptance[0].Calls[1].Expect) }
	}
	call := func(change func(*ProgramCall)) func(*Spec) {
		return func(s *Spec) { change(&s.Acceptance[0].Calls[1]) }
	}
	for name, tc := range map[string]struct {
		change func(*Spec)
		path   string
	}{
		"nothing to do":        {func(s *Spec) { s.Commands, s.Rules = nil, nil }, "rules"},
		"an entity":            {func(s *Spec) { s.Entities = sound().Entities }, "entities"},
		"protection":           {func(s *Spec) { s.Auth = AuthAPIKey }, "auth"},
		"storage":              {func(s *Spec) { s.Storage = StorageFile }, "storage"},
		"an empty rule":        {func(s *Spec) { s.Rules = append(s.Rules, " ") }, "rules.1"},
		"a rule twice":         {func(s *Spec) { s.Rules = append(s.Rules, s.Rules[0]) }, "rules.1"},
		"a rule of two lines":  {func(s *Spec) { s.Rules[0] = "a\nb" }, "rules.0"},
		"too many rules":       {func(s *Spec) { s.Rules = make([]string, MaxRules+1) }, "rules"},
		"too many commands":    {func(s *Spec) { s.Commands = make([]ProgramCommand, maxCommands+1) }, "commands"},
		"a command's name":     {func(s *Spec) { s.Commands[0].Name = "-x" }, "commands.0.name"},
		"a command twice":      {func(s *Spec) { s.Commands[1].Name = "count" }, "commands.1.name"},
		"an argument's name":   {func(s *Spec) { s.Commands[0].Args[0].Name = "" }, "commands.0.args.0.name"},
		"many, then another":   {func(s *Spec) { c := &s.Commands[0]; c.Args = append(c.Args, ProgramArg{Name: "b", Optional: true}) }, "commands.0.args.0.many"},
		"optional first":       {func(s *Spec) { s.Commands[0].Args = []ProgramArg{{Name: "a", Optional: true}, {Name: "b"}} }, "commands.0.args.1.optional"},
		"a flag with dashes":   {func(s *Spec) { s.Commands[0].Flags[0].Name = "--out" }, "commands.0.flags.0.name"},
		"a flag twice":         {func(s *Spec) { s.Commands[0].Flags[1].Name = "out" }, "commands.0.flags.1.name"},
		"a switch's default":   {func(s *Spec) { s.Commands[0].Flags[1].Default = "x" }, "commands.0.flags.1.default"},
		"no good case":         {func(s *Spec) { s.Acceptance[0].Good = false }, "acceptance"},
		"no bad case":          {func(s *Spec) { s.Acceptance[1].Good = true }, "acceptance"},
		"too many cases":       {func(s *Spec) { s.Acceptance = make([]Acceptance, MaxCases+1) }, "acceptance"},
		"an id":                {func(s *Spec) { s.Acceptance[0].ID = "a/b" }, "acceptance.0.id"},
		"an id twice":          {func(s *Spec) { s.Acceptance[1].ID = s.Acceptance[0].ID }, "acceptance.1.id"},
		"steps":                {func(s *Spec) { s.Acceptance[0].Steps = []Step{{}} }, "acceptance.0.steps"},
		"no call":              {func(s *Spec) { s.Acceptance[0].Calls = nil }, "acceptance.0.calls"},
		"too many calls":       {func(s *Spec) { s.Acceptance[0].Calls = make([]ProgramCall, MaxCalls+1) }, "acceptance.0.calls"},
		"nothing expected":     {func(s *Spec) { s.Acceptance[1].Calls[0].Expect.Exit = 0 }, "acceptance.1.calls"},
		"a zero byte":          {call(func(c *ProgramCall) { c.Args = []string{"a\x00"} }), "acceptance.0.calls.1.args.0"},
		"too long an argument": {call(func(c *ProgramCall) { c.Args = []string{strings.Repeat("x", maxArgText+1)} }), "acceptance.0.calls.1.args.0"},
		"too long a stdin":     {call(func(c *ProgramCall) { c.Stdin = strings.Repeat("x", MaxCaseText+1) }), "acceptance.0.calls.1.stdin"},
		"not UTF-8":            {call(func(c *ProgramCall) { c.Stdin = "\xff" }), "acceptance.0.calls.1.stdin"},
		"a path outside":       {call(func(c *ProgramCall) { c.Files = map[string]string{"../x": ""} }), "acceptance.0.calls.1.files"},
		"a file as folder":     {call(func(c *ProgramCall) { c.Files = map[string]string{"x": "", "x/y": ""} }), "acceptance.0.calls.1.files"},
		"an exit code":         {expect(func(e *ProgramExpect) { e.Exit = 256 }), "acceptance.0.calls.1.expect.exit"},
		"a regular expression": {expect(func(e *ProgramExpect) { e.StdoutMatch = "(?=x)" }), "acceptance.0.calls.1.expect.stdout_match"},
		"one for anything":     {expect(func(e *ProgramExpect) { e.StdoutMatch = ".*" }), "acceptance.0.calls.1.expect.stdout_match"},
		"an empty text":        {expect(func(e *ProgramExpect) { e.StdoutHas = []string{""} }), "acceptance.0.calls.1.expect.stdout_has.0"},
		"an absolute file":     {expect(func(e *ProgramExpect) { e.Files = map[string]string{"/x": ""} }), "acceptance.0.calls.1.expect.files"},
		"an empty part":        {expect(func(e *ProgramExpect) { e.FilesHave = map[string]string{"x": ""} }), "acceptance.0.calls.1.expect.files_have"},
		"a missing path":       {expect(func(e *ProgramExpect) { e.FilesMissing = []string{"."} }), "acceptance.0.calls.1.expect.files_missing"},
		"there and missing": {
			expect(func(e *ProgramExpect) { e.Files, e.FilesMissing = map[string]string{"x": ""}, []string{"x"} }), "acceptance.0.calls.1.expect.files_missing",
		},
		"too much text": {func(s *Spec) {
			for range 20 {
				s.Acceptance[0].Calls = append(s.Acceptance[0].Calls[:min(MaxCalls-1, len(s.Acceptance[0].Calls))], ProgramCall{Stdin: strings.Repeat("x", MaxCaseText)})
			}
		}, "acceptance"},
	} {
		s := program()
		tc.change(s)
		found := false
		problems := s.Validate()
		for _, p := range problems {
			found = found || p.Path == tc.path
		}
		if !found {
			t.Errorf("%s: no problem at %s: %v", name, tc.path, problems)
		}
	}
	for path, change := range map[string]func(*Spec){
		"commands":           func(s *Spec) { s.Commands = program().Commands },
		"rules":              func(s *Spec) { s.Rules = program().Rules },
		"acceptance.0.calls": func(s *Spec) { s.Acceptance = program().Acceptance },
	} {
		s := sound()
		change(s)
		if p := s.Validate(); len(p) == 0 || p[0].Path != path {
			t.Errorf("a service with %s: %v", path, p)
		}
	}
}
