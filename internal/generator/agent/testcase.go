package agent

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/quantumlayer/qlp/internal/llm/prompt"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// What a tester's answer may hold at most.
const (
	maxCases = 150
	maxCalls = 12       // of a case
	maxText  = 16 << 10 // bytes of one text
)

// casesAnswer is what the tester gives: the schema is made of it. Files are lists here, because a strict schema knows no keys
// that are not named beforehand.
type casesAnswer struct {
	Cases []testCase `json:"cases"`
}

type testCase struct {
	ID    string     `json:"id"`
	Given string     `json:"given,omitempty"`
	When  string     `json:"when"`
	Then  string     `json:"then"`
	Rule  string     `json:"rule"`
	Good  bool       `json:"good"`
	Calls []testCall `json:"calls"`
}

type testCall struct {
	Args   []string   `json:"args"`
	Stdin  string     `json:"stdin,omitempty"`
	Files  []testFile `json:"files,omitempty"`
	Expect testExpect `json:"expect"`
}

type testFile struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

type testExpect struct {
	Exit         int        `json:"exit"`
	Stdout       *string    `json:"stdout,omitempty"`
	StdoutHas    []string   `json:"stdout_has,omitempty"`
	StdoutLacks  []string   `json:"stdout_lacks,omitempty"`
	StdoutMatch  string     `json:"stdout_match,omitempty"`
	StderrHas    []string   `json:"stderr_has,omitempty"`
	Files        []testFile `json:"files,omitempty"`
	FilesHave    []testFile `json:"files_have,omitempty"`
	FilesMissing []string   `json:"files_missing,omitempty"`
}

var caseID = regexp.MustCompile(`^[a-z0-9]+([._-][a-z0-9]+)*$`)

// cases checks the answer against the Spec: every case is bounded and can be run, belongs to a rule, and every rule has one
// that accepts and one that refuses.
func (a casesAnswer) cases(spec *qlp.Spec) ([]qlp.Acceptance, error) {
	if len(a.Cases) == 0 || len(a.Cases) > maxCases {
		return nil, prompt.Againf("There must be 1 to %d cases, not %d.", maxCases, len(a.Cases))
	}
	taken, good, refusing := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, c := range spec.Acceptance {
		taken[c.ID] = true
	}
	var out []qlp.Acceptance
	for i, c := range a.Cases {
		if taken[c.ID] {
			return nil, prompt.Againf("The case id %.60q is there twice.", c.ID)
		}
		taken[c.ID] = true
		if why := c.fault(spec); why != "" {
			return nil, prompt.Againf("Case %d (%.60q): %s. Give all cases again.", i+1, c.ID, why)
		}
		if c.Good {
			good[c.Rule] = true
		} else {
			refusing[c.Rule] = true
		}
		out = append(out, c.acceptance())
	}
	if problems := qlp.CheckCases(slices.Concat(spec.Acceptance, out)); len(problems) > 0 {
		return nil, prompt.Againf("The cases were refused: %s. Give all cases again.", problems[0])
	}
	for _, rule := range rulesOf(spec) {
		if !good[rule] || !refusing[rule] {
			return nil, prompt.Againf("The rule %s needs at least one case with good true and one with good false (a call that the rule makes fail, or that must not "+
				"show what the rule forbids). Give all cases again.", rule)
		}
	}
	return out, nil
}

// rulesOf names what each needs an accepting and a refusing case: the rules, or the commands where there is no rule.
func rulesOf(spec *qlp.Spec) []string {
	var names []string
	for i := range spec.Rules {
		names = append(names, fmt.Sprintf("rules.%d", i))
	}
	for i := range spec.Commands {
		if len(spec.Rules) == 0 {
			names = append(names, fmt.Sprintf("commands.%d", i))
		}
	}
	return names
}

