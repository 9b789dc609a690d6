package fetcher

import (
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/stack"
)

func TestManagersAreSound(t *testing.T) {
	t.Parallel()
	all, err := Managers()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if m.Wanted([]qlp.File{{Path: "README.md"}, {Path: "docs/" + m.When[0]}}) {
			t.Errorf("%s is wanted by a project that has no %s of its own", m.Name, m.When[0])
		}
		if !m.Wanted([]qlp.File{{Path: m.When[0]}}) {
			t.Errorf("%s is not wanted by %s", m.Name, m.When[0])
		}
	}
	for name, text := range map[string]string{
		"empty": "", "unknown key": "nam: x", "half": "name: x\ntitle: X\n", "outside": strings.Replace(sound, "mod: /deps/go", "../mod: /deps/go", 1),
		"relative": strings.Replace(sound, "/deps/go", "deps/go", 1),
	} {
		if m, err := Parse([]byte(text)); qlp.CodeOf(err) != qlp.Invalid {
			t.Errorf("%s: %v, %+v", name, err, m)
		}
	}
	if _, err := Parse([]byte(sound)); err != nil {
		t.Error(err)
	}
}

const sound = "name: x\ntitle: X\nwhen: [a]\nlocks: [b]\ntools: [{name: t, version: [t], remedy: r}]\nsources: [{argv: [x]}]\ncommands: [{name: c, argv: [c]}]\nkeep: {mod: /deps/go}\n"

// What decides what is fetched decides the key, and nothing else does.
func TestKey(t *testing.T) {
	t.Parallel()
	m := Manager{Name: "go", When: []string{"go.mod"}, Locks: []string{"go.sum"}}
	tc := stack.Toolchain{Versions: map[string]string{"go": "1.26"}}
	files := []qlp.File{{Path: "go.mod", Content: []byte("1")}, {Path: "main.go", Content: []byte("2")}}
	key := keyOf(m, tc, files)
	same := append([]qlp.File{{Path: "other.go"}}, files...)
	if keyOf(m, tc, same) != key {
		t.Error("another source file changes the key")
	}
	for name, other := range map[string]string{
		"manifest":   keyOf(m, tc, []qlp.File{{Path: "go.mod", Content: []byte("3")}}),
		"lock":       keyOf(m, tc, append([]qlp.File{{Path: "go.sum"}}, files...)),
		"nested":     keyOf(m, tc, append([]qlp.File{{Path: "tools/go.mod"}}, files...)),
		"version":    keyOf(m, stack.Toolchain{Versions: map[string]string{"go": "1.27"}}, files),
		"the manner": keyOf(Manager{Name: "go", When: m.When, Locks: m.Locks, Env: map[string]string{"A": "b"}}, tc, files),
	} {
		if other == key {
			t.Errorf("%s does not change the key", name)
		}
	}
}

func TestRegistries(t *testing.T) {
	t.Parallel()
	say := func(words string) []Source { return []Source{{Argv: []string{"echo", words}, Env: "PROXY"}} }
	tool := []qlp.Tool{{Remedy: "install it"}}
	r, err := Manager{Tools: tool, Sources: say("https://a.example/x,direct|http://m.example:8081 sum.example off")}.registries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := r.env["PROXY"]; got != "https://a.example/x,http://m.example:8081,sum.example" {
		t.Errorf("handed on: %s", got)
	}
	if want := []string{"a.example:443", "m.example:8081", "sum.example:443"}; !slices.Equal(r.rules.Private, want) || !slices.Equal(r.rules.Plain, want[1:2]) || len(r.rules.Hosts) > 0 {
		t.Errorf("rules %+v", r.rules)
	}
	for name, words := range map[string]string{
		"a password": "https://user:secret@a.example/", "a token": "https://secret@a.example/", "another scheme": "ftp://a.example", "no host": "https:///x", "rubbish": "https://a b:%zz",
	} {
		r, err := Manager{Tools: tool, Sources: say(words)}.registries(t.Context())
		if name == "rubbish" && err == nil {
			continue // two words, of which one is a name
		}
		if qlp.CodeOf(err) != qlp.Invalid || qlp.RemedyOf(err) == "" || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, %+v", name, err, r.rules)
		}
	}
	if _, err := (Manager{Tools: tool, Sources: []Source{{Argv: []string{"no-such-program"}}}}).registries(t.Context()); qlp.CodeOf(err) != qlp.Unavailable || qlp.RemedyOf(err) != "install it" {
		t.Errorf("no tool: %v", err)
	}
}
