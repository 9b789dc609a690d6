package accepttool

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// shown bounds a text in a difference, in bytes.
const shown = 300

// compare returns the differences between what was expected and what came, each one line.
func compare(want qlp.ProgramExpect, got outcome, at *place) []string {
	if got.ending != "" {
		return []string{fmt.Sprintf("expected exit code %d, but %s", want.Exit, got.ending)}
	}
	var out []string
	if got.exit != want.Exit {
		out = append(out, fmt.Sprintf("exit code: expected %d, got %d", want.Exit, got.exit))
	}
	stdout, stderr := lineEnds(string(got.stdout)), lineEnds(string(got.stderr))
	if want.Stdout != nil {
		out = append(out, exact("stdout", *want.Stdout, stdout)...)
	}
	out = append(out, has("stdout", want.StdoutHas, stdout)...)
	for _, text := range want.StdoutLacks {
		if strings.Contains(stdout, lineEnds(text)) {
			out = append(out, fmt.Sprintf("stdout: expected not to contain %s, got %s", quote(text), quote(stdout)))
		}
	}
	if want.StdoutMatch != "" {
		re, err := regexp.Compile(want.StdoutMatch)
		if err != nil || !re.MatchString(stdout) {
			out = append(out, fmt.Sprintf("stdout: expected a match of %s, got %s", quote(want.StdoutMatch), quote(stdout)))
		}
	}
	out = append(out, has("stderr", want.StderrHas, stderr)...)
	return append(out, compareFiles(want, at)...)
}

func compareFiles(want qlp.ProgramExpect, at *place) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(want.Files)) {
		content, err := at.get(name)
		if err != nil {
			out = append(out, fmt.Sprintf("file %s: expected %s, but %v", name, quote(want.Files[name]), err))
			continue
		}
		out = append(out, exact("file "+name, want.Files[name], lineEnds(content))...)
	}
	for _, name := range slices.Sorted(maps.Keys(want.FilesHave)) {
		content, err := at.get(name)
		if err != nil {
			out = append(out, fmt.Sprintf("file %s: expected to contain %s, but %v", name, quote(want.FilesHave[name]), err))
			continue
		}
		out = append(out, has("file "+name, []string{want.FilesHave[name]}, lineEnds(content))...)
	}
	for _, name := range want.FilesMissing {
		if _, err := at.work.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			out = append(out, fmt.Sprintf("file %s: expected not to be there, and it is", name))
		}
	}
	return out
}

func has(what string, texts []string, got string) (out []string) {
	for _, text := range texts {
		if !strings.Contains(got, lineEnds(text)) {
			out = append(out, fmt.Sprintf("%s: expected to contain %s, got %s", what, quote(text), quote(got)))
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
		return quote(list[i])
	}
	out := []string{fmt.Sprintf("%s, line %d: expected %s, got %s", what, i+1, line(wanted), line(lines))}
	if len(wanted) > 1 || len(lines) > 1 {
		out = append(out, fmt.Sprintf("%s in all: expected %s, got %s", what, quote(want), quote(got)))
	}
	return out
}

// quote shows the head of a text on one line.
func quote(s string) string {
	if len(s) <= shown {
		return strconv.Quote(s)
	}
	return fmt.Sprintf("%s... (%d bytes)", strconv.Quote(strings.ToValidUTF8(s[:shown], "")), len(s))
}

// quoteEnd shows the end of a text, where a program that fails says why.
func quoteEnd(s string) string {
	if len(s) <= shown {
		return strconv.Quote(s)
	}
	return fmt.Sprintf("(%d bytes) ...%s", len(s), strconv.Quote(strings.ToValidUTF8(s[len(s)-shown:], "")))
}

func quoteList(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, quote(s))
	}
	return "[" + strings.Join(out, " ") + "]"
}
