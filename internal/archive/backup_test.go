package archive_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"

	"github.com/quantumlayer/qlp/internal/archive"
	"github.com/quantumlayer/qlp/internal/blob/file"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
)

// folder is a data folder with a store and blobs.
type folder struct {
	dir   string
	st    *sqlite.Store
	blobs *file.Store
}

func open(t *testing.T, dir string) *folder {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(dir, "qlp.db"), sqlite.Config{})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := file.Open(filepath.Join(dir, "blobs"), file.Config{})
	if err != nil {
		t.Fatal(err)
	}
	f := &folder{dir, st, blobs}
	t.Cleanup(func() { f.close(t) })
	return f
}

func (f *folder) close(t *testing.T) {
	t.Helper()
	if err := errors.Join(f.st.Close(), f.blobs.Close()); err != nil {
		t.Error(err)
	}
}

// run adds an intent with a run that speaks of a blob, and returns its id.
func (f *folder) run(ctx context.Context, content string) (string, error) {
	id, at := uuid.NewString(), time.Now().UTC()
	evidence, err := f.blobs.Put(ctx, []byte(content+" of "+id))
	if err != nil {
		return "", err
	}
	return id, f.st.Tx(ctx, func(tx store.Tx) error {
		return errors.Join(
			tx.InsertIntent(ctx, qlp.Intent{ID: id, Words: content, State: qlp.StateReceived, Revision: 1, Created: at, Updated: at}, "", ""),
			tx.InsertRun(ctx, qlp.Run{ID: id + "r", IntentID: id, Number: 1, Evidence: evidence, StartedAt: at}))
	})
}

func (f *folder) source(t *testing.T, files map[string][]byte) archive.Source {
	t.Helper()
	schema, queue, err := sqlite.Schema()
	if err != nil {
		t.Fatal(err)
	}
	return archive.Source{
		Keeper: f.st, Blobs: f.blobs, Schema: schema, Queue: queue, Files: files, Version: "test", Clock: time.Now,
		Snapshot: func(ctx context.Context, to string) error { return sqlite.Snapshot(ctx, f.st.Path(), to) },
		Open: func(ctx context.Context, path string) (store.Keeper, error) {
			return sqlite.Open(ctx, path, sqlite.Config{Guest: true})
		},
	}
}

func target(t *testing.T, dir string) archive.Target {
	t.Helper()
	schema, queue, err := sqlite.Schema()
	if err != nil {
		t.Fatal(err)
	}
	return archive.Target{Data: dir, Shared: dir, Schema: schema, Queue: queue, Lock: sqlite.Lock, Check: sqlite.Check}
}

