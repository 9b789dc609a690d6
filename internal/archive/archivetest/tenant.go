package archivetest

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/archive"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// machinery is for tables that hold nothing of a tenant's. A queue's job does, for the time that it is kept; it is erased with the
// tenant, and says nothing that an export would not say better.
const (
	machinery = ""
	eraseOnly = "erased, not exported"
	derived   = "made of the intents' words, in SQLite's own form; erased with them"
)

// homes says in which file of an export each table's rows are, or why in none. A new table has to be added here, and to export and
// erasure with it: the test fails otherwise.
func homes() map[string]string {
	return map[string]string{
		"intents": "intents", "runs": "runs", "run_tasks": "runs", "checks": "runs", "trees": "trees", "attempts": "attempts",
		"executions": "executions", "events": "events", "calls": "calls", "spending": "spending",
		"embeddings": "embeddings", "embedding_vectors": "embeddings",
		"embedding_words": "intents", // made of the intents' words
		"river_job":       eraseOnly,
		"workers":         machinery, "bindings": machinery,
		"embedding_means": machinery, // of all tenants' vectors together; removed with the last of them
	}
}

// home returns where a table's rows are; ok is false for a table that nobody has thought of.
func home(table string) (string, bool) {
	if where, ok := homes()[table]; ok {
		return where, true
	}
	for prefix, where := range map[string]string{
		"river_": machinery, "goose_": machinery, "sqlite_": machinery, "embedding_stem": derived, "embedding_trigram": derived,
	} {
		if strings.HasPrefix(table, prefix) {
			return where, true
		}
	}
	return "", false
}

