package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/field"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func openShelf(t *testing.T, dir string) *shelf {
	t.Helper()
	s := newShelf()
	if _, err := openDisk(s.db, dir, quiet()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.db.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *shelf) reopen(t *testing.T, dir string) *shelf {
	t.Helper()
	if err := s.db.close(); err != nil {
		t.Fatal(err)
	}
	return openShelf(t, dir)
}

func (s *shelf) names(t *testing.T) string {
	t.Helper()
	page, err := s.authors.Page(Query[author]{Page: 1, Size: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range page.Items {
		names = append(names, fmt.Sprintf("%d %s", a.ID, a.Name))
	}
	return strings.Join(names, " ")
}

func TestRowsOutliveTheProcess(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	s := openShelf(t, dir)
	a := mustCreate(t, s.authors, author{Name: "<a> \"é\" 日本"})
	gone := mustCreate(t, s.authors, author{Name: "b"})
	b := mustCreate(t, s.books, book{Title: "x\n", AuthorID: a.ID})
	if err := errors.Join(s.authors.Delete(gone.ID), s.likes.Link(a.ID, b.ID)); err != nil {
		t.Fatal(err)
	}
	s = s.reopen(t, dir)
	if got := s.names(t); got != "1 <a> \"é\" 日本" {
		t.Errorf("authors are %s", got)
	}
	if err := s.likes.Unlink(a.ID, b.ID); err != nil {
		t.Errorf("the link: %v", err)
	}
	if c := mustCreate(t, s.authors, author{Name: "c"}); c.ID != 3 {
		t.Errorf("an id was used twice: %d", c.ID)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	openShelf(t, dir)
	if _, err := openDisk(newShelf().db, dir, quiet()); !errors.Is(err, ErrInUse) {
		t.Errorf("opened twice: %v", err)
	}
}

// TestTornRecord cuts the journal at every byte of its last record.
func TestTornRecord(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openShelf(t, dir)
	mustCreate(t, s.authors, author{Name: "a"})
	name := filepath.Join(dir, journalName(1))
	before := readFile(t, name)
	mustCreate(t, s.authors, author{Name: "b"})
	if err := s.db.close(); err != nil {
		t.Fatal(err)
	}
	whole := readFile(t, name)
	for _, tail := range []string{"", "\x00\x00\x00"} {
		for cut := len(before); cut < len(whole); cut++ {
			writeFile(t, name, append(slices.Clone(whole[:cut]), tail...))
			s := openShelf(t, dir)
			if got := s.names(t); got != "1 a" {
				t.Fatalf("cut at %d: authors are %s", cut, got)
			}
			if c := mustCreate(t, s.authors, author{Name: "c"}); c.ID != 2 {
				t.Fatalf("cut at %d: the next id is %d", cut, c.ID)
			}
			s = s.reopen(t, dir)
			if got := s.names(t); got != "1 a 2 c" {
				t.Fatalf("cut at %d, written, opened: authors are %s", cut, got)
			}
			if err := s.db.close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestDamage changes every byte of a journal in turn. No change may pass unseen.
func TestDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openShelf(t, dir)
	mustCreate(t, s.authors, author{Name: "a"})
	mustCreate(t, s.authors, author{Name: "b"})
	if err := s.db.close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, journalName(1))
	whole := readFile(t, name)
	for i := range whole[:len(whole)-1] { // without its last byte, the file is torn
		changed := slices.Clone(whole)
		changed[i] ^= 1
		writeFile(t, name, changed)
		_, err := openDisk(newShelf().db, dir, quiet())
		var d *Damaged
		if !errors.As(err, &d) || d.File != name {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	lines := strings.SplitAfter(string(whole), "\n")
	writeFile(t, name, []byte(lines[1]))
	if _, err := openDisk(newShelf().db, dir, quiet()); err == nil {
		t.Error("a missing record passed unseen")
	}
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openShelf(t, dir)
	d, ok := s.db.disk.(*disk)
	if !ok {
		t.Fatal("the store has no disk")
	}
	d.limit = 300 // bytes: a new journal every few rows
	for i := range 50 {
		a := mustCreate(t, s.authors, author{Name: fmt.Sprint("n", i)})
		b := mustCreate(t, s.books, book{AuthorID: a.ID})
		if err := s.likes.Link(a.ID, b.ID); err != nil {
			t.Fatal(err)
		}
		if i%10 == 0 {
			mustCreate(t, s.loans, loan{BookID: b.ID})
			if err := s.books.Delete(b.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := s.names(t)
	s = s.reopen(t, dir)
	if got := s.names(t); got != want {
		t.Errorf("authors are %s, want %s", got, want)
	}
	if page, err := s.books.Page(Query[book]{Page: 1, Size: 1}); err != nil || page.Total != 45 {
		t.Errorf("books: %+v, %v", page, err)
	}
	if l := mustCreate(t, s.loans, loan{BookID: 2}); l.ID != 6 {
		t.Errorf("the snapshot forgot an id: the next is %d", l.ID)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) > 4 {
		t.Errorf("old files stay: %v", entries)
	}
	damageSnapshot(t, s, dir)
}

func damageSnapshot(t *testing.T, s *shelf, dir string) {
	t.Helper()
	if err := s.db.close(); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "snapshot-*"))
	if err != nil || len(names) != 1 {
		t.Fatalf("snapshots are %v, %v", names, err)
	}
	whole := readFile(t, names[0])
	for _, text := range []string{"", string(whole[:len(whole)/2]), string(whole[:len(whole)-1]), strings.Replace(string(whole), "n7", "n8", 1), string(whole) + "x"} {
		writeFile(t, names[0], []byte(text))
		_, err := openDisk(newShelf().db, dir, quiet())
		var d *Damaged
		if !errors.As(err, &d) || d.File != names[0] {
			t.Errorf("a snapshot of %d bytes instead of %d: %v", len(text), len(whole), err)
		}
	}
}

func TestWritersOfOneValue(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openShelf(t, dir)
	var wg sync.WaitGroup
	won := make(chan int64, 64)
	for range 32 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			row, err := s.authors.Create(func(a *author, _ field.Exists) error { a.Name = "same"; return nil })
			var c *Conflict
			if err == nil {
				won <- row.ID
			} else if !errors.As(err, &c) {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if len(won) != 1 {
		t.Errorf("%d writers took one unique value", len(won))
	}
	if got := s.reopen(t, dir).names(t); got != fmt.Sprintf("%d same", <-won) {
		t.Errorf("authors are %s", got)
	}
}

// failing is a journal whose disk is full for a while: half of what is written arrives, and then an error.
type failing struct {
	*os.File
	isFull bool
}

func (f *failing) Write(b []byte) (int, error) {
	if !f.isFull {
		return f.File.Write(b)
	}
	n, err := f.File.Write(b[:len(b)/2])
	return n, errors.Join(err, errors.New("the disk is full"))
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openShelf(t, dir)
	a := mustCreate(t, s.authors, author{Name: "a"})
	d, ok := s.db.disk.(*disk)
	if !ok {
		t.Fatal("the store has no disk")
	}
	f, ok := d.file.(*os.File)
	if !ok {
		t.Fatal("the journal is no file")
	}
	full := &failing{File: f, isFull: true}
	d.file = full
	if _, err := s.authors.Create(func(a *author, _ field.Exists) error { a.Name = "b"; return nil }); err == nil {
		t.Error("a write to a full disk was answered")
	}
	if err := s.authors.Delete(a.ID); err == nil {
		t.Error("a deletion on a full disk was answered")
	}
	if got := s.names(t); got != "1 a" {
		t.Errorf("after failed writes, authors are %s", got)
	}
	full.isFull = false
	mustCreate(t, s.authors, author{Name: "b"})
	want := s.names(t)
	if got := s.reopen(t, dir).names(t); got != want {
		t.Errorf("authors are %s, want %s", got, want)
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkCreate(b *testing.B) {
	s := newShelf()
	if _, err := openDisk(s.db, b.TempDir(), quiet()); err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := s.db.close(); err != nil {
			b.Error(err)
		}
	}()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.loans.Create(func(l *loan, _ field.Exists) error { l.Note = "a note of some length"; return nil }); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}

// FuzzDecode reads lines of a file that anything may have happened to: what is taken is what was written.
func FuzzDecode(f *testing.F) {
	line, err := encode(record{Seq: 7, Changes: []change{{Part: "book", ID: 1, Row: []byte(`{"id":1}`)}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.TrimSuffix(line, []byte("\n")))
	for _, seed := range []string{"", "00000000 ", "00000000 {}", "zzzzzzzz {}", "0000000 {}", "00000000\x00{}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var r record
		if decode(text, &r) != nil {
			return
		}
		if !json.Valid(text[checksumLength+1:]) {
			t.Errorf("%q was taken", text)
		}
	})
}
