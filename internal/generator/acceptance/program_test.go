package acceptance

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/qlp"
)

func TestFilesOfAProgram(t *testing.T) {
	t.Parallel()
	out := "<b> 2"
	spec := qlp.Spec{Title: "Counter", Kind: qlp.KindPipeline, Stack: "rust", Acceptance: []qlp.Acceptance{
		{ID: "good", Good: true, When: "w", Then: "t", Calls: []qlp.ProgramCall{
			{Args: []string{"a"}, Files: map[string]string{"x": "y"}, Expect: qlp.ProgramExpect{Stdout: &out}}, {Stdin: "b", Expect: qlp.ProgramExpect{}},
		}},
		{ID: "bad", Calls: []qlp.ProgramCall{{Expect: qlp.ProgramExpect{Exit: 2}}}},
	}}
	req := generator.Request{Spec: spec, Plan: qlp.Plan{Stack: "program-rust"}}
	files, err := Files(req)
	if err != nil || len(files) != 1 || files[0].Path != "acceptance/cases.json" {
		t.Fatalf("%+v, %v", files, err)
	}
	var doc struct{ Cases []qlp.Acceptance }
	dec := json.NewDecoder(bytes.NewReader(files[0].Content))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil || !reflect.DeepEqual(doc.Cases, spec.Acceptance) {
		t.Errorf("%s\nread as %+v, %v", files[0].Content, doc.Cases, err)
	}
	for _, line := range []string{`{"args":["a"],"files":{"x":"y"},"expect":{"exit":0,"stdout":"<b> 2"}},`, `{"stdin":"b","expect":{"exit":0}}]},`} {
		if !strings.Contains(string(files[0].Content), "\n"+line+"\n") {
			t.Errorf("no line %s in\n%s", line, files[0].Content)
		}
	}
	again, err := Files(req)
	if err != nil || !bytes.Equal(again[0].Content, files[0].Content) {
		t.Errorf("the same Spec gave other bytes (%v)", err)
	}
	req.Spec.Acceptance = spec.Acceptance[:1]
	if _, err := Files(req); qlp.CodeOf(err) != qlp.Invalid || !strings.Contains(err.Error(), "no refusing case") {
		t.Errorf("cases that are all good: %v", err)
	}
	req.Spec.Acceptance = nil
	if _, err := Files(req); qlp.CodeOf(err) != qlp.Invalid || !strings.Contains(qlp.RemedyOf(err), "tester") {
		t.Errorf("no case: %v; %s", err, qlp.RemedyOf(err))
	}
	req.Spec.Kind = qlp.KindSite
	if _, err := Files(req); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("a site: %v", err)
	}
}
