package capsule

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator"
)

// sample is a small project whose checks all passed.
func sample(t *testing.T) Input {
	t.Helper()
	files := []qlp.File{
		{Path: "acceptance/cases.json", Content: []byte("[]\n")},
		{Path: "main.go", Content: []byte("package main\n\nfunc main() {}\n")},
		{Path: "scripts/run.sh", Content: []byte("#!/bin/sh\n"), Executable: true},
	}
	tree, err := treeOf(files)
	if err != nil {
		t.Fatal(err)
	}
	log := []byte("ok\n")
	x := qlp.Execution{
		ID: "test-1", Check: "test/acceptance", Argv: []string{"go", "test", "./..."}, Verdict: "ok",
		Stdout: qlp.DigestOf(log), Stderr: qlp.DigestOf(nil), Engine: "bubblewrap", Isolation: "namespaces",
		Counts: &qlp.Counts{Passed: 3}, StartedAt: time.Unix(1700000000, 0).UTC(),
	}
	check := qlp.Pass(qlp.LayerTest, "acceptance", qlp.FromExecutions(x)).WithCounts(qlp.Counts{Passed: 3})
	check.Required = true
	spec := qlp.Spec{Title: "Library", Kind: qlp.KindService, Stack: "go"}
	return Input{
		Intent: qlp.Intent{ID: "intent-1", Words: "a library <&>", Revision: 1},
		Run:    qlp.Run{ID: "run-1", StartedAt: time.Unix(1700000000, 0).UTC()},
		Spec:   spec, Plan: qlp.Plan{Stack: "go"}, Stack: qlp.Stack{Name: "go"},
		Files: files, Frozen: tree[:1], Verdict: qlp.Verified, Generator: "offline",
		Created: time.Unix(1700000002, 0).UTC(), Version: "test",
		Report: validator.Report{
			Checks: []qlp.Check{check}, Executions: []qlp.Execution{x},
			Logs:      []validator.Log{{Digest: qlp.DigestOf(log), Content: log}},
			Reports:   []qlp.File{{Path: "junit/acceptance.xml", Content: []byte("<testsuite/>")}},
			Toolchain: map[string]string{"go": "go1.26"},
		},
		SARIF: []byte("{}\n"),
	}
}

func key(t *testing.T) PrivateKey {
	t.Helper()
	k, err := NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func pack(t *testing.T, in Input, k PrivateKey) []byte {
	t.Helper()
	b, err := Pack(in, k)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func verify(b []byte, trust Trust) error {
	c, err := Read(b)
	if err != nil {
		return err
	}
	_, err = c.Verify(trust)
	return err
}

func TestPackIsDeterministic(t *testing.T) {
	t.Parallel()
	k := key(t)
	one, two := pack(t, sample(t), k), pack(t, sample(t), k)
	if !bytes.Equal(one, two) {
		t.Fatal("the same input gave different bytes")
	}
	if err := verify(one, Trust{}); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(one), int64(len(one)))
	if err != nil {
		t.Fatal(err)
	}
	if first, last := r.File[0].Name, r.File[len(r.File)-1].Name; first != entryHeader || last != entrySignature {
		t.Errorf("order: first %s, last %s", first, last)
	}
}

func TestPackRefusesVerdictThatDoesNotFollow(t *testing.T) {
	t.Parallel()
	in := sample(t)
	in.Report.Checks[0] = qlp.Fail(qlp.LayerTest, "acceptance", qlp.FromExecutions(in.Report.Executions[0]), "1 failed")
	in.Report.Checks[0].Required = true
	if _, err := Pack(in, key(t)); err == nil || !strings.Contains(err.Error(), "forged") {
		t.Fatalf("packed a verified capsule over a failed check: %v", err)
	}
}

func TestTrust(t *testing.T) {
	t.Parallel()
	mine, other := key(t), key(t)
	b := pack(t, sample(t), mine)
	own, foreign := mine.Public(), other.Public()
	pinned := func(k PublicKey) map[string]PublicKey { return map[string]PublicKey{k.ID(): k} }
	for _, tc := range []struct {
		name  string
		trust Trust
		want  string // part of the error; "" means good
		known bool
	}{
		{"nothing pinned", Trust{}, "", false},
		{"own key", Trust{Own: &own}, "", true},
		{"given key", Trust{Key: &own}, "", true},
		{"another given key", Trust{Key: &foreign}, "not by the given key", false},
		{"pinned", Trust{Pinned: pinned(own)}, "", true},
		{"another pinned", Trust{Pinned: pinned(foreign)}, "not pinned", false},
		{"another pinned, own", Trust{Pinned: pinned(foreign), Own: &own}, "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, err := Read(b)
			if err != nil {
				t.Fatal(err)
			}
			signer, err := c.Verify(tc.trust)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Fatalf("got %v, want %q", err, tc.want)
			}
			if err == nil && signer.Trusted != tc.known {
				t.Errorf("trusted = %v", signer.Trusted)
			}
		})
	}
}

