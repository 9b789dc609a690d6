package grammar

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/interpreter"
)

var example = regexp.MustCompile("(?s)```intent([^\n]*)\n(.*?)\n```")

// TestGuide holds the examples of the guide to what the guide says of them.
func TestGuide(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root(t), "docs", "guide", "intents.md"))
	if err != nil {
		t.Fatal(err)
	}
	examples := example.FindAllStringSubmatch(string(page), -1)
	if len(examples) < 10 {
		t.Fatalf("the guide has only %d examples", len(examples))
	}
	g := New()
	for _, e := range examples {
		want := strings.Fields(e[1])
		if len(want) == 0 {
			want = []string{"spec"}
		}
		r, err := g.Interpret(context.Background(), e[2], interpreter.Options{})
		if err != nil {
			t.Errorf("%s: %v", e[2], err)
			continue
		}
		got := []string{string(r.Outcome)}
		switch r.Outcome {
		case interpreter.Asked:
			got = append(got, r.Questions[0].About)
		case interpreter.Refused:
			got = append(got, r.Needs)
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s\n    got %v, want %v: %v %s", e[2], got, want, r.Questions, r.Reason)
		}
	}
}
