package eval_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/eval/mutate"
	"github.com/quantumlayer/qlp/internal/qlp"
)

const toBreak = `import math
LIMIT = 9
def f(a, b):
    """a < b and 1 + 1"""
    total = 0  # a + b
    for i in range(a):
        if (a
            < b and i not in (1, 2)):
            total += i - 1
        elif a is None:
            break
    text = "ä < ö" + str(total)
    while total > 100: total -= 1
    return text if total else "no"
`

// TestMutants: each differs from its source in one place, on the line that it names, never above the first; the same seed gives the same ones;
// and every operator is used.
func TestMutants(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	of := func(seed int64, each int) []mutate.Mutant {
		got, err := mutate.Of(t.Context(), b, pythonStack(t), seed, each, []mutate.Source{{ID: "f", Source: toBreak, From: 5}})
		if err != nil {
			t.Fatal(err)
		}
		return got["f"]
	}
	all := of(1, 1000)
	operators, seen := map[string]bool{}, map[string]bool{}
	lines := strings.Split(toBreak, "\n")
	for _, m := range all {
		operators[m.Operator] = true
		if seen[m.Source] || m.Source == toBreak {
			t.Errorf("%+v is there twice, or changes nothing", m)
		}
		seen[m.Source] = true
		changed := strings.Split(m.Source, "\n")
		if m.Line < 5 || strings.TrimSpace(lines[m.Line-1]) != m.Before || !strings.HasPrefix(m.Source, strings.Join(lines[:m.Line-1], "\n")) || strings.TrimSpace(changed[m.Line-1]) != m.After {
			t.Errorf("%+v is not where it says", m)
		}
		if strings.Contains(m.After, "# a - b") || strings.Contains(m.After, "ä <= ö") {
			t.Errorf("%+v changes a comment or a text", m)
		}
	}
	for _, o := range []string{"compare", "arithmetic", "constant", "negate", "return_none", "remove", "and_or"} {
		if !operators[o] {
			t.Errorf("no mutant by %s", o)
		}
	}
	first := of(1, 5)
	if !reflect.DeepEqual(first, all[:5]) || !reflect.DeepEqual(first, of(1, 5)) {
		t.Error("the same seed gave others")
	}
	if reflect.DeepEqual(first, of(2, 5)) {
		t.Error("another seed gave the same")
	}
	if _, err := mutate.Of(t.Context(), b, pythonStack(t), 1, 1, []mutate.Source{{ID: "x", Source: "def f(:", From: 1}}); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("no Python: %v", err)
	}
}