// state lists every file below a folder with its content's digest.
func state(t *testing.T, dir string) map[string]qlp.Digest {
	t.Helper()
	out := map[string]qlp.Digest{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		out[path] = qlp.DigestOf(b)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return out
}

// backedUp makes a folder with some runs, and a backup of it.
func backedUp(t *testing.T) (path string, runs []string) {
	t.Helper()
	f := open(t, t.TempDir())
	for i := range 5 {
		id, err := f.run(t.Context(), fmt.Sprintf("words %d", i))
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, id)
	}
	path = filepath.Join(t.TempDir(), "backup.tar.zst")
	m, err := archive.Backup(t.Context(), f.source(t, map[string][]byte{archive.DeploymentName: []byte("id\n"), archive.PinnedName(strings.Repeat("ab", 32)): []byte("key")}), path)
	if err != nil || m.Blobs.Count != 5 || len(m.Missing) != 0 || m.Keys {
		t.Fatalf("%+v, %v", m, err)
	}
	return path, runs
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	path, runs := backedUp(t)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the backup: %v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("left over: %v, %v", left, err)
	}
	into := filepath.Join(t.TempDir(), "new", "data")
	m, err := archive.Restore(t.Context(), path, target(t, into))
	if err != nil || !m.Has(archive.DatabaseName) || m.Version != "test" {
		t.Fatalf("%+v, %v", m, err)
	}
	for name, want := range map[string]string{"deployment": "id\n", "keys/pinned/" + strings.Repeat("ab", 32) + ".pub": "key"} {
		if b, err := os.ReadFile(filepath.Join(into, name)); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	f := open(t, into)
	for _, id := range runs {
		err := f.st.Read(t.Context(), func(r store.Reader) error {
			run, err := r.Run(t.Context(), id+"r")
			if err == nil {
				_, err = f.blobs.Get(t.Context(), run.Evidence)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if v, err := archive.Verify(t.Context(), f.st, f.blobs); err != nil || v.Blobs != 5 || len(v.Missing) != 0 {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestBackupWhileOthersWrite makes backups all the time beside runs that put blobs and speak of them: each one is whole.
func TestBackupWhileOthersWrite(t *testing.T) {
	t.Parallel()
	f := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	written := 0
	go func() {
		for ctx.Err() == nil {
			if _, err := f.run(t.Context(), "words"); err != nil {
				done <- err
				return
			}
			written++
		}
		done <- nil
	}()
	dir := t.TempDir()
	most := int64(0)
	for i := range 5 {
		path := filepath.Join(dir, fmt.Sprint(i))
		m, err := archive.Backup(t.Context(), f.source(t, nil), path)
		if err != nil || len(m.Missing) > 0 {
			t.Fatalf("%+v, %v", m, err)
		}
		most = max(most, m.Blobs.Count)
		into := filepath.Join(dir, fmt.Sprint(i, "d"))
		if _, err := archive.Restore(t.Context(), path, target(t, into)); err != nil {
			t.Fatal(err)
		}
		restored := open(t, into)
		if v, err := archive.Verify(t.Context(), restored.st, restored.blobs); err != nil || len(v.Missing) > 0 || int64(v.Blobs) != m.Blobs.Count {
			t.Errorf("%+v, %v", v, err)
		}
	}
	cancel()
	if err := <-done; err != nil || most == 0 || written == 0 {
		t.Errorf("written %d, at most %d in a backup: %v", written, most, err)
	}
}

func TestBackupOfWhatIsMissing(t *testing.T) {
	t.Parallel()
	f := open(t, t.TempDir())
	for range 3 {
		if _, err := f.run(t.Context(), "words"); err != nil {
			t.Fatal(err)
		}
	}
	all, err := filepath.Glob(filepath.Join(f.dir, "blobs", "sha256", "*", "*"))
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	if err := errors.Join(os.Remove(all[0]), os.WriteFile(all[1], []byte("changed"), 0o600)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "b")
	m, err := archive.Backup(t.Context(), f.source(t, nil), path)
	if err != nil || len(m.Missing) != 2 || m.Blobs.Count != 1 {
		t.Errorf("%+v, %v", m, err)
	}
	if m, err = archive.Inspect(t.Context(), path); err != nil || len(m.Missing) != 2 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestBackupTakesNoPlace(t *testing.T) {
	t.Parallel()
	path, _ := backedUp(t)
	before := state(t, filepath.Dir(path))
	f := open(t, t.TempDir())
	if _, err := archive.Backup(t.Context(), f.source(t, nil), path); qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("over another one: %v", err)
	}
	if _, err := archive.Backup(t.Context(), f.source(t, nil), filepath.Join(t.TempDir(), "none", "b")); qlp.CodeOf(err) != qlp.NotFound || qlp.RemedyOf(err) == "" {
		t.Errorf("in no folder: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	if _, err := archive.Backup(ctx, f.source(t, nil), filepath.Join(dir, "b")); err == nil {
		t.Error("was made after a cancel")
	}
	if left := state(t, dir); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
	if after := state(t, filepath.Dir(path)); len(after) != len(before) || after[path] != before[path] {
		t.Errorf("before %v, after %v", before, after)
	}
	err := f.st.Alone(t.Context(), func(ctx context.Context) error {
		_, err := archive.Backup(ctx, f.source(t, nil), filepath.Join(dir, "b"))
		return err
	})
	if qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("beside gc: %v", err)
	}
}

// refused restores a backup, which must fail with a code and leave nothing behind.
func refused(t *testing.T, path string, code qlp.Code, says string) {
	t.Helper()
	into := filepath.Join(t.TempDir(), "data")
	_, err := archive.Restore(t.Context(), path, target(t, into))
	if qlp.CodeOf(err) != code || qlp.RemedyOf(err) == "" || !strings.Contains(err.Error(), says) {
		t.Errorf("%v, want %s about %q", err, code, says)
	}
	if _, err := os.Lstat(into); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left over: %v, %v", state(t, into), err)
	}
}

// TestDamagedBackups changes each part of a backup and cuts it off everywhere.
func TestDamagedBackups(t *testing.T) {
	t.Parallel()
	path, _ := backedUp(t)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "bad")
	try := func(content []byte) {
		t.Helper()
		if err := os.WriteFile(bad, content, 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, bad, qlp.Invalid, "no whole backup")
	}
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	whole, err := z.DecodeAll(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	step := len(b)/12 + 1
	for at := 0; at < len(b); at += step {
		try(b[:at])
		changed := slices.Clone(b)
		changed[at] ^= 0x40
		if got, err := z.DecodeAll(changed, nil); err == nil && bytes.Equal(got, whole) {
			continue // a bit that means nothing, a width of a window say: nothing is damaged
		}
		try(changed)
	}
	try(b[:len(b)-1])
	try(append(slices.Clone(b), "more"...))
	try(append(slices.Clone(b), b...)) // twice
	refused(t, filepath.Join(t.TempDir(), "none"), qlp.NotFound, "none")
}

// rewritten packs the entries of a backup again, after change had its way with them.
func rewritten(t testing.TB, path string, change func([]part) []part) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var parts []part
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part{*h, content})
	}
	out := filepath.Join(t.TempDir(), "rewritten")
	if err := os.WriteFile(out, pack(t, change(parts)), 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

type part struct {
	tar.Header
	content []byte
}

func pack(t testing.TB, parts []part) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for _, p := range parts {
		if p.Typeflag == tar.TypeReg {
			p.Size = int64(len(p.content))
		}
		p.Format = tar.FormatUnknown
		if err := w.WriteHeader(&p.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(p.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// manifested changes the manifest and leaves the rest.
func manifested(t testing.TB, path string, change func(*archive.Manifest)) string {
	t.Helper()
	return rewritten(t, path, func(parts []part) []part {
		var m archive.Manifest
		if err := json.Unmarshal(parts[0].content, &m); err != nil {
			t.Fatal(err)
		}
		change(&m)
		parts[0].content, _ = json.Marshal(m)
		return parts
	})
}

func TestHostileBackups(t *testing.T) {
	t.Parallel()
	path, _ := backedUp(t)
	evil := func(name string, flag byte, link string) func([]part) []part {
		return func(parts []part) []part {
			h := tar.Header{Name: name, Typeflag: flag, Linkname: link, Mode: 0o777}
			return append(parts, part{h, nil})
		}
	}
	one := qlp.DigestOf([]byte("x"))
	for name, change := range map[string]func([]part) []part{
		"out of the folder": evil("../../escaped", tar.TypeReg, ""),
		"blob out of it":    evil("blobs/../../../escaped", tar.TypeReg, ""),
		"an absolute path":  evil("/tmp/escaped", tar.TypeReg, ""),
		"a symbolic link":   evil("blobs/"+one.Hex(), tar.TypeSymlink, "/etc/passwd"),
		"a hard link":       evil("blobs/"+one.Hex(), tar.TypeLink, "manifest.json"),
		"a device":          evil("blobs/"+one.Hex(), tar.TypeChar, ""),
		"a pipe":            evil("blobs/"+one.Hex(), tar.TypeFifo, ""),
		"a folder":          evil("blobs/", tar.TypeDir, ""),
		"one blob too many": func(p []part) []part {
			return append(p, part{tar.Header{Name: "blobs/" + strings.Repeat("f", 64), Typeflag: tar.TypeReg}, nil})
		},
		"a blob twice":       func(p []part) []part { return append(p, p[len(p)-1]) },
		"blobs out of order": func(p []part) []part { n := len(p); p[n-1], p[n-2] = p[n-2], p[n-1]; return p },
		"a blob less":        func(p []part) []part { return p[:len(p)-1] },
		"another blob":       func(p []part) []part { p[len(p)-1].content = []byte("other bytes"); return p },
		"no database":        func(p []part) []part { return slices.Delete(p, 1, 2) },
		"another database": func(p []part) []part {
			p[1].content = bytes.Repeat([]byte{0}, len(p[1].content))
			return p
		},
		"no manifest":      func(p []part) []part { return p[1:] },
		"a second one":     func(p []part) []part { return append(p[:1:1], p...) },
		"a manifest later": func(p []part) []part { p[0], p[1] = p[1], p[0]; return p },
		"nothing":          func([]part) []part { return nil },
		"no JSON":          func(p []part) []part { p[0].content = []byte("{"); return p },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, rewritten(t, path, change), qlp.Invalid, "no whole backup")
		})
	}
	for name, change := range map[string]func(*archive.Manifest){
		"another file":       func(m *archive.Manifest) { m.Files[0].Name = "../qlp.db" },
		"a file of a folder": func(m *archive.Manifest) { m.Files[1].Name = "keys/pinned/../../x.pub" },
		"a file twice":       func(m *archive.Manifest) { m.Files[1] = m.Files[0] },
		"a giant file":       func(m *archive.Manifest) { m.Files[1].Size = 1 << 40 },
		"less than nothing":  func(m *archive.Manifest) { m.Files[0].Size = -1 },
		"more than there is": func(m *archive.Manifest) { m.Blobs.Bytes = 1 << 62; m.Files[0].Size = 1 << 62 },
		"no digest":          func(m *archive.Manifest) { m.Files[0].Digest = "sha256:x" },
		"keys that are not":  func(m *archive.Manifest) { m.Keys = true },
		"fewer blobs":        func(m *archive.Manifest) { m.Blobs.Count-- },
		"smaller blobs":      func(m *archive.Manifest) { m.Blobs.Bytes = 1 },
		"other blobs":        func(m *archive.Manifest) { m.Blobs.List = one },
		"no format":          func(m *archive.Manifest) { m.Format = 0 },
	} {
		t.Run("a manifest with "+name, func(t *testing.T) {
			t.Parallel()
			refused(t, manifested(t, path, change), qlp.Invalid, "no whole backup")
		})
	}
}

func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	path, _ := backedUp(t)
	for name, change := range map[string]func(*archive.Manifest){
		"format": func(m *archive.Manifest) { m.Format++ }, "schema": func(m *archive.Manifest) { m.Schema++ }, "queue": func(m *archive.Manifest) { m.Queue++ },
	} {
		t.Run("a newer "+name, func(t *testing.T) {
			t.Parallel()
			refused(t, manifested(t, path, change), qlp.Unavailable, "newer")
		})
	}
	t.Run("a folder with something in it", func(t *testing.T) {
		t.Parallel()
		into := t.TempDir()
		if err := os.WriteFile(filepath.Join(into, "mine"), []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := archive.Restore(t.Context(), path, target(t, into))
		if qlp.CodeOf(err) != qlp.Conflict || !strings.Contains(err.Error(), "mine") {
			t.Errorf("got %v", err)
		}
		if after := state(t, into); len(after) != 1 && len(after) != 2 { // with an empty lock
			t.Errorf("afterwards: %v", after)
		}
	})
	t.Run("a server that runs", func(t *testing.T) {
		t.Parallel()
		f := open(t, t.TempDir())
		before := state(t, f.dir)
		_, err := archive.Restore(t.Context(), path, target(t, f.dir))
		if qlp.CodeOf(err) != qlp.Conflict || !strings.Contains(err.Error(), "in use by process") {
			t.Errorf("got %v", err)
		}
		if after := state(t, f.dir); len(after) != len(before) {
			t.Errorf("before %v, after %v", before, after)
		}
	})
	t.Run("a database that is damaged within", func(t *testing.T) {
		t.Parallel()
		worse := rewritten(t, path, func(p []part) []part {
			at := len(p[1].content) / 2
			copy(p[1].content[at:], bytes.Repeat([]byte{0xff}, 4096))
			var m archive.Manifest
			if err := json.Unmarshal(p[0].content, &m); err != nil {
				t.Fatal(err)
			}
			m.Files[0].Digest = qlp.DigestOf(p[1].content)
			p[0].content, _ = json.Marshal(m)
			return p
		})
		refused(t, worse, qlp.Unavailable, "damaged")
	})
}

func TestRestoreIntoTwoFolders(t *testing.T) {
	t.Parallel()
	path, _ := backedUp(t)
	to := target(t, filepath.Join(t.TempDir(), "data"))
	to.Shared = filepath.Join(t.TempDir(), "shared")
	if _, err := archive.Restore(t.Context(), path, to); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{filepath.Join(to.Data, "qlp.db"), filepath.Join(to.Shared, "blobs"), filepath.Join(to.Shared, "deployment")} {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
}

// FuzzUnpack reads what may be a backup: it is refused, or every entry is what its manifest and its name say.
func FuzzUnpack(f *testing.F) {
	blob := []byte("a blob")
	m := archive.Manifest{
		Format: archive.Format, Created: time.Unix(0, 0).UTC(), Files: []archive.File{{Name: archive.DeploymentName, Size: 2, Digest: qlp.DigestOf([]byte("id"))}},
		Blobs: archive.Blobs{Count: 1, Bytes: int64(len(blob)), List: qlp.DigestOf([]byte(string(qlp.DigestOf(blob)) + "\n"))},
	}
	text, err := json.Marshal(m)
	if err != nil {
		f.Fatal(err)
	}
	reg := func(name string, content []byte) part {
		return part{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o600}, content}
	}
	good := []part{reg("manifest.json", text), reg("deployment", []byte("id")), reg("blobs/"+qlp.DigestOf(blob).Hex(), blob)}
	plain := func(parts []part) []byte {
		z, err := zstd.NewReader(bytes.NewReader(pack(f, parts)))
		if err != nil {
			f.Fatal(err)
		}
		defer z.Close()
		b, err := io.ReadAll(z)
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	f.Add(plain(good))
	f.Add(plain(good[:2]))
	f.Add(plain(append(slices.Clone(good), reg("../escaped", nil))))
	f.Fuzz(func(t *testing.T, b []byte) { // what the compression's checksum stops is no test of what comes after
		m, entries, err := archive.Unpack(t.Context(), b)
		if err != nil {
			if code := qlp.CodeOf(err); code != qlp.Invalid && code != qlp.Unavailable {
				t.Errorf("refused with %s: %v", code, err)
			}
			return
		}
		if int64(len(entries)) != m.Blobs.Count+int64(len(m.Files)) {
			t.Errorf("%d entries of %+v", len(entries), m)
		}
		for name, digest := range entries {
			hex, blob := strings.CutPrefix(name, "blobs/")
			i := slices.IndexFunc(m.Files, func(f archive.File) bool { return f.Name == name })
			if blob && digest != qlp.Digest("sha256:"+hex) || !blob && (i < 0 || m.Files[i].Digest != digest) || !fs.ValidPath(name) {
				t.Errorf("%q has the digest %s", name, digest)
			}
		}
	})
}
