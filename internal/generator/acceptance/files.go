package acceptance

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/contract"
	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// project holds the runners, one folder for each language, as they stand in a project. The underscore keeps the Go tool from
// taking them for tests of this module.
//
//go:embed all:_project
var project embed.FS

const (
	folder    = "acceptance/"
	casesFile = folder + "cases.json"
)

// suite is what cases.json holds.
type suite struct {
	Protected  bool             `json:"protected"`
	Crash      *contract.Crash  `json:"crash"`
	Races      []contract.Race  `json:"races"`
	Properties []qlp.Acceptance `json:"properties"`
	Cases      []qlp.Acceptance `json:"cases"`
}

// Files returns the acceptance tests of the request's Spec, sorted by path. Cases that the Spec itself brings come before
// those that follow from it.
func Files(req generator.Request) ([]qlp.File, error) {
	switch {
	case req.Spec.Kind.Program():
		return programFiles(req.Spec)
	case req.Spec.Kind != qlp.KindService:
		return nil, qlp.Errorf(qlp.Invalid, "there are acceptance tests for services and programs, not for a %s", req.Spec.Kind)
	}
	s := newSuite(&req.Spec)
	files, err := runnerOf(req.Plan.Stack, s)
	if err != nil {
		return nil, err
	}
	content, err := s.encode()
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", casesFile, err)
	}
	files = append(files, qlp.File{Path: casesFile, Content: content})
	slices.SortFunc(files, func(a, b qlp.File) int { return cmp.Compare(a.Path, b.Path) })
	return files, nil
}

func newSuite(spec *qlp.Spec) suite {
	const seed = contract.AcceptanceSeed
	s := suite{
		Protected: spec.Auth != "", Crash: contract.CrashOf(spec, seed),
		Races: contract.Races(spec, seed), Properties: contract.Properties(spec, seed),
	}
	derived := contract.Acceptance(spec)
	taken := map[string]bool{}
	for _, c := range derived {
		taken[c.ID] = true
	}
	for _, c := range spec.Acceptance { // a Spec may carry the derived cases in its Spec
		if !taken[c.ID] {
			s.Cases = append(s.Cases, c)
		}
	}
	s.Cases = append(s.Cases, derived...)
	return s
}

// runnerOf returns the files of the runner for a stack, without the tests that the suite has nothing for: an empty test is no
// test.
func runnerOf(stack string, s suite) ([]qlp.File, error) {
	root := path.Join("_project", stack)
	entries, err := fs.ReadDir(project, root)
	if err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "there is no runner of acceptance tests for the stack %q", stack)
	}
	var files []qlp.File
	for _, entry := range entries {
		name := entry.Name()
		if s.Crash == nil && strings.Contains(name, "crash") || len(s.Races) == 0 && strings.Contains(name, "races") {
			continue
		}
		content, err := fs.ReadFile(project, path.Join(root, name))
		if err != nil {
			return nil, fmt.Errorf("read the runner's %s: %w", name, err)
		}
		files = append(files, qlp.File{Path: folder + name, Content: content})
	}
	return files, nil
}

// encode writes the suite with one step or body on a line, so that a person can read it and a difference shows.
func (s suite) encode() ([]byte, error) {
	var b bytes.Buffer
	w := lineWriter{b: &b}
	w.text("{\n\"protected\": ")
	w.value(s.Protected)
	if s.Crash != nil {
		w.text(",\n\"crash\": {\"path\": ")
		w.value(s.Crash.Path)
		w.text(", \"get\": ")
		w.value(s.Crash.Get)
		w.text(", \"before\": ")
		writeList(&w, s.Crash.Before)
		w.text(", \"bodies\": ")
		writeList(&w, s.Crash.Bodies)
		w.text("}")
	}
	w.text(",\n\"races\": [")
	for i, r := range s.Races {
		w.text(separator(i) + "{\"id\": ")
		w.value(r.ID)
		w.text(", \"steps\": ")
		writeList(&w, r.Steps)
		w.text(", \"together\": ")
		writeList(&w, r.Together)
		w.text("}")
	}
	w.text("],\n\"properties\": ")
	w.cases(s.Properties)
	w.text(",\n\"cases\": ")
	w.cases(s.Cases)
	w.text("\n}\n")
	return b.Bytes(), w.err
}

// lineWriter keeps the first error, so that its callers need not.
type lineWriter struct {
	b   *bytes.Buffer
	err error
}

func (w *lineWriter) text(s string) { w.b.WriteString(s) }

func (w *lineWriter) value(v any) {
	enc := json.NewEncoder(w.b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil && w.err == nil {
		w.err = err
	}
	w.b.Truncate(w.b.Len() - 1) // the line break that Encode adds
}

func (w *lineWriter) cases(list []qlp.Acceptance) {
	w.text("[")
	for i, c := range list {
		w.text(separator(i))
		steps := c.Steps
		c.Steps = []qlp.Step{}
		w.value(c)
		w.b.Truncate(w.b.Len() - len("[]}"))
		writeList(w, steps)
		w.text("}")
	}
	w.text("]")
}

func writeList[T any](w *lineWriter, list []T) {
	w.text("[")
	for i, v := range list {
		w.text(separator(i))
		w.value(v)
	}
	w.text("]")
}

func separator(i int) string {
	if i == 0 {
		return "\n"
	}
	return ",\n"
}
