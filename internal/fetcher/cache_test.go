package fetcher

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func packed(t *testing.T, entries ...tar.Header) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		content := strings.Repeat("x", int(h.Size))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func regular(name string, mode int64) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Size: 3, Mode: mode}
}

// A damaged entry is found by its digests, whatever the damage, and is no entry any more.
func TestDamagedEntryIsFound(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(tree string) error{
		"nothing":  func(string) error { return nil },
		"changed":  func(tree string) error { return os.WriteFile(filepath.Join(tree, "a", "x"), []byte("yyy"), 0o600) },
		"longer":   func(tree string) error { return os.WriteFile(filepath.Join(tree, "a", "x"), []byte("xxxx"), 0o600) },
		"gone":     func(tree string) error { return os.Remove(filepath.Join(tree, "a", "x")) },
		"one more": func(tree string) error { return os.WriteFile(filepath.Join(tree, "a", "z"), []byte("xxx"), 0o600) },
		"a link": func(tree string) error {
			_ = os.Remove(filepath.Join(tree, "a.b"))
			return os.Symlink("a/x", filepath.Join(tree, "a.b"))
		},
		"no tree":       os.RemoveAll,
		"half manifest": func(tree string) error { return os.Truncate(filepath.Join(filepath.Dir(tree), manifestName), 20) },
	} {
		c := cache{filepath.Join(t.TempDir(), "packages")}
		lock := qlp.File{Path: "go.sum", Content: []byte("pins")}
		_, tree, err := c.save("key", manifest{Manager: "go", Locks: []qlp.File{lock}}, packed(t, regular("deps/a.b", 0o644), regular("deps/a/x", 0o755), regular("deps/a/b/y", 0o600)))
		if err != nil {
			t.Fatal(err)
		}
		if err := damage(tree); err != nil {
			t.Fatal(err)
		}
		m, at, ok, err := c.load("key")
		if err != nil || ok != (name == "nothing") || ok && (at != tree || string(m.Locks[0].Content) != "pins" || len(m.Files) != 3) {
			t.Errorf("%s: %t, %v", name, ok, err)
		}
		if _, err := os.Stat(filepath.Dir(tree)); (err == nil) != ok {
			t.Errorf("%s: the entry is left: %v", name, err)
		}
	}
}

func TestModesAreReduced(t *testing.T) {
	t.Parallel()
	c := cache{t.TempDir()}
	_, tree, err := c.save("key", manifest{}, packed(t, regular("deps/plain", 0o6666), regular("deps/program", 0o4711)))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{"plain": 0o644, "program": 0o755} {
		if info, err := os.Stat(filepath.Join(tree, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// What comes out of a sandbox is foreign: nothing of it may be written beside the tree, and what is odd is refused.
func TestForeignTreesStayInside(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]tar.Header{
		"above":       regular("deps/../../evil", 0o644),
		"absolute":    regular("/evil", 0o644),
		"beside":      regular("project/evil", 0o644),
		"a link":      {Typeflag: tar.TypeSymlink, Name: "deps/evil", Linkname: "/etc"},
		"a hard link": {Typeflag: tar.TypeLink, Name: "deps/evil", Linkname: "/etc/passwd"},
		"a device":    {Typeflag: tar.TypeChar, Name: "deps/evil"},
		"a pipe":      {Typeflag: tar.TypeFifo, Name: "deps/evil"},
	} {
		dir := t.TempDir()
		c := cache{filepath.Join(dir, "packages")}
		m, tree, err := c.save("key", manifest{}, packed(t, h))
		if err == nil && (len(m.Files) > 0 || tree == "") {
			t.Errorf("%s is accepted: %+v", name, m.Files)
		}
		if strings.HasPrefix(name, "a ") && qlp.CodeOf(err) != qlp.Invalid {
			t.Errorf("%s: %v", name, err)
		}
		_ = filepath.WalkDir(dir, func(at string, _ os.DirEntry, _ error) error {
			if filepath.Base(at) == "evil" {
				t.Errorf("%s was written to %s", name, at)
			}
			return nil
		})
	}
	if _, _, err := (cache{t.TempDir()}).save("key", manifest{}, packed(t, regular("deps/a", 0o644), regular("deps/a", 0o644))); err == nil {
		t.Error("a file that is there twice is accepted")
	}
	if _, _, err := (cache{t.TempDir()}).save("key", manifest{}, bytes.NewBufferString("not a tar")); err == nil {
		t.Error("what is no archive is accepted")
	}
}

func TestTheFasterProcessWins(t *testing.T) {
	t.Parallel()
	c := cache{t.TempDir()}
	first, tree, err := c.save("key", manifest{Manager: "first"}, packed(t, regular("deps/a", 0o644)))
	if err != nil {
		t.Fatal(err)
	}
	second, again, err := c.save("key", manifest{Manager: "second"}, packed(t, regular("deps/b", 0o644)))
	if err != nil || second.Manager != first.Manager || again != tree {
		t.Errorf("%+v at %s, %v", second, again, err)
	}
	left, err := os.ReadDir(c.dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

func FuzzUnpack(f *testing.F) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "deps/a/b", Size: 1, Mode: 0o644})
	_, _ = w.Write([]byte("x"))
	_ = w.Close()
	f.Add(b.Bytes())
	f.Add([]byte("deps/"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		files, err := unpack(filepath.Join(dir, "tree"), bytes.NewReader(b))
		if err == nil && !(manifest{Files: files}).intact(filepath.Join(dir, "tree")) {
			t.Errorf("%d files were written otherwise than they are listed", len(files))
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 1 {
			t.Errorf("beside the tree: %v, %v", left, err)
		}
	})
}
