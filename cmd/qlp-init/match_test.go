package main

import "testing"

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*.go", "a.go", true},
		{"*.go", "d/a.go", false},
		{"**/*.go", "a.go", true},
		{"**/*.go", "d/e/a.go", true},
		{"d/**", "d/e/f", true},
		{"d/**", "d", true},
		{"d/**", "dd/e", false},
		{"**", "x", true},
		{"a/**/b", "a/b", true},
		{"a/**/b", "a/x/y/b", true},
		{"a/**/b", "a/x", false},
		{"[", "x", false},
	} {
		if got := matchAny([]string{c.pattern}, c.name); got != c.want {
			t.Errorf("%s on %s: %v", c.pattern, c.name, got)
		}
	}
}

func FuzzEntryName(f *testing.F) {
	for _, s := range []string{"a", "../a", "/a", "a/../b", "a//b", "./a", "", ".", "a\x00b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		clean, err := entryName(name)
		if err == nil && (clean == ".." || len(clean) > 2 && clean[:3] == "../" || clean == "" || clean[0] == '/') {
			t.Errorf("%q became %q", name, clean)
		}
	})
}
