package spelling_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/quantumlayer/qlp/internal/vector/spelling"
)

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                           nil,
		" \x00-- ":                   nil,
		"Books, BOOKS and\x00Straße": {"Books", "and", "Straße"},
		"well-known v1.2 \xffa\xfeb": {"well", "known", "v1", "2", "a", "b"},
		"e\u0301tude 日本語のサービス 🦀🦀 x_y": {"e\u0301tude", "日本語のサービス", "x", "y"},
	} {
		if got := spelling.Words(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	if got := spelling.Plain("a\x00b: the (books), books!", 100); got != "a b the books books" {
		t.Errorf("got %q", got)
	}
	long := spelling.Plain(strings.Repeat("Straße ", 1000), 50)
	if len(long) > 50 || len(long) < 40 || !utf8.ValidString(long) || strings.HasSuffix(long, " ") {
		t.Errorf("cut to %q", long)
	}
}

func TestPieces(t *testing.T) {
	t.Parallel()
	if got := spelling.Pieces([]string{"Böots", "a", "boot"}, 100); !slices.Equal(got, []string{"böo", "öot", "ots", "boo", "oot"}) {
		t.Errorf("got %q", got)
	}
	if got := spelling.Pieces([]string{strings.Repeat("abcdefghij", 1), "xyz", "uvw"}, 3); slices.Contains(got, "xyz") {
		t.Errorf("more than enough: %q", got)
	}
}

func TestAlike(t *testing.T) {
	t.Parallel()
	if got := spelling.Alike([]string{"inventories", "of", "wombats"}, "An INVENTORY of things"); !slices.Equal(got, []string{"inventories"}) {
		t.Errorf("got %q", got)
	}
}
