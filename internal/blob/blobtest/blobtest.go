// Package blobtest is the conformance suite of the blob stores: a driver is finished when it passes.
//
// It never mocks, and damages stored bytes only through what the driver hands over.
//
// Arrows: blob, qlp, testing.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/quantumlayer/qlp/internal/blob"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Driver is what a driver's test hands over.
type Driver struct {
	// Open opens the store in dir, which two stores may share.
	Open func(t *testing.T, dir string) blob.Store
	// Damage replaces the stored bytes of a digest behind the store's back.
	Damage func(t *testing.T, dir string, digest qlp.Digest, content []byte)
}

// Run runs the suite.
func Run(t *testing.T, d Driver) {
	for name, test := range map[string]func(*testing.T, Driver){
		"round trip": testRoundTrip, "idempotent": testIdempotent, "unknown": testUnknown, "no digest": testNoDigest,
		"own copy": testOwnCopy, "damaged": testDamaged, "many writers": testManyWriters, "another store": testAnother,
		"done context": testDoneContext, "closed": testClosed, "trees": testTrees,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, d) })
	}
}

func put(t *testing.T, s blob.Store, content []byte) qlp.Digest {
	t.Helper()
	digest, err := s.Put(t.Context(), content)
	if err != nil {
		t.Fatal(err)
	}
	if want := qlp.DigestOf(content); digest != want {
		t.Fatalf("put returned %s, want %s", digest, want)
	}
	return digest
}

func get(t *testing.T, s blob.Store, digest qlp.Digest) []byte {
	t.Helper()
	content, err := s.Get(t.Context(), digest)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func testRoundTrip(t *testing.T, d Driver) {
	s := d.Open(t, t.TempDir())
	for name, content := range map[string][]byte{
		"nothing": {}, "text": []byte("package main\n"), "zeros": make([]byte, 4096), "8 MiB": bytes.Repeat([]byte{0, 1, 255}, 8<<20/3),
	} {
		if got := get(t, s, put(t, s, content)); !bytes.Equal(got, content) {
			t.Errorf("%s came back changed", name)
		}
	}
	if put(t, s, nil) != put(t, s, []byte{}) {
		t.Error("nil and nothing differ")
	}
}

func testIdempotent(t *testing.T, d Driver) {
	s := d.Open(t, t.TempDir())
	for range 3 {
		put(t, s, []byte("again"))
	}
}

func code(t *testing.T, err error, want qlp.Code) {
	t.Helper()
	if got := qlp.CodeOf(err); got != want {
		t.Errorf("code %q, want %q: %v", got, want, err)
	}
}

func testUnknown(t *testing.T, d Driver) {
	_, err := d.Open(t, t.TempDir()).Get(t.Context(), qlp.DigestOf([]byte("nobody put this")))
	code(t, err, qlp.NotFound)
}

func testNoDigest(t *testing.T, d Driver) {
	s := d.Open(t, t.TempDir())
	whole := qlp.DigestOf(nil)
	for _, digest := range []qlp.Digest{
		"", "sha256:", "sha256:../../../../../../etc/passwd", whole[:70], whole + "0", "md5" + whole[6:], whole[:69] + "/.", whole[:69] + "AB",
	} {
		_, err := s.Get(t.Context(), digest)
		code(t, err, qlp.Invalid)
	}
}

func testOwnCopy(t *testing.T, d Driver) {
	s := d.Open(t, t.TempDir())
	content := []byte("mine")
	digest := put(t, s, content)
	content[0] = 'M'
	got := get(t, s, digest)
	got[1] = 'I'
	if again := get(t, s, digest); string(again) != "mine" {
		t.Errorf("the stored bytes are %q", again)
	}
}

func testDamaged(t *testing.T, d Driver) {
	dir := t.TempDir()
	s := d.Open(t, dir)
	for name, damage := range map[string]string{"one bit": "hellp", "empty": "", "longer": "hello, world"} {
		digest := put(t, s, []byte("hello"))
		d.Damage(t, dir, digest, []byte(damage))
		content, err := s.Get(t.Context(), digest)
		code(t, err, qlp.Internal)
		if content != nil || err == nil || !bytes.Contains([]byte(err.Error()), []byte(digest)) {
			t.Errorf("%s: got %q, %v: want no bytes and an error that names the digest", name, content, err)
		}
		if got := get(t, s, put(t, s, []byte("hello"))); string(got) != "hello" {
			t.Errorf("%s: a put did not mend it: %q", name, got)
		}
	}
}

func testManyWriters(t *testing.T, d Driver) {
	dir := t.TempDir()
	stores := []blob.Store{d.Open(t, dir), d.Open(t, dir)}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 50 {
				content := bytes.Repeat(fmt.Appendf(nil, "%d,", i), 500)
				digest, err := stores[w%2].Put(t.Context(), content)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := stores[(w+1)%2].Get(t.Context(), digest)
				if err != nil || !bytes.Equal(got, content) {
					t.Errorf("blob %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
}

func testAnother(t *testing.T, d Driver) {
	dir := t.TempDir()
	first := d.Open(t, dir)
	digest := put(t, first, []byte("kept"))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if got := get(t, d.Open(t, dir), digest); string(got) != "kept" {
		t.Errorf("got %q", got)
	}
}

func testDoneContext(t *testing.T, d Driver) {
	s := d.Open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Put(ctx, []byte("late")); !errors.Is(err, context.Canceled) {
		t.Errorf("put: %v", err)
	}
	if _, err := s.Get(ctx, qlp.DigestOf(nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("get: %v", err)
	}
}

func testClosed(t *testing.T, d Driver) {
	s := d.Open(t, t.TempDir())
	digest := put(t, s, []byte("x"))
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Put(t.Context(), []byte("x"))
	code(t, err, qlp.Unavailable)
	_, err = s.Get(t.Context(), digest)
	code(t, err, qlp.Unavailable)
}

func testTrees(t *testing.T, d Driver) {
	s := d.Open(t, t.TempDir())
	var files []qlp.File
	for i := range 40 {
		files = append(files, qlp.File{Path: fmt.Sprintf("dir/%02d.go", i), Content: fmt.Appendf(nil, "package p%d\n", i), Executable: i%2 == 0})
	}
	tree, err := blob.PutTree(t.Context(), s, files)
	if err != nil {
		t.Fatal(err)
	}
	got, err := blob.GetTree(t.Context(), s, tree)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(files) {
		t.Fatalf("%d files, want %d", len(got), len(files))
	}
	for i := range got {
		if got[i].Path != files[i].Path || !bytes.Equal(got[i].Content, files[i].Content) || got[i].Executable != files[i].Executable {
			t.Errorf("%s came back changed", files[i].Path)
		}
	}
	_, err = blob.PutTree(t.Context(), s, []qlp.File{{Path: "a"}, {Path: "a"}})
	code(t, err, qlp.Conflict)
	_, err = blob.PutTree(t.Context(), s, []qlp.File{{Path: "../a"}})
	code(t, err, qlp.Invalid)
	_, err = blob.GetTree(t.Context(), s, qlp.Tree{{Path: "gone", Digest: qlp.DigestOf([]byte("never put"))}})
	code(t, err, qlp.NotFound)
}
