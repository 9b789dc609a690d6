package store

import (
	"errors"
	"fmt"
	"testing"

	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/field"
)

// The tests of this folder use a schema of their own, so that they say the same whatever the service keeps.

type author struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

type book struct {
	ID       int64          `json:"id"`
	Title    string         `json:"title"`
	Price    *field.Decimal `json:"price"`
	AuthorID int64          `json:"author_id"`
}

type loan struct {
	ID     int64  `json:"id"`
	BookID int64  `json:"book_id"`
	Note   string `json:"note"`
}

type review struct {
	ID     int64  `json:"id"`
	BookID *int64 `json:"book_id"`
}

// shelf is a store: books hold their author, loans go with their book, reviews stay without it, authors are linked to books.
type shelf struct {
	db      *database
	authors *Table[author]
	books   *Table[book]
	loans   *Table[loan]
	reviews *Table[review]
	likes   *Links
}

func newShelf() *shelf {
	db := newDatabase()
	s := &shelf{
		db:      db,
		authors: newTable(db, "author", func(a *author) *int64 { return &a.ID }),
		books:   newTable(db, "book", func(b *book) *int64 { return &b.ID }),
		loans:   newTable(db, "loan", func(l *loan) *int64 { return &l.ID }),
		reviews: newTable(db, "review", func(r *review) *int64 { return &r.ID }),
		likes:   newLinks(db, "likes", "author", "book"),
	}
	unique(s.authors, "name", func(a *author) *string { return &a.Name })
	unique(s.books, "price", func(b *book) *field.Decimal { return b.Price })
	refer(s.books, "author_id", "author", restrict, func(b *book) *int64 { return &b.AuthorID }, nil)
	refer(s.loans, "book_id", "book", cascade, func(l *loan) *int64 { return &l.BookID }, nil)
	refer(s.reviews, "book_id", "book", setNull, func(r *review) *int64 { return r.BookID }, func(r *review) { r.BookID = nil })
	return s
}

func mustCreate[T any](t *testing.T, table *Table[T], row T) T {
	t.Helper()
	made, err := table.Create(func(r *T, _ field.Exists) error { *r = row; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestIDsAreNeverUsedTwice(t *testing.T) {
	t.Parallel()
	s := newShelf()
	first := mustCreate(t, s.authors, author{Name: "a"})
	second := mustCreate(t, s.authors, author{Name: "b"})
	if err := s.authors.Delete(second.ID); err != nil {
		t.Fatal(err)
	}
	if third := mustCreate(t, s.authors, author{Name: "c"}); first.ID != 1 || third.ID != 3 {
		t.Errorf("ids are %d, %d, %d", first.ID, second.ID, third.ID)
	}
	if _, err := s.authors.Get(second.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("a deleted row: %v", err)
	}
	if err := s.authors.Delete(second.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestUnique(t *testing.T) {
	t.Parallel()
	s := newShelf()
	a := mustCreate(t, s.authors, author{Name: "a"})
	one, same := field.Decimal("1"), field.Decimal("1.0")
	mustCreate(t, s.books, book{Title: "x", Price: &one, AuthorID: a.ID})
	mustCreate(t, s.books, book{Title: "no price", AuthorID: a.ID})
	free := mustCreate(t, s.books, book{Title: "no price either", AuthorID: a.ID})
	_, err := s.books.Update(free.ID, func(b *book, _ field.Exists) error { b.Price = &same; return nil })
	var c *Conflict
	if !errors.As(err, &c) || c.Violations[0].Field != "price" || c.Violations[0].Rule != "unique" {
		t.Errorf("a price that is taken: %v", err)
	}
	if b, err := s.books.Get(free.ID); err != nil || b.Price != nil {
		t.Errorf("a refused change left %+v, %v", b, err)
	}
	if _, err := s.books.Update(1, func(b *book, _ field.Exists) error { b.Price = &same; return nil }); err != nil {
		t.Errorf("a row's own value: %v", err)
	}
}

func TestOnDelete(t *testing.T) {
	t.Parallel()
	s := newShelf()
	a := mustCreate(t, s.authors, author{Name: "a"})
	b := mustCreate(t, s.books, book{AuthorID: a.ID})
	l := mustCreate(t, s.loans, loan{BookID: b.ID})
	r := mustCreate(t, s.reviews, review{BookID: &b.ID})
	if err := errors.Join(s.likes.Link(a.ID, b.ID), s.likes.Link(a.ID, b.ID)); err != nil {
		t.Fatal(err)
	}
	var c *Conflict
	if err := s.authors.Delete(a.ID); !errors.As(err, &c) || c.Violations[0].Rule != "referenced" || c.Violations[0].Field != "id" {
		t.Errorf("an author with books: %v", err)
	}
	if err := s.books.Delete(b.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.loans.Get(l.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("the loan of a deleted book: %v", err)
	}
	if got, err := s.reviews.Get(r.ID); err != nil || got.BookID != nil {
		t.Errorf("the review of a deleted book: %+v, %v", got, err)
	}
	if err := s.likes.Unlink(a.ID, b.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("the link of a deleted book: %v", err)
	}
	if err := s.authors.Delete(a.ID); err != nil {
		t.Errorf("an author without books: %v", err)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	s := newShelf()
	a := mustCreate(t, s.authors, author{Name: "a"})
	b := mustCreate(t, s.books, book{AuthorID: a.ID})
	if err := s.likes.Link(a.ID, 99); !errors.Is(err, ErrNotFound) {
		t.Errorf("a link to no row: %v", err)
	}
	if err := s.likes.Link(a.ID, b.ID); err != nil {
		t.Fatal(err)
	}
	among, exists := s.likes.OfRight(b.ID)
	if page, err := s.authors.Page(Query[author]{Page: 1, Size: 9, Among: among, Exists: exists}); err != nil || page.Total != 1 {
		t.Errorf("linked authors: %+v, %v", page, err)
	}
	among, exists = s.likes.OfLeft(99)
	if _, err := s.books.Page(Query[book]{Page: 1, Size: 9, Among: among, Exists: exists}); !errors.Is(err, ErrNotFound) {
		t.Errorf("the list of no row: %v", err)
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	s := newShelf()
	for i := range 7 {
		a := mustCreate(t, s.authors, author{Name: fmt.Sprint(i)})
		mustCreate(t, s.books, book{Title: fmt.Sprint(i % 2), AuthorID: a.ID})
	}
	even := []func(*book) bool{func(b *book) bool { return b.Title == "0" }}
	for _, c := range []struct {
		query        Query[book]
		items, total int
		first        int64
	}{
		{Query[book]{Page: 1, Size: 5}, 5, 7, 1},
		{Query[book]{Page: 2, Size: 5}, 2, 7, 6},
		{Query[book]{Page: 3, Size: 5}, 0, 7, 0},
		{Query[book]{Page: 1 << 62, Size: 100}, 0, 7, 0},
		{Query[book]{Page: 2, Size: 3, Where: even}, 1, 4, 7},
		{Query[book]{Page: 1 << 62, Size: 3, Where: even}, 0, 4, 0},
		{Query[book]{Page: 1, Size: 3, Among: s.books.Having("author_id", 4)}, 1, 1, 4},
	} {
		page, err := s.books.Page(c.query)
		if err != nil || len(page.Items) != c.items || page.Total != c.total || c.items > 0 && page.Items[0].ID != c.first {
			t.Errorf("page %d of %d: %+v, %v", c.query.Page, c.query.Size, page, err)
		}
	}
}
