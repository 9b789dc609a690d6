package acceptance

import (
	"bytes"
	"fmt"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// programCase is a case of a program as it stands in cases.json, before its calls.
type programCase struct {
	ID    string `json:"id"`
	Given string `json:"given,omitempty"`
	When  string `json:"when,omitempty"`
	Then  string `json:"then,omitempty"`
	Rule  string `json:"rule,omitempty"`
	Good  bool   `json:"good"`
}

// programFiles returns the cases of a program, as the Spec has them: nothing follows from a Spec in words by itself. There
// is no runner beside them, because QLP's own tool plays them.
func programFiles(spec qlp.Spec) ([]qlp.File, error) {
	if len(spec.Acceptance) == 0 {
		return nil, qlp.Errorf(qlp.Invalid, "the Spec of this %s has no acceptance case", spec.Kind).
			WithRemedy("a model in the tester role must write them from the Spec before the code, or give them in the Spec file under acceptance")
	}
	if problems := qlp.CheckCases(spec.Acceptance); len(problems) > 0 {
		return nil, qlp.Errorf(qlp.Invalid, "the acceptance cases cannot be played: %s", problems[0]).
			WithRemedy("whoever wrote them, the tester role or a person, must mend them: there are %d problems", len(problems))
	}
	content, err := encodeProgram(spec.Acceptance)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", casesFile, err)
	}
	return []qlp.File{{Path: casesFile, Content: content}}, nil
}

// encodeProgram writes one call on a line, so that a person can read it and a difference shows.
func encodeProgram(cases []qlp.Acceptance) ([]byte, error) {
	var b bytes.Buffer
	w := lineWriter{b: &b}
	w.text("{\n\"cases\": [")
	for i, c := range cases {
		w.text(separator(i))
		w.value(programCase{c.ID, c.Given, c.When, c.Then, c.Rule, c.Good})
		b.Truncate(b.Len() - len("}"))
		w.text(",\"calls\":")
		writeList(&w, c.Calls)
		w.text("}")
	}
	w.text("]\n}\n")
	return b.Bytes(), w.err
}
