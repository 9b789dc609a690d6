package offline

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/vector"
)

func newEmbedder(t testing.TB) *Embedder {
	t.Helper()
	e, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func embed(t testing.TB, texts ...string) [][]float32 {
	t.Helper()
	v, err := newEmbedder(t).Embed(context.Background(), texts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func cosine(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// TestTheVersionIsKept fails when a vector changes: then ID must change, too, or rows of two kinds would be compared.
func TestTheVersionIsKept(t *testing.T) {
	t.Parallel()
	var all []byte
	for _, v := range embed(t, "a REST API in Go for a library: books with title, author and unique isbn", "Überweisung nach Köln 🚀", "don't repeat repeat repeat yourself", "2") {
		for _, x := range v { // to 4 digits: the last bits of a float may differ between processors
			all = binary.LittleEndian.AppendUint32(all, uint32(int32(math.Round(float64(x)*1e4))))
		}
	}
	sum := sha256.Sum256(all)
	const want = "1043997772fa286d"
	if got := hex.EncodeToString(sum[:8]); ID != "offline/1" || got != want {
		t.Fatalf("the vectors of %s are %s, not %s: whoever changes them changes ID", ID, got, want)
	}
}

func TestNearAndFar(t *testing.T) {
	t.Parallel()
	v := embed(t,
		"a REST API for a library: books with title and isbn",
		"an API for libraries, the title and ISBN of each book",
		"a REST API for libraies: boks with titel and isbn", // misspelled
		"track the boats in our harbour by length and owner",
		"A rest api for a LIBRARY books with title, and isbn",
	)
	near, spelled, far, same := cosine(v[0], v[1]), cosine(v[0], v[2]), cosine(v[0], v[3]), cosine(v[0], v[4])
	if !(same > 0.999 && spelled > far+0.3 && near > far+0.3 && near < 0.95) {
		t.Errorf("the same %.2f, other words %.2f, misspelled %.2f, something else %.2f", same, near, spelled, far)
	}
}

func TestNoWords(t *testing.T) {
	t.Parallel()
	e := newEmbedder(t)
	for _, text := range []string{"", " \n\t", "...", "\xff\xfe", "\u0301"} {
		if _, err := e.Embed(t.Context(), []string{"a book", text}); qlp.CodeOf(err) != qlp.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Embed(done, []string{"a book"}); qlp.CodeOf(err) != qlp.Unavailable {
		t.Errorf("after its context: %v", err)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"Don't PANIC, it’s 42!": {"dont", "panic", "its", "42"},
		"Café-Über":             {"cafe", "uber"},
		"ﬁle ²":                 {"file", "2"},
		"go🚀go":                 {"go", "🚀", "go"},
		"日本語 テスト":               {"日本語", "テスト"},
	} {
		if got := tokens(text, 10); !slices.Equal(got, want) {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if got := tokens(strings.Repeat("a ", 100), 10); len(got) != 10 {
		t.Errorf("%d tokens", len(got))
	}
}

func TestLongTextsAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("pneumonoultramicroscopicsilicovolcanoconiosis ", 800)
	if v := embed(t, long, strings.Repeat("x", qlp.MaxIntent)); vector.Check(v[0]) != nil || vector.Check(v[1]) != nil {
		t.Error("no vectors")
	}
}

func FuzzEmbed(f *testing.F) {
	for _, s := range []string{"a book", "Ünï çødé", "\xff\x00", "👩‍👩‍👧", "a a a a", "'", "ing ed s", "yyyy eed"} {
		f.Add(s)
	}
	e := newEmbedder(f)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := e.Embed(context.Background(), []string{text, text})
		if err != nil {
			if qlp.CodeOf(err) != qlp.Invalid || len(tokens(text, 1)) != 0 {
				t.Fatal(err)
			}
			return
		}
		if err := vector.Check(v[0]); err != nil || !slices.Equal(v[0], v[1]) {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
