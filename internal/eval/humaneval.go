package eval

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Limits of a suite's file, in bytes, unpacked and of one line.
const (
	maxSuite = 64 << 20
	maxLine  = 4 << 20
)

type humanEvalLine struct {
	TaskID    string `json:"task_id"`
	Prompt    string `json:"prompt"`
	Entry     string `json:"entry_point"`
	Canonical string `json:"canonical_solution"`
	Test      string `json:"test"`
}

// LoadHumanEval reads a file in the form of HumanEval: one problem a line, as JSON, packed with gzip or not.
func LoadHumanEval(path string) (Suite, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // the file that the person named
	if err != nil {
		return Suite{}, qlp.Errorf(qlp.Invalid, "read the suite: %w", err).WithRemedy("name the file with --data")
	}
	s, err := readHumanEval(raw)
	if err != nil {
		return Suite{}, qlp.Errorf(qlp.Invalid, "read the suite %s: %w", path, err).WithRemedy("name a file of HumanEval, .jsonl or .jsonl.gz, with --data")
	}
	return s, nil
}

func readHumanEval(raw []byte) (Suite, error) {
	var in io.Reader = bytes.NewReader(raw)
	if bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			return Suite{}, err
		}
		in = unpacked
	}
	suite := Suite{Name: "humaneval", Digest: qlp.DigestOf(raw)}
	seen := map[string]bool{}
	lines := bufio.NewScanner(io.LimitReader(in, maxSuite))
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var l humanEvalLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return Suite{}, qlp.Errorf(qlp.Invalid, "line %d: %w", n, err)
		}
		if l.TaskID == "" || l.Entry == "" || !strings.Contains(l.Test, "def check(") || seen[l.TaskID] {
			return Suite{}, qlp.Errorf(qlp.Invalid, "line %d is no problem: it needs a task_id of its own, an entry_point, and a test that defines check", n)
		}
		seen[l.TaskID] = true
		suite.Problems = append(suite.Problems, Problem{
			Question:  Question{ID: l.TaskID, Language: "python", Form: FunctionForm, Prompt: l.Prompt, Entry: l.Entry},
			Function:  &Function{Test: l.Test},
			Canonical: l.Prompt + l.Canonical,
		})
	}
	if err := lines.Err(); err != nil {
		return Suite{}, err
	}
	if len(suite.Problems) == 0 {
		return Suite{}, errors.New("there is no problem in it")
	}
	return suite, nil
}

// Only keeps the problems with these ids, all without any, and of them the first limit, all for 0.
func (s Suite) Only(ids []string, limit int) (Suite, error) {
	if len(ids) > 0 {
		var kept []Problem
		for _, id := range ids {
			p, ok := s.find(id)
			if !ok {
				return Suite{}, qlp.Errorf(qlp.Invalid, "the suite %s has no problem %.80q", s.Name, id).WithRemedy("the first of its %d problems is %s", len(s.Problems), s.Problems[0].ID)
			}
			kept = append(kept, p)
		}
		s.Problems = kept
	}
	if limit > 0 && limit < len(s.Problems) {
		s.Problems = s.Problems[:limit]
	}
	return s, nil
}

func (s Suite) find(id string) (Problem, bool) {
	for _, p := range s.Problems {
		if p.ID == id {
			return p, true
		}
	}
	return Problem{}, false
}