func TestPolicyOfThisMachineHolds(t *testing.T) {
	t.Parallel()
	b := pack(t, sample(t), key(t))
	policy := func(keys ...string) Trust {
		return Trust{Policy: func(qlp.Spec, qlp.Stack, []qlp.Check) ([]string, error) { return keys, nil }}
	}
	if err := verify(b, policy("test/acceptance")); err != nil {
		t.Error(err)
	}
	if err := verify(b, policy("test/acceptance", "security/secrets")); err == nil || !strings.Contains(err.Error(), "security/secrets") {
		t.Errorf("a capsule without a required check was accepted: %v", err)
	}
}

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

func TestUnpackStaysInside(t *testing.T) {
	t.Parallel()
	c, err := Read(pack(t, sample(t), key(t)))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "out")
	if err := c.Unpack(dir, true); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "scripts", "run.sh"))
	if err != nil || info.Mode()&0o111 == 0 {
		t.Fatalf("script: %v %v", info, err)
	}
	if err := c.Unpack(dir, true); qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("unpacked over an existing folder: %v", err)
	}
	all := filepath.Join(t.TempDir(), "all")
	if err := c.Unpack(all, false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(all, "signature.json")); err != nil {
		t.Error(err)
	}
}

func TestKeyring(t *testing.T) {
	t.Parallel()
	ring := NewKeyring(filepath.Join(t.TempDir(), "keys"))
	if _, ok, err := ring.Own(); ok || err != nil {
		t.Fatalf("a key before first use: %v %v", ok, err)
	}
	first, err := ring.Signing()
	if err != nil {
		t.Fatal(err)
	}
	second, err := ring.Signing()
	if err != nil || first.Public().ID() != second.Public().ID() {
		t.Fatalf("second use gave another key: %v", err)
	}
	info, err := os.Stat(filepath.Join(ring.dir, "signing.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	parsed, err := ParsePublicKey(first.Public().PEM())
	if err != nil || parsed.ID() != first.Public().ID() {
		t.Errorf("PEM round trip: %v", err)
	}
	other := key(t).Public()
	if err := ring.Pin(other); err != nil {
		t.Fatal(err)
	}
	pinned, err := ring.Pinned()
	if err != nil || len(pinned) != 1 || pinned[other.ID()].ID() != other.ID() {
		t.Errorf("pinned: %v %v", pinned, err)
	}
	if err := ring.Unpin(other.ID()); err != nil {
		t.Error(err)
	}
	if err := ring.Unpin(other.ID()); qlp.CodeOf(err) != qlp.NotFound {
		t.Errorf("unpinned twice: %v", err)
	}
	if s := first.String(); strings.Contains(s, "PRIVATE") || !strings.Contains(s, first.Public().ID()) {
		t.Errorf("a private key prints as %q", s)
	}
}

// FuzzRead: whatever the bytes are, reading neither panics nor accepts two meanings of them, and only what was signed by
// the key at hand verifies.
func FuzzRead(f *testing.F) {
	k, err := NewPrivateKey()
	if err != nil {
		f.Fatal(err)
	}
	var t testing.T
	good, err := Pack(sample(&t), k)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Add(good[:len(good)-10])
	var deflated bytes.Buffer
	w, _ := flate.NewWriter(&deflated, 9)
	_, _ = w.Write(good)
	_ = w.Close()
	f.Add(deflated.Bytes())
	own := k.Public()
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Read(b)
		if err != nil {
			return
		}
		again, err := encode(c.entries)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatal("a file was read that is not its own canonical form")
		}
		if _, err := c.Verify(Trust{Key: &own}); err == nil && !bytes.Equal(b, good) {
			t.Fatal("another file than the signed one verified")
		}
	})
}