// testTenant exports and erases a tenant, and looks into every table of the database for what is left.
func testTenant(t *testing.T, d Driver) {
	h := open(t, d)
	ours, theirs := h.build(t, "ours", qlp.StateFailed, true), h.build(t, "theirs", qlp.StateFailed, true)
	second := h.build(t, "ours", qlp.StateNeedsInput, false)

	path := filepath.Join(t.TempDir(), "ours.tar")
	e, err := archive.ExportTenant(t.Context(), h, h.blobs, "ours", "test", time.Now, path)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Missing) > 0 || e.Tenant != "ours" || len(e.Capsules) != 1 || e.Lines["intents"] != 2 {
		t.Errorf("the export: %+v", e)
	}
	files := untar(t, path)
	checkExport(t, e, files, ours, second, theirs)
	if _, err := archive.ExportTenant(t.Context(), h, h.blobs, "ours", "test", time.Now, path); qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("over a file that is there: %v", err)
	}
	if _, err := archive.ExportTenant(t.Context(), h, h.blobs, "nobody", "test", time.Now, path+"2"); qlp.CodeOf(err) != qlp.NotFound {
		t.Errorf("of nobody: %v", err)
	}
	checkTables(t, d.Tables(t, h.Keeper), files, ours)
	checkFiles(t, d.Files(t, h.Keeper), ours.word, true)

	c := collection()
	erased, err := archive.EraseTenant(t.Context(), h, h.blobs, "ours", c)
	if err != nil {
		t.Fatal(err)
	}
	// Each has seven blobs of its own; one has no capsule to refer to the seventh.
	if erased.Intents != 2 || erased.Garbage.Blobs != 14 {
		t.Errorf("erased: %+v", erased)
	}
	for name, table := range d.Tables(t, h.Keeper) {
		for _, row := range table.Rows {
			for _, o := range []owned{ours, second} {
				if strings.Contains(row, o.intent) || strings.Contains(row, o.run) || strings.Contains(row, o.word) {
					t.Errorf("the table %s still says: %.300s", name, row)
				}
			}
		}
	}
	checkFiles(t, d.Files(t, h.Keeper), ours.word, false)
	for what, digest := range ours.blobs {
		if there := h.there(t, digest); there != (what == "common") {
			t.Errorf("the blob of %s is there: %v", what, there)
		}
	}
	v, err := archive.Verify(t.Context(), h, h.blobs)
	if err != nil || len(v.Missing) > 0 || v.Blobs == 0 {
		t.Errorf("what the other tenant needs: %+v, %v", v, err)
	}
	if _, err := archive.EraseTenant(t.Context(), h, h.blobs, "ours", c); qlp.CodeOf(err) != qlp.NotFound {
		t.Errorf("twice: %v", err)
	}
	err = h.Read(t.Context(), func(r store.Reader) error {
		spent, err := r.Spending(t.Context(), "day:2026-05-04")
		if spent.Micros != 21 || spent.Calls != 3 {
			t.Errorf("the day has spent %+v", spent)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// checkExport holds that everything of the tenant's is in the export, and nothing of another's.
func checkExport(t *testing.T, e archive.Export, files map[string][]byte, ours, second, theirs owned) {
	t.Helper()
	var first archive.Export
	if err := json.Unmarshal(files["export.json"], &first); err != nil || first.Format != archive.ExportFormat || first.Lines["intents"] != 2 {
		t.Errorf("export.json: %v, %+v", err, first)
	}
	for what, digest := range ours.blobs {
		name := "blobs/" + digest.Hex()
		if what == "capsule" {
			name = e.Capsules[digest]
		}
		if qlp.DigestOf(files[name]) != digest {
			t.Errorf("the blob of %s is not in the export as %q", what, name)
		}
	}
	for name, content := range files {
		if strings.Contains(name, "..") || strings.HasPrefix(name, "/") {
			t.Errorf("an entry is called %q", name)
		}
		for _, secret := range []string{theirs.intent, theirs.run, theirs.word} {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s tells of another tenant", name)
			}
		}
		lines, ok := strings.CutSuffix(name, ".jsonl")
		if !ok {
			continue
		}
		if n := bytes.Count(content, []byte("\n")); n != e.Lines[lines] || n == 0 {
			t.Errorf("%s has %d lines, the manifest says %d", name, n, e.Lines[lines])
		}
		for line := range bytes.Lines(content) {
			if !json.Valid(line) {
				t.Errorf("%s: no JSON: %s", name, line)
			}
		}
	}
	for _, id := range []string{ours.intent, second.intent} {
		if !bytes.Contains(files["intents.jsonl"], []byte(id)) {
			t.Errorf("the intent %s is missing", id)
		}
	}
}

// checkTables holds that every table is known, and that what it holds of the tenant is in the file where it should be.
func checkTables(t *testing.T, tables map[string]Table, files map[string][]byte, ours owned) {
	t.Helper()
	if len(tables) < 15 {
		t.Fatalf("%d tables are not all", len(tables))
	}
	for name, table := range tables {
		where, ok := home(name)
		if !ok {
			t.Errorf("the table %s is new: add it to the export and the erasure of a tenant, and to homes", name)
			continue
		}
		holds := slices.ContainsFunc(table.Rows, func(row string) bool {
			return strings.Contains(row, ours.intent) || strings.Contains(row, ours.run) || strings.Contains(row, ours.word)
		})
		names := slices.ContainsFunc(table.Columns, func(c string) bool {
			return slices.Contains([]string{"tenant", "intent_id", "run_id", "task_id", "parent", "words"}, c)
		})
		switch {
		case where == derived:
		case where == machinery && (holds || names):
			t.Errorf("the table %s holds what is a tenant's, and nobody exports or erases it", name)
		case where != machinery && names && !holds:
			t.Errorf("the table %s holds nothing of the tenant's here, so that nothing is shown about it", name)
		case where != machinery && where != eraseOnly && len(files[where+".jsonl"]) == 0:
			t.Errorf("of the table %s, nothing is in the export", name)
		}
	}
}

// checkFiles looks for a word in the database's own files.
func checkFiles(t *testing.T, paths []string, word string, want bool) {
	t.Helper()
	if len(paths) == 0 {
		return
	}
	found := false
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(word)) {
			found = true
			if !want {
				t.Errorf("%s still has the word", filepath.Base(path))
			}
		}
	}
	if found != want {
		t.Errorf("the word is in the files: %v, want %v", found, want)
	}
}

func untar(t *testing.T, path string) map[string][]byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
	out := map[string][]byte{}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if out[h.Name] != nil {
			t.Errorf("%s is there twice", h.Name)
		}
		if out[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

func testActive(t *testing.T, d Driver) {
	h := open(t, d)
	o := h.build(t, "ours", "", true)
	_, err := archive.EraseTenant(t.Context(), h, h.blobs, "ours", collection())
	if qlp.CodeOf(err) != qlp.Conflict || qlp.RemedyOf(err) == "" {
		t.Errorf("got %v", err)
	}
	v, err := archive.Verify(t.Context(), h, h.blobs)
	if err != nil || len(v.Missing) > 0 || v.Blobs < len(o.blobs) {
		t.Errorf("afterwards: %+v, %v", v, err)
	}
}
