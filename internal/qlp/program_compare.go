package qlp

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// shown bounds a text in a difference, in bytes.
const shown = 300

// ProgramOutcome is what came of a call.
type ProgramOutcome struct {
	Exit           int
	Stdout, Stderr string
	// Read returns the content of a file of the case's folder, or why there is none, in words that begin with "it".
	Read func(path string) (string, error)
	// There reports whether anything of that name is in the folder.
	There func(path string) bool
}

// Differences returns what is not as expected, each on one line; nothing means that the call went well. Whoever plays a program's
// cases compares by it, so that a case means the same everywhere.
func (e ProgramExpect) Differences(got ProgramOutcome) []string {
	var out []string
	if got.Exit != e.Exit {
		out = append(out, fmt.Sprintf("exit code: expected %d, got %d", e.Exit, got.Exit))
	}
	stdout, stderr := lineEnds(got.Stdout), lineEnds(got.Stderr)
	if e.Stdout != nil {
		out = append(out, exact("stdout", *e.Stdout, stdout)...)
	}
	out = append(out, has("stdout", e.StdoutHas, stdout)...)
	for _, text := range e.StdoutLacks {
		if strings.Contains(stdout, lineEnds(text)) {
			out = append(out, fmt.Sprintf("stdout: expected not to contain %s, got %s", Quote(text), Quote(stdout)))
		}
	}
	if e.StdoutMatch != "" {
		re, err := regexp.Compile(e.StdoutMatch)
		if err != nil || !re.MatchString(stdout) {
			out = append(out, fmt.Sprintf("stdout: expected a match of %s, got %s", Quote(e.StdoutMatch), Quote(stdout)))
		}
	}
	out = append(out, has("stderr", e.StderrHas, stderr)...)
	return append(out, e.fileDifferences(got)...)
}

func (e ProgramExpect) fileDifferences(got ProgramOutcome) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(e.Files)) {
		content, err := got.Read(name)
		if err != nil {
			out = append(out, fmt.Sprintf("file %s: expected %s, but %v", name, Quote(e.Files[name]), err))
			continue
		}
		out = append(out, exact("file "+name, e.Files[name], lineEnds(content))...)
	}
	for _, name := range slices.Sorted(maps.Keys(e.FilesHave)) {
		content, err := got.Read(name)
		if err != nil {
			out = append(out, fmt.Sprintf("file %s: expected to contain %s, but %v", name, Quote(e.FilesHave[name]), err))
			continue
		}
		out = append(out, has("file "+name, []string{e.FilesHave[name]}, lineEnds(content))...)
	}
	for _, name := range e.FilesMissing {
		if got.There(name) {
			out = append(out, fmt.Sprintf("file %s: expected not to be there, and it is", name))
		}
	}
	return out
}

func has(what string, texts []string, got string) (out []string) {
	for _, text := range texts {
		if !strings.Contains(got, lineEnds(text)) {
			out = append(out, fmt.Sprintf("%s: expected to contain %s, got %s", what, Quote(text), Quote(got)))
		}
	}
	return out
}

// lineEnds makes line ends alike, whichever system they come from.
func lineEnds(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// exact compares two texts, one trailing line break aside, and shows the first line that differs before all of it.
func exact(what, want, got string) []string {
	want, got = strings.TrimSuffix(lineEnds(want), "\n"), strings.TrimSuffix(got, "\n")
	if want == got {
		return nil
	}
	wanted, lines := strings.Split(want, "\n"), strings.Split(got, "\n")
	i := 0
	for i < len(wanted) && i < len(lines) && wanted[i] == lines[i] {
		i++
	}
	line := func(list []string) string {
		if i >= len(list) {
			return "the end"
		}
		return Quote(list[i])
	}
	out := []string{fmt.Sprintf("%s, line %d: expected %s, got %s", what, i+1, line(wanted), line(lines))}
	if len(wanted) > 1 || len(lines) > 1 {
		out = append(out, fmt.Sprintf("%s in all: expected %s, got %s", what, Quote(want), Quote(got)))
	}
	return out
}

// Quote shows the head of a text on one line.
func Quote(s string) string {
	if len(s) <= shown {
		return strconv.Quote(s)
	}
	return fmt.Sprintf("%s... (%d bytes)", strconv.Quote(strings.ToValidUTF8(s[:shown], "")), len(s))
}
