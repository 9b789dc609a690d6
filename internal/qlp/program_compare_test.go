package qlp

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestDifferences(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	got := ProgramOutcome{
		Exit: 1, Stdout: "one\r\ntwo\n", Stderr: "no such file\n",
		Read: func(path string) (string, error) {
			if path == "out.txt" {
				return "a\nb\n", nil
			}
			return "", errors.New("it is not there")
		},
		There: func(path string) bool { return path == "out.txt" },
	}
	for name, tc := range map[string]struct {
		want ProgramExpect
		says []string // a part of each difference, in order
	}{
		"all as expected": {ProgramExpect{
			Exit: 1, Stdout: text("one\ntwo"), StdoutHas: []string{"two"}, StdoutLacks: []string{"three"}, StdoutMatch: "(?m)^two$", StderrHas: []string{"no such"},
			Files: map[string]string{"out.txt": "a\nb"}, FilesHave: map[string]string{"out.txt": "b"}, FilesMissing: []string{"tmp"},
		}, nil},
		"exit code":     {ProgramExpect{}, []string{"exit code: expected 0, got 1"}},
		"output":        {ProgramExpect{Exit: 1, Stdout: text("one\nzwei")}, []string{`stdout, line 2: expected "zwei", got "two"`, "stdout in all"}},
		"parts":         {ProgramExpect{Exit: 1, StdoutHas: []string{"x"}, StdoutLacks: []string{"one"}, StdoutMatch: "^z", StderrHas: []string{"y"}}, []string{`contain "x"`, `not to contain "one"`, `match of "^z"`, `stderr: expected to contain "y"`}},
		"no expression": {ProgramExpect{Exit: 1, StdoutMatch: "("}, []string{"match of"}},
		"files": {ProgramExpect{
			Exit: 1, Files: map[string]string{"gone": "x", "out.txt": "a\nc"}, FilesHave: map[string]string{"none": "x"}, FilesMissing: []string{"out.txt"},
		}, []string{"file gone: expected \"x\", but it is not there", "file out.txt, line 2", "file out.txt in all", "file none: expected to contain", "file out.txt: expected not to be there"}},
	} {
		differences := tc.want.Differences(got)
		if len(differences) != len(tc.says) || !slices.EqualFunc(differences, tc.says, strings.Contains) {
			t.Errorf("%s: %q", name, differences)
		}
	}
}
