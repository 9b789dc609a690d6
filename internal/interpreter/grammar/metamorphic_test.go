package grammar

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// bare is a Spec without what depends on the wording: order, title, summary, sources, assumptions.
func bare(t *testing.T, s *qlp.Spec) string {
	t.Helper()
	c := *s
	c.Title, c.Summary, c.Sources, c.Assumptions = "", "", nil, nil
	c.Entities = slices.Clone(c.Entities)
	slices.SortFunc(c.Entities, func(a, b qlp.Entity) int { return strings.Compare(a.Name, b.Name) })
	for i := range c.Entities {
		c.Entities[i].Fields = slices.Clone(c.Entities[i].Fields)
		slices.SortFunc(c.Entities[i].Fields, func(a, b qlp.Field) int { return strings.Compare(a.Name, b.Name) })
	}
	c.ManyToMany = slices.Clone(c.ManyToMany)
	for i, p := range c.ManyToMany {
		if p[0] > p[1] {
			c.ManyToMany[i] = [2]string{p[1], p[0]}
		}
	}
	c.Search, c.Filters = sortedLists(c.Search), sortedLists(c.Filters)
	c.Extras = slices.Sorted(slices.Values(c.Extras))
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestSameMeaning changes how an intent is said and expects the same Spec.
func TestSameMeaning(t *testing.T) {
	t.Parallel()
	g := New()
	changes := map[string]func(string) (string, bool){
		"polite": func(s string) (string, bool) {
			return "Please, I would like you to build " + lowerFirst(s), startsWithKind(s)
		},
		"thanks": func(s string) (string, bool) {
			return strings.TrimRight(s, ". ") + ". Thanks!", !strings.Contains(s, "\n")
		},
		"lower case":   func(s string) (string, bool) { return strings.ToLower(s), true },
		"white space":  func(s string) (string, bool) { return strings.ReplaceAll(s, ", ", ",  "), !strings.Contains(s, "\n") },
		"curly quotes": func(s string) (string, bool) { return strings.ReplaceAll(s, "'", "\u2019"), strings.Contains(s, "'") },
		"line endings": func(s string) (string, bool) { return strings.ReplaceAll(s, "\n", "\r\n"), strings.Contains(s, "\n") },
		"sentences":    reversed,
		"must be": func(s string) (string, bool) {
			return strings.ReplaceAll(s, "must be unique", "has to be unique"), strings.Contains(s, "must be unique")
		},
		"at least": func(s string) (string, bool) {
			return strings.ReplaceAll(s, "at least", "no less than"), strings.Contains(s, "at least")
		},
		"golang": func(s string) (string, bool) {
			return strings.ReplaceAll(s, " Go ", " golang "), strings.Contains(s, " Go ")
		},
		"integer": func(s string) (string, bool) {
			return strings.ReplaceAll(s, " int ", " integer "), strings.Contains(s, " int ")
		},
		"semicolons": func(s string) (string, bool) { return strings.ReplaceAll(s, ". ", "; "), !strings.Contains(s, "\n") },
		"bold markdown": func(s string) (string, bool) {
			return strings.ReplaceAll(s, " title", " **title**"), strings.Contains(s, " title")
		},
	}
	for _, file := range []string{"services.jsonl", "variations.jsonl", "plain.jsonl"} {
		for _, l := range load(t, filepath.Join("..", "testdata", file)) {
			if l.Expect.Outcome != "spec" {
				continue
			}
			want, err := g.Interpret(context.Background(), l.Intent, interpreter.Options{})
			if err != nil || want.Spec == nil {
				t.Fatalf("%s: %v", l.ID, err)
			}
			for name, change := range changes {
				words, applies := change(l.Intent)
				if !applies {
					continue
				}
				got, err := g.Interpret(context.Background(), words, interpreter.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if got.Outcome != interpreter.Understood {
					t.Errorf("%s, %s: %s\n    %s %v %s", l.ID, name, words, got.Outcome, got.Questions, got.Reason)
					continue
				}
				a, b := bare(t, want.Spec), bare(t, got.Spec)
				if name == "lower case" {
					a, b = strings.ToLower(a), strings.ToLower(b)
				}
				if a != b {
					t.Errorf("%s, %s: %s\n    got  %s\n    want %s", l.ID, name, words, b, a)
				}
			}
		}
	}
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func startsWithKind(s string) bool {
	return strings.HasPrefix(s, "a ") || strings.HasPrefix(s, "A ") || strings.HasPrefix(s, "an ") || strings.HasPrefix(s, "An ")
}

// reversed turns the order of the sentences around, where none of them leans on the one before.
func reversed(s string) (string, bool) {
	if strings.ContainsAny(s, "\n;") || strings.Contains(s, " it ") || strings.Contains(s, "They ") || strings.Contains(s, "It ") || strings.Contains(s, "Thanks") || strings.Contains(s, "them") {
		return "", false
	}
	parts := strings.Split(strings.TrimSuffix(s, "."), ". ")
	if len(parts) < 3 || strings.Contains(strings.ToLower(parts[1]), "search by") || strings.Contains(s, "Both") {
		return "", false
	}
	slices.Reverse(parts)
	return strings.Join(parts, ". ") + ".", true
}
