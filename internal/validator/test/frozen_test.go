package test

import (
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func TestCompareFrozen(t *testing.T) {
	frozen := qlp.Tree{
		{Path: "acceptance/a_test.go", Digest: qlp.DigestOf([]byte("a")), Size: 1},
		{Path: "acceptance/cases.json", Digest: qlp.DigestOf([]byte("[]")), Size: 2},
	}
	plan := qlp.Plan{Tasks: []qlp.Task{{ID: "acceptance", Owns: []string{"acceptance/", "features/"}, Frozen: true}}}
	file := func(path, content string) qlp.File { return qlp.File{Path: path, Content: []byte(content)} }
	good := []qlp.File{file("acceptance/a_test.go", "a"), file("acceptance/cases.json", "[]"), file("main.go", "m")}
	tests := []struct {
		name   string
		files  []qlp.File
		frozen qlp.Tree
		rule   string
	}{
		{"as frozen", good, frozen, ""},
		{"changed", []qlp.File{file("acceptance/a_test.go", "b"), good[1]}, frozen, RuleFrozenChanged},
		{"missing", good[1:], frozen, RuleFrozenMissing},
		{"executable now", []qlp.File{{Path: "acceptance/a_test.go", Content: []byte("a"), Executable: true}, good[1]}, frozen, RuleFrozenChanged},
		{"added beside", append(good[:3:3], file("acceptance/main_test.go", "x")), frozen, RuleFrozenAdded},
		{"added below", append(good[:3:3], file("acceptance/x/y.go", "x")), frozen, RuleFrozenAdded},
		{"added in the task's other folder", append(good[:3:3], file("features/y.txt", "x")), frozen, RuleFrozenAdded},
		{"none frozen", good, nil, RuleFrozenNone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found := compareFrozen(tt.files, tt.frozen, plan)
			if tt.rule == "" && len(found) > 0 || tt.rule != "" && (len(found) != 1 || found[0].Rule != tt.rule) {
				t.Errorf("%+v", found)
			}
		})
	}
}

func TestWantedCases(t *testing.T) {
	spec := qlp.Spec{Acceptance: make([]qlp.Acceptance, 2)}
	tests := []struct {
		content string
		want    int
		broken  bool
	}{
		{`[{}, {}, {}]`, 3, false},
		{`{"cases": [{}, {}, {}, {}]}`, 4, false},
		{`{"cases": [{}], "properties": [{}, {}], "races": [{}], "crash": {}}`, 5, false},
		{`{"cases": [{}], "properties": [{}], "races": null, "crash": null}`, 2, false},
		{`[]`, 2, false},
		{`{}`, 0, true},
		{`no`, 0, true},
	}
	for _, tt := range tests {
		got, err := wantedCases([]qlp.File{{Path: casesFile, Content: []byte(tt.content)}}, spec)
		if got != tt.want || (err != nil) != tt.broken {
			t.Errorf("%s: %d, %v", tt.content, got, err)
		}
	}
	if got, err := wantedCases(nil, qlp.Spec{}); got != 1 || err != nil {
		t.Errorf("nothing known: %d, %v", got, err)
	}
}
