package capsule

import (
	"archive/zip"
	"bytes"
	"compress/flate"
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