// fault says why a case cannot stand, or "".
func (c testCase) fault(spec *qlp.Spec) string {
	switch {
	case !caseID.MatchString(c.ID) || len(c.ID) > 80:
		return "its id is none: lower-case letters and digits, joined by . _ or -, at most 80"
	case !slices.Contains(rulesOf(spec), c.Rule):
		return fmt.Sprintf("there is no rule %.40q", c.Rule)
	case c.When == "" || c.Then == "" || len(c.Given)+len(c.When)+len(c.Then) > 1000 || hasHidden(c.Given, c.When, c.Then):
		return "given, when and then are sentences that can be seen, at most 1000 bytes together"
	case len(c.Calls) == 0 || len(c.Calls) > maxCalls:
		return fmt.Sprintf("it has %d calls; 1 to %d are taken", len(c.Calls), maxCalls)
	}
	compares := false
	for i, call := range c.Calls {
		if why := call.fault(); why != "" {
			return fmt.Sprintf("call %d: %s", i+1, why)
		}
		compares = compares || call.Expect.compares() || !c.Good
	}
	if !compares {
		return "it looks at nothing but exit codes: an accepting case compares what comes out"
	}
	return ""
}

func (e testExpect) compares() bool {
	return e.Stdout != nil || e.StdoutMatch != "" || len(e.StdoutHas)+len(e.StdoutLacks)+len(e.StderrHas)+len(e.Files)+len(e.FilesHave)+len(e.FilesMissing) > 0
}

// fault says why a call cannot be made or judged, or "".
func (c testCall) fault() string {
	texts := slices.Concat(c.Args, []string{c.Stdin, c.Expect.StdoutMatch}, c.Expect.StdoutHas, c.Expect.StdoutLacks, c.Expect.StderrHas)
	if c.Expect.Stdout != nil {
		texts = append(texts, *c.Expect.Stdout)
	}
	paths := slices.Clone(c.Expect.FilesMissing)
	for _, f := range slices.Concat(c.Files, c.Expect.Files, c.Expect.FilesHave) {
		texts, paths = append(texts, f.Text), append(paths, f.Path)
	}
	if len(texts) > 200 || len(paths) > 60 {
		return "it has too many parts"
	}
	for _, t := range texts {
		if len(t) > maxText || strings.ContainsRune(t, 0) || !utf8.ValidString(t) {
			return fmt.Sprintf("a text is longer than %d bytes, or not text", maxText)
		}
	}
	for _, p := range paths {
		if err := prompt.Path(p); err != nil {
			return err.Error()
		}
	}
	if slices.Contains(slices.Concat(c.Expect.StdoutHas, c.Expect.StdoutLacks, c.Expect.StderrHas), "") {
		return "an empty text stands in everything"
	}
	if c.Expect.Exit < 0 || c.Expect.Exit > 255 {
		return fmt.Sprintf("%d is no exit code", c.Expect.Exit)
	}
	if _, err := regexp.Compile(c.Expect.StdoutMatch); err != nil {
		return "stdout_match is no regular expression of RE2"
	}
	for _, list := range [][]testFile{c.Files, c.Expect.Files, c.Expect.FilesHave} {
		if len(asMap(list)) != len(list) {
			return "a path is given twice"
		}
	}
	return ""
}

func (c testCase) acceptance() qlp.Acceptance {
	out := qlp.Acceptance{ID: c.ID, Given: c.Given, When: c.When, Then: c.Then, Rule: c.Rule, Good: c.Good, Steps: []qlp.Step{}}
	for _, call := range c.Calls {
		e := call.Expect
		out.Calls = append(out.Calls, qlp.ProgramCall{
			Args: call.Args, Stdin: call.Stdin, Files: asMap(call.Files),
			Expect: qlp.ProgramExpect{
				Exit: e.Exit, Stdout: e.Stdout, StdoutHas: e.StdoutHas, StdoutLacks: e.StdoutLacks, StdoutMatch: e.StdoutMatch,
				StderrHas: e.StderrHas, Files: asMap(e.Files), FilesHave: asMap(e.FilesHave), FilesMissing: e.FilesMissing,
			},
		})
	}
	return out
}

func asMap(files []testFile) map[string]string {
	if len(files) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, f := range files {
		out[f.Path] = f.Text
	}
	return out
}

func hasHidden(texts ...string) bool {
	return slices.ContainsFunc(texts, func(t string) bool { return strings.ContainsFunc(t, prompt.Hidden) })
}
