package qlp

import (
	"path"
	"slices"
	"strings"
	"testing"
)

func TestCleanPath(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"a", "a/b.go", ".github/workflows/ci.yml", "a b", "é", "..a", "a..b/c", "-rf", strings.Repeat("a", 255)} {
		if err := CleanPath(p); err != nil {
			t.Errorf("%q: %v", p, err)
		}
	}
	for _, p := range []string{
		"", ".", "..", "/", "/a", "../a", "a/../b", "a/..", "./a", "a//b", "a/", "a\\b", "a\x00b", "a\nb", "\x7f", "a\xffb", strings.Repeat("a", 256),
	} {
		if CodeOf(CleanPath(p)) != Invalid {
			t.Errorf("%q is accepted", p)
		}
	}
}

func FuzzCleanPath(f *testing.F) {
	for _, p := range []string{"a/b", "../a", "a/./b", "/etc/passwd", "a\\..\\b", "\u2025/a"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if CleanPath(p) != nil {
			return
		}
		at := path.Join("/project", p)
		if !strings.HasPrefix(at, "/project/") || strings.TrimPrefix(at, "/project/") != p {
			t.Errorf("%q leads to %q", p, at)
		}
	})
}

func TestTree(t *testing.T) {
	t.Parallel()
	entry := func(p string) Entry { return Entry{Path: p, Digest: DigestOf([]byte(p)), Size: int64(len(p))} }
	given := []Entry{entry("b"), entry("a/c"), entry("a/b")}
	tree, err := NewTree(given)
	if err != nil || tree[0].Path != "a/b" || given[0].Path != "b" {
		t.Fatalf("%v, %v; given %v", tree, err, given)
	}
	again, err := NewTree([]Entry{entry("a/b"), entry("b"), entry("a/c")})
	if err != nil || again.Digest() != tree.Digest() {
		t.Errorf("the order in which files are given changes the digest: %v", err)
	}
	for _, change := range []func(*Entry){
		func(e *Entry) { e.Path = "d" }, func(e *Entry) { e.Digest = DigestOf(nil) }, func(e *Entry) { e.Size++ }, func(e *Entry) { e.Executable = true },
	} {
		other := slices.Clone(given)
		change(&other[0])
		if changed, err := NewTree(other); err != nil || changed.Digest() == tree.Digest() {
			t.Errorf("%v has the digest of %v (%v)", changed, tree, err)
		}
	}
	merged, err := tree.Merge(Tree{entry("d")}, nil)
	if err != nil || len(merged) != 4 || len(tree) != 3 {
		t.Errorf("merged: %v, %v", merged, err)
	}
	for name, bad := range map[string][]Entry{
		"twice": {entry("a"), entry("a")}, "file and folder": {entry("a"), entry("a/b")}, "file and deep folder": {entry("a/b/c/d"), entry("a/b")},
	} {
		if _, err := NewTree(bad); CodeOf(err) != Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewTree([]Entry{entry("../a")}); CodeOf(err) != Invalid {
		t.Errorf("outside: %v", err)
	}
	if _, err := tree.Merge(tree[:1]); CodeOf(err) != Conflict {
		t.Errorf("merged with itself: %v", err)
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // FIPS 180-4
	if d := DigestOf(nil); d != "sha256:"+empty || d.Hex() != empty {
		t.Errorf("of nothing: %s", d)
	}
	for _, d := range []Digest{"", "sha256:", empty, "sha512:" + empty, Digest("sha256:" + strings.ToUpper(empty)), Digest("sha256:" + empty[1:] + "/"), "sha256:" + empty + "0"} {
		if d.Hex() != "" {
			t.Errorf("%q counts as a digest", d)
		}
	}
}
