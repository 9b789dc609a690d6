package sandboxtest

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// files are the ways to smuggle something in or out by way of the tree.
func files(t T, o Options) {
	t.Run("there_and_back", func(t T) {
		b := NewBench(t, o, limits())
		in := map[string]sandbox.File{"a.txt": {Content: []byte("a")}, "d/e/run.sh": {Content: []byte("#!/bin/sh\necho ran\n"), Mode: 0o755}, "empty": {}}
		if err := sandbox.PutTree(t.Context(), b.Sandbox, in); err != nil {
			t.Fatal(err)
		}
		if res := sh(t, b, "d/e/run.sh && echo b >d/b.txt"); res.Verdict != sandbox.OK || string(res.Stdout) != "ran\n" {
			t.Fatalf("%s %s", res.Verdict, res.Stderr)
		}
		if err := sandbox.PutFiles(t.Context(), b.Sandbox, map[string][]byte{"a.txt": []byte("changed")}); err != nil {
			t.Fatal(err)
		}
		want(t, b, nil, "a.txt", "d/b.txt", "d/e/run.sh", "empty")
		want(t, b, []string{"*.txt"}, "a.txt")
		want(t, b, []string{"**/*.txt"}, "a.txt", "d/b.txt")
		want(t, b, []string{"d/**"}, "d/b.txt", "d/e/run.sh")
		got, err := sandbox.GetFiles(t.Context(), b.Sandbox, []string{"a.txt", "**/run.sh"}, sandbox.CopyLimits{})
		if err != nil || string(got["a.txt"].Content) != "changed" || got["d/e/run.sh"].Mode != 0o755 {
			t.Errorf("got %v, %v", got, err)
		}
		b.Unharmed(t)
	})
	t.Run("artefacts", func(t T) {
		b := NewBench(t, o, limits())
		res := sh(t, b, `echo x >plain; ln -s /etc/passwd abs; ln -s plain rel; ln -s /proc dir; ln -s nowhere dangling; mkfifo fifo;
			python3 -I -c 'import socket; socket.socket(socket.AF_UNIX).bind("sock")'; ln plain hard; mkdir -p sub; ln -s .. sub/up; echo end`)
		if !strings.Contains(string(res.Stdout), "end") {
			t.Fatalf("%s %s", res.Stdout, res.Stderr)
		}
		want(t, b, nil, "hard", "plain")
		b.StillWorks(t)
	})
	t.Run("put_through_links", func(t T) {
		b := NewBench(t, o, limits())
		sh(t, b, `ln -s /tmp out; ln -s /tmp/file f; mkfifo p`)
		err := sandbox.PutFiles(t.Context(), b.Sandbox, map[string][]byte{"out/x": []byte("1"), "f": []byte("2"), "p": []byte("3")})
		if err != nil {
			t.Fatal(err)
		}
		if res := sh(t, b, `[ -e /tmp/x ] || [ -e /tmp/file ] || cat out/x f p`); string(res.Stdout) != "123" {
			t.Errorf("%q %q", res.Stdout, res.Stderr)
		}
	})
	t.Run("hostile_archives", func(t T) {
		b := NewBench(t, o, limits())
		for name, c := range map[string]struct {
			h    tar.Header
			code qlp.Code
		}{
			"up":        {tar.Header{Name: "../x", Typeflag: tar.TypeReg}, qlp.Invalid},
			"up inside": {tar.Header{Name: "a/../../x", Typeflag: tar.TypeReg}, qlp.Invalid},
			"absolute":  {tar.Header{Name: "/etc/x", Typeflag: tar.TypeReg}, qlp.Invalid},
			"link":      {tar.Header{Name: "l", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}, qlp.Invalid},
			"hardlink":  {tar.Header{Name: "l", Linkname: "/etc/passwd", Typeflag: tar.TypeLink}, qlp.Invalid},
			"device":    {tar.Header{Name: "d", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 1}, qlp.Invalid},
			"fifo":      {tar.Header{Name: "p", Typeflag: tar.TypeFifo}, qlp.Invalid},
			"deep":      {tar.Header{Name: strings.Repeat("d/", 300) + "x", Typeflag: tar.TypeReg}, qlp.Invalid},
			"huge":      {tar.Header{Name: "x", Typeflag: tar.TypeReg, Size: 1 << 40}, qlp.Exhausted},
		} {
			var buf bytes.Buffer
			w := tar.NewWriter(&buf)
			if err := w.WriteHeader(&c.h); err != nil {
				t.Fatal(err)
			}
			if err := b.Sandbox.Put(t.Context(), &buf); qlp.CodeOf(err) != c.code {
				t.Errorf("%s: %v (code %q), want %s", name, err, qlp.CodeOf(err), c.code)
			}
		}
		if err := b.Sandbox.Put(t.Context(), io.LimitReader(zeros{}, 100)); err != nil && qlp.CodeOf(err) != qlp.Invalid {
			t.Errorf("rubbish: %v", err)
		}
		want(t, b, nil)
		b.StillWorks(t)
	})
	t.Run("too_much_in", func(t T) {
		b := NewBench(t, o, limits())
		err := sandbox.PutFiles(t.Context(), b.Sandbox, map[string][]byte{"a": make([]byte, 20<<20), "b": make([]byte, 20<<20)})
		if qlp.CodeOf(err) != qlp.Exhausted {
			t.Errorf("%v (code %q)", err, qlp.CodeOf(err))
		}
		b.StillWorks(t)
	})
	t.Run("too_much_out", func(t T) {
		b := NewBench(t, o, limits())
		sh(t, b, `dd if=/dev/zero of=big bs=1M count=8; i=0; while [ $i -lt 50 ]; do echo x >f$i; i=$((i+1)); done; mkdir -p $(printf 'd/%.0s' $(seq 300)) deep`)
		for _, c := range []struct {
			patterns []string
			lim      sandbox.CopyLimits
		}{{nil, sandbox.CopyLimits{}}, {[]string{"f*"}, sandbox.CopyLimits{Files: 10}}, {[]string{"f*"}, sandbox.CopyLimits{Bytes: 20}}} {
			if _, err := sandbox.GetFiles(t.Context(), b.Sandbox, c.patterns, c.lim); qlp.CodeOf(err) != qlp.Exhausted {
				t.Errorf("%v: %v (code %q)", c, err, qlp.CodeOf(err))
			}
		}
		b.StillWorks(t)
	})
	t.Run("holes_out", func(t T) {
		b := NewBench(t, o, limits())
		if res := sh(t, b, `truncate -s 16M hole && ls -s hole`); res.Verdict != sandbox.OK {
			t.Skipf("no file with a hole: %s", res.Stderr)
		}
		if _, err := sandbox.GetFiles(t.Context(), b.Sandbox, nil, sandbox.CopyLimits{}); qlp.CodeOf(err) != qlp.Exhausted {
			t.Errorf("%v (code %q)", err, qlp.CodeOf(err))
		}
		b.StillWorks(t)
		b.Gone(t)
	})
	t.Run("odd_names_out", func(t T) {
		b := NewBench(t, o, limits())
		res, err := b.Sandbox.Exec(t.Context(), sandbox.Cmd{Argv: []string{"/usr/bin/python3", "-I", "-c", `
for n in [b"\xff\xfe", b"a\nb", b"x"*255, b"-rf", b"\x1b]0;x\x07", b"a b", b"...", b"C:\\x"]: open(b"/work/"+n, "w").close()`}})
		if err != nil || res.Verdict != sandbox.OK {
			t.Fatalf("%s %s %v", res.Verdict, res.Stderr, err)
		}
		got, err := sandbox.GetFiles(t.Context(), b.Sandbox, nil, sandbox.CopyLimits{})
		if err != nil {
			t.Fatal(err)
		}
		for name := range got {
			if strings.ContainsAny(name, "/\x00") || name == "" || name == ".." {
				t.Errorf("the name %q came out", name)
			}
		}
		b.StillWorks(t)
		b.Gone(t)
	})
	t.Run("ten_thousand_deep", func(t T) {
		l := limits()
		l.Inodes, l.Wall, l.CPUTime = 15000, 20*time.Second, 20*time.Second
		b := NewBench(t, o, l)
		res, err := b.Sandbox.Exec(t.Context(), sandbox.Cmd{Argv: []string{"/usr/bin/python3", "-I", "-c", `
import os
for i in range(10000):
    os.mkdir("d"); os.chdir("d")
open("f", "w").close()
print("made")`}})
		// Rules for files are looked up at every level above, so that this takes long, and may take too long.
		if err != nil || res.Verdict != sandbox.OK && res.Verdict != sandbox.TimeoutCPU && res.Verdict != sandbox.TimeoutWall {
			t.Fatalf("%s %s %v", res.Verdict, res.Stderr, err)
		}
		if _, err := sandbox.GetFiles(t.Context(), b.Sandbox, nil, sandbox.CopyLimits{}); qlp.CodeOf(err) != qlp.Exhausted {
			t.Errorf("%v (code %q)", err, qlp.CodeOf(err))
		}
		b.StillWorks(t)
		start := time.Now()
		b.Gone(t)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("destroy took %s", took)
		}
	})
	t.Run("swapped_while_copied", func(t T) {
		b := NewBench(t, o, limits())
		p, err := b.Sandbox.Start(t.Context(), sandbox.Cmd{Argv: []string{
			"sh", "-c",
			`mkdir -p d; echo inside >d/passwd; while :; do mv d e; ln -s /etc d; rm d; mv e d; done`,
		}})
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			got, err := sandbox.GetFiles(t.Context(), b.Sandbox, nil, sandbox.CopyLimits{})
			if err != nil {
				t.Fatal(err)
			}
			for name, f := range got {
				if strings.Contains(string(f.Content), "root:") {
					t.Fatalf("%s came from outside /work", name)
				}
			}
		}
		if res, err := p.Kill(t.Context()); err != nil || res.Verdict != sandbox.Canceled {
			t.Errorf("%s, %v", res.Verdict, err)
		}
		b.StillWorks(t)
	})
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func sh(t T, b *Bench, script string) sandbox.Result {
	t.Helper()
	res, err := b.Sandbox.Exec(t.Context(), sandbox.Cmd{Argv: []string{"sh", "-c", script}})
	if err != nil {
		t.Fatalf("exec: %v", err)
	}
	return res
}

func want(t T, b *Bench, patterns []string, names ...string) {
	t.Helper()
	got, err := sandbox.GetFiles(t.Context(), b.Sandbox, patterns, sandbox.CopyLimits{})
	if err != nil {
		t.Fatalf("get %v: %v", patterns, err)
	}
	if have := slices.Sorted(maps.Keys(got)); fmt.Sprint(have) != fmt.Sprint(names) {
		t.Errorf("get %v: %q, want %q", patterns, have, names)
	}
}
