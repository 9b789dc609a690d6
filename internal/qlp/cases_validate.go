package qlp

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// CheckCases returns every rule that the cases of a program break; none means that they can be played. No case at all is
// none too: they are written after the Spec is approved.
func CheckCases(cases []Acceptance) []Problem {
	p := &problems{}
	if len(cases) == 0 {
		return nil
	}
	if len(cases) > MaxCases {
		p.add("acceptance", "%d cases are too many: at most %d", len(cases), MaxCases)
		return p.list
	}
	ids, good, bad, size := map[string]bool{}, 0, 0, 0
	for i, c := range cases {
		path := fmt.Sprintf("acceptance.%d", i)
		if len(c.ID) > 100 || !caseIDPattern.MatchString(c.ID) {
			p.add(path+".id", "%.60q is not an id: letters, digits, dots, dashes and underscores, at most 100", c.ID)
		}
		if ids[c.ID] {
			p.add(path+".id", "there are two cases %q", c.ID)
		}
		ids[c.ID] = true
		if c.Good {
			good++
		} else {
			bad++
		}
		for _, text := range []string{c.Given, c.When, c.Then, c.Rule} {
			size += len(text)
		}
		size += c.validateCalls(p, path)
	}
	if good == 0 {
		p.add("acceptance", "there is no accepting case (good: true)")
	}
	if bad == 0 {
		p.add("acceptance", "there is no refusing case (good: false)")
	}
	if size > MaxCaseBytes {
		p.add("acceptance", "the cases hold %d bytes of text: at most %d", size, MaxCaseBytes)
	}
	return p.list
}

// validateCalls returns the bytes of the case's texts.
func (c Acceptance) validateCalls(p *problems, path string) (size int) {
	if len(c.Steps) > 0 {
		p.add(path+".steps", "steps are HTTP requests; a program is called: use calls")
	}
	if len(c.Calls) == 0 || len(c.Calls) > MaxCalls {
		p.add(path+".calls", "a case has 1 to %d calls, this one has %d", MaxCalls, len(c.Calls))
		return 0
	}
	tells := false
	for i, call := range c.Calls {
		at := fmt.Sprintf("%s.calls.%d", path, i)
		size += call.validate(p, at)
		tells = tells || call.Expect.Tells()
	}
	if !tells {
		p.add(path+".calls", "the case expects nothing but exit code 0: say what is printed or written")
	}
	return size
}

func (c ProgramCall) validate(p *problems, at string) (size int) {
	if len(c.Args) > maxArgs {
		p.add(at+".args", "%d arguments are too many: at most %d", len(c.Args), maxArgs)
	}
	for i, a := range c.Args {
		size += p.text(fmt.Sprintf("%s.args.%d", at, i), a, maxArgText)
		if strings.Contains(a, "\x00") {
			p.add(fmt.Sprintf("%s.args.%d", at, i), "no program can be given an argument with a zero byte")
		}
	}
	size += p.text(at+".stdin", c.Stdin, MaxCaseText)
	return size + p.files(at+".files", c.Files) + c.Expect.validate(p, at+".expect")
}

// Tells reports whether more is expected than exit code 0, which a program that does nothing gives.
func (e ProgramExpect) Tells() bool {
	return e.Exit != 0 || e.Stdout != nil || e.StdoutMatch != "" ||
		len(e.StdoutHas)+len(e.StdoutLacks)+len(e.StderrHas)+len(e.Files)+len(e.FilesHave)+len(e.FilesMissing) > 0
}

func (e ProgramExpect) validate(p *problems, at string) (size int) {
	if e.Exit < 0 || e.Exit > 255 {
		p.add(at+".exit", "%d is not an exit code: 0 to 255", e.Exit)
	}
	if e.Stdout != nil {
		size += p.text(at+".stdout", *e.Stdout, MaxCaseText)
	}
	size += p.texts(at+".stdout_has", e.StdoutHas) + p.texts(at+".stdout_lacks", e.StdoutLacks) + p.texts(at+".stderr_has", e.StderrHas)
	size += p.text(at+".stdout_match", e.StdoutMatch, maxArgText)
	if e.StdoutMatch != "" {
		if re, err := regexp.Compile(e.StdoutMatch); err != nil {
			p.add(at+".stdout_match", "it is not a regular expression (RE2): %v", err)
		} else if re.MatchString("") && re.MatchString("\x01 nothing that a program prints \x01") {
			p.add(at+".stdout_match", "%.60q is found in anything", e.StdoutMatch)
		}
	}
	size += p.files(at+".files", e.Files) + p.files(at+".files_have", e.FilesHave)
	for _, name := range slices.Sorted(maps.Keys(e.FilesHave)) {
		if e.FilesHave[name] == "" {
			p.add(at+".files_have", "nothing is looked for in %.60q; an empty file is expected under files", name)
		}
	}
	if len(e.FilesMissing) > MaxCaseFiles {
		p.add(at+".files_missing", "%d files are too many: at most %d", len(e.FilesMissing), MaxCaseFiles)
	}
	for _, name := range e.FilesMissing {
		if err := CleanPath(name); err != nil {
			p.add(at+".files_missing", "%v", err)
		}
		_, there := e.Files[name]
		if _, has := e.FilesHave[name]; there || has {
			p.add(at+".files_missing", "%.60q is expected to be there too", name)
		}
	}
	return size
}

// text checks a text of a case and returns its size.
func (p *problems) text(at, text string, most int) int {
	if len(text) > most {
		p.add(at, "it has %d bytes: at most %d", len(text), most)
	}
	if !utf8.ValidString(text) {
		p.add(at, "it is not UTF-8 text")
	}
	return len(text)
}

func (p *problems) texts(at string, list []string) (size int) {
	if len(list) > maxArgs {
		p.add(at, "%d texts are too many: at most %d", len(list), maxArgs)
	}
	for i, text := range list {
		size += p.text(fmt.Sprintf("%s.%d", at, i), text, maxArgText)
		if text == "" {
			p.add(fmt.Sprintf("%s.%d", at, i), "an empty text is in everything")
		}
	}
	return size
}

func (p *problems) files(at string, files map[string]string) (size int) {
	if len(files) > MaxCaseFiles {
		p.add(at, "%d files are too many: at most %d", len(files), MaxCaseFiles)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := CleanPath(name); err != nil {
			p.add(at, "%v", err)
		}
		size += len(name) + p.text(at, files[name], MaxCaseText)
		for i, c := range name {
			if _, both := files[name[:i]]; c == '/' && both {
				p.add(at, "%.60q is both a file and a folder", name[:i])
			}
		}
	}
	return size
}
