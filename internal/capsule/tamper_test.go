package capsule

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io/fs"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// resign packs entries as an attacker would who has a key of their own: everything is consistent but the lie.
func resign(t *testing.T, entries []entry, k PrivateKey) []byte {
	t.Helper()
	envelope, err := sign(k, manifestOf(entries))
	if err != nil {
		t.Fatal(err)
	}
	b, err := encode(append(entries, entry{path: entrySignature, content: envelope}))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTampering(t *testing.T) {
	t.Parallel()
	k := key(t)
	good := pack(t, sample(t), k)
	read := func() []entry {
		entries, err := decode(good)
		if err != nil {
			t.Fatal(err)
		}
		return entries
	}
	at := func(entries []entry, path string) int {
		for i, e := range entries {
			if e.path == path {
				return i
			}
		}
		t.Fatalf("no entry %s", path)
		return -1
	}
	write := func(entries []entry) []byte {
		b, err := encode(entries)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	forge := func(change func(map[string]any), path string) []byte {
		entries := read()
		entries = entries[:len(entries)-1]
		i := at(entries, path)
		var doc any
		if err := json.Unmarshal(entries[i].content, &doc); err != nil {
			t.Fatal(err)
		}
		if list, ok := doc.([]any); ok {
			change(list[0].(map[string]any))
		} else {
			change(doc.(map[string]any))
		}
		content, err := encodeJSON(doc)
		if err != nil {
			t.Fatal(err)
		}
		entries[i].content = content
		return resign(t, entries, k)
	}
	for name, tc := range map[string]struct {
		make func() []byte
		want string
	}{
		"changed entry": {func() []byte {
			e := read()
			e[at(e, "project/main.go")].content = []byte("package main // evil\n")
			return write(e)
		}, "changed"},
		"changed bytes": {func() []byte {
			return bytes.Replace(good, []byte("func main() {}"), []byte("func evil() {}"), 1)
		}, "checksum"},
		"changed mode": {func() []byte {
			e := read()
			e[at(e, "project/main.go")].executable = true
			return write(e)
		}, "changed"},
		"changed log": {func() []byte {
			e := read()
			e[at(e, logPath(qlp.DigestOf([]byte("ok\n"))))].content = []byte("OK\n")
			return write(e)
		}, "log"},
		"added": {func() []byte {
			e := read()
			return write(append([]entry{{path: "project/evil.go", content: []byte("x")}}, e...))
		}, "added"},
		"added outside": {func() []byte {
			return write(append(read(), entry{path: "evil", content: []byte("x")}))
		}, "no place"},
		"removed": {func() []byte {
			e := read()
			i := at(e, "project/scripts/run.sh")
			return write(append(e[:i], e[i+1:]...))
		}, "removed"},
		"removed document": {func() []byte {
			e := read()
			i := at(e, entryProvenance)
			return write(append(e[:i], e[i+1:]...))
		}, "missing"},
		"reordered": {func() []byte {
			e := read()
			i := at(e, "project/main.go")
			e[i], e[i+1] = e[i+1], e[i]
			return write(e)
		}, "reordered"},
		"duplicated":      {func() []byte { e := read(); return write(append(e, e[at(e, "project/main.go")])) }, "twice"},
		"appended bytes":  {func() []byte { return append(bytes.Clone(good), "trailing"...) }, "belong to no entry"},
		"prepended bytes": {func() []byte { return append([]byte("#!/bin/sh\n"), good...) }, "belong to no entry"},
		"link": {func() []byte {
			return zipWith(t, "project/link", []byte("/etc/passwd"), zip.Store, fs.ModeSymlink|0o777)
		}, "link"},
		"folder":           {func() []byte { return zipWith(t, "project/dir/", nil, zip.Store, fs.ModeDir|0o755) }, "not a plain file"},
		"device":           {func() []byte { return zipWith(t, "project/dev", nil, zip.Store, fs.ModeDevice|0o644) }, "not a plain file"},
		"path above":       {func() []byte { return zipWith(t, "project/../../etc/passwd", nil, zip.Store, 0o644) }, "plain relative path"},
		"absolute path":    {func() []byte { return zipWith(t, "/etc/passwd", nil, zip.Store, 0o644) }, "plain relative path"},
		"backslash":        {func() []byte { return zipWith(t, `project\..\x`, nil, zip.Store, 0o644) }, "plain relative path"},
		"over-long name":   {func() []byte { return zipWith(t, "project/"+strings.Repeat("a", 300), nil, zip.Store, 0o644) }, "at most 255"},
		"deep name":        {func() []byte { return zipWith(t, "project/"+strings.Repeat("a/", 60)+"b", nil, zip.Store, 0o644) }, "nested"},
		"zip bomb":         {func() []byte { return zipWith(t, "project/zeros", make([]byte, 10<<20), zip.Deflate, 0o644) }, "compressed"},
		"lying size":       {func() []byte { return lyingSize(t) }, "claims"},
		"too many entries": {func() []byte { return manyEntries(t) }, "at most 20000"},
		"forged verdict":   {func() []byte { return forge(func(m map[string]any) { m["verdict"] = "failed" }, entryHeader) }, "verdict is forged"},
		"forged check": {func() []byte {
			return forge(func(m map[string]any) { m["exit_code"] = 1 }, prefixExecution+"test-1.json")
		}, "check test/acceptance is forged"},
		"forged counts": {func() []byte {
			return forge(func(m map[string]any) { m["counts"] = map[string]any{"passed": 0} }, entryChecks)
		}, "forged"},
		"evidence missing": {func() []byte {
			return forge(func(m map[string]any) { m["executions"] = []string{"other"} }, entryChecks)
		}, "not in the capsule"},
		"pass without any": {func() []byte { return forge(func(m map[string]any) { delete(m, "executions") }, entryChecks) }, "without evidence"},
		"unknown status":   {func() []byte { return forge(func(m map[string]any) { m["status"] = "great" }, entryChecks) }, "unknown status"},
		"other spec":       {func() []byte { return forge(func(m map[string]any) { m["title"] = "Other" }, entrySpec) }, "spec has digest"},
		"later format":     {func() []byte { return forge(func(m map[string]any) { m["format"] = 2 }, entryHeader) }, "format 2"},
		"frozen elsewhere": {func() []byte { return forge(func(m map[string]any) { m["frozen"] = []any{} }, entryHeader) }, "frozen"},
		"unknown key":      {func() []byte { return forge(func(m map[string]any) { m["score"] = 0.85 }, entryHeader) }, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := verify(tc.make(), Trust{})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %v, want an error about %q", err, tc.want)
			}
			if errors.Is(err, ErrUnreadable) {
				t.Errorf("a capsule that was tampered with is called unreadable: %v", err)
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	good := pack(t, sample(t), key(t))
	for name, b := range map[string][]byte{"empty": nil, "text": []byte("hello"), "cut": good[:len(good)/2]} {
		if err := verify(b, Trust{}); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: got %v, want unreadable", name, err)
		}
	}
}

// zipWith returns an archive with one entry as some other tool would write it.
func zipWith(t *testing.T, name string, content []byte, method uint16, mode fs.FileMode) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	h := &zip.FileHeader{Name: name, Method: method}
	h.SetMode(mode)
	f, err := w.CreateHeader(h)
	if err == nil && len(content) > 0 {
		_, err = f.Write(content)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// lyingSize returns an archive whose stored entry claims far more bytes than the file has.
func lyingSize(t *testing.T) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	h := &zip.FileHeader{Name: "project/huge", Method: zip.Store, CRC32: crc32.ChecksumIEEE([]byte("x"))}
	h.CompressedSize64, h.UncompressedSize64 = 1<<33, 1<<33
	f, err := w.CreateRaw(h)
	if err == nil {
		_, err = f.Write([]byte("x"))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func manyEntries(t *testing.T) []byte {
	t.Helper()
	var entries []entry
	for i := range MaxEntries + 1 {
		entries = append(entries, entry{path: "project/" + strings.Repeat("f", i%200+1) + string(rune('a'+i%26)) + strings.Repeat("g", i/200)})
	}
	b, err := encode(entries)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
