package vectortest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/vector"
)

func testNoVector(t *testing.T, f Fixture) {
	r := random()
	q := Vector(r)
	id := f.put(t, qlp.Embedding{Words: "a shop that sells umbrellas"})
	if got := f.nearest(t, vector.Query{Vector: q, Limit: 10}); len(got) != 0 {
		t.Fatalf("an intent without a vector is near: %v", got)
	}
	if got := of(f.matching(t, qlp.DefaultTenant, "umbrella"), vector.Stems); !slices.Equal(got, []string{id}) {
		t.Fatalf("an intent without a vector is not found by its words: %v", got)
	}
	f.again(t, qlp.Embedding{IntentID: id, Tenant: qlp.DefaultTenant, Embedder: embedder, Vector: q, Words: "a shop that sells umbrellas"})
	if got := f.nearest(t, vector.Query{Vector: q, Limit: 10}); !slices.Equal(got, []string{id}) {
		t.Fatalf("a vector that came later is not found: %v", got)
	}
}

func testStems(t *testing.T, f Fixture) {
	library := f.put(t, qlp.Embedding{Words: "A REST API for a library: books, members and loans"})
	f.put(t, qlp.Embedding{Words: "A booking service for hotel rooms"})
	f.put(t, qlp.Embedding{Words: "Something else entirely"})
	hits := f.matching(t, qlp.DefaultTenant, "Members of LIBRARIES, loaned")
	if got := of(hits, vector.Stems); len(got) == 0 || got[0] != library {
		t.Fatalf("got %v, want %s first", got, library)
	}
	for _, h := range hits {
		if h.Source == vector.Stems && h.IntentID == library {
			terms := slices.Sorted(slices.Values(h.Terms))
			if !slices.Equal(terms, []string{"LIBRARIES", "Members", "loaned"}) {
				t.Fatalf("the terms are %q, want the words of the query as they stand in it", terms)
			}
		}
	}
}

func testTrigrams(t *testing.T, f Fixture) {
	id := f.put(t, qlp.Embedding{Words: "an inventory of warehouses"})
	f.put(t, qlp.Embedding{Words: "a blog with posts"})
	f.put(t, qlp.Embedding{Words: "people and teams"})
	hits := f.matching(t, qlp.DefaultTenant, "inventroy of warehuoses")
	got := of(hits, vector.Trigrams)
	if len(got) == 0 || got[0] != id {
		t.Fatalf("got %v, want %s in spite of the spelling", got, id)
	}
}

func testFrequent(t *testing.T, f Fixture) {
	rare := ""
	for i := range 120 {
		words := fmt.Sprintf("a service with records of kind %d", i)
		if i == 60 {
			words += " for astronomers"
		}
		if id := f.put(t, qlp.Embedding{Words: words}); i == 60 {
			rare = id
		}
	}
	if got := of(f.matching(t, qlp.DefaultTenant, "a service with records for astronomers"), vector.Stems); len(got) == 0 || got[0] != rare {
		t.Fatalf("got %v, want %s, which alone has the rare word, first", got, rare)
	}
}

// Hostile are words that a search language could take for its own.
func Hostile() []string {
	return []string{
		"", " ", "\x00", "a\x00b", `"`, `""`, `"unclosed`, "*", "a*", "AND", "OR", "NOT", "a AND", "NEAR(a b, 2)", "NEAR", "(", ")", "((a)", "words:x", "-x", "+x", "^x",
		"{a b}: c", "a:b:c", "'; DROP TABLE intents; --", "\\", "\\'", "%", "_", "🦀", "🦀🦀🦀 crab", "é", "Straße", "日本語のサービス", "ааа", "ﬁ", "a\u0301", "\u202e", "x & y | z ! w", "a <-> b", ":*", "a:*",
		strings.Repeat("long ", 3000), strings.Repeat("x", 20000), "\xff\xfe", "a\xffb", "1 2 3", "--", "/* x */", "$1", "?1", "@x",
	}
}

func testHostile(t *testing.T, f Fixture) {
	id := f.put(t, qlp.Embedding{Words: "a crab 🦀 and a Straße, 日本語のサービス"})
	for _, words := range Hostile() {
		for _, h := range f.matching(t, qlp.DefaultTenant, words) {
			for _, term := range h.Terms {
				if term == "" || !strings.Contains(words, term) {
					t.Errorf("%.40q: the term %q does not stand in it", words, term)
				}
			}
		}
	}
	if got := of(f.matching(t, qlp.DefaultTenant, `"crab" AND NOT (`), vector.Stems); !slices.Equal(got, []string{id}) {
		t.Errorf("operators keep a word from being found: %v", got)
	}
}

func testUpkeep(t *testing.T, f Fixture) {
	if f.Upkeep == nil {
		t.Skip("this index has no upkeep")
	}
	r := random()
	has := f.put(t, qlp.Embedding{Embedder: embedder, Vector: Vector(r), Words: "has"})
	old := f.put(t, qlp.Embedding{Embedder: "test/0", Vector: Vector(r), Words: "old"})
	none := f.put(t, qlp.Embedding{Tenant: "other", Words: "none"})
	missing := func(embedder, after string, limit int) (ids []string) {
		t.Helper()
		got, err := f.Upkeep.Missing(t.Context(), embedder, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range got {
			if e.IntentID == none && (e.Tenant != "other" || e.Words != "none") {
				t.Errorf("tenant and words of what is missing: %+v", e)
			}
			ids = append(ids, e.IntentID)
		}
		return ids
	}
	if got := missing(embedder, "", 10); !slices.Equal(got, []string{old, none}) {
		t.Errorf("missing %v, want %v; %s has one", got, []string{old, none}, has)
	}
	if got := missing(embedder, "", 1); !slices.Equal(got, []string{old}) {
		t.Errorf("the first one missing: %v", got)
	}
	if got := missing(embedder, old, 10); !slices.Equal(got, []string{none}) {
		t.Errorf("missing after %s: %v", old, got)
	}
	if got := missing("", "", 10); !slices.Equal(got, []string{none}) {
		t.Errorf("without any vector: %v", got)
	}
	counts, err := f.Upkeep.Counts(t.Context())
	if err != nil || counts.Intents != 3 || counts.Vectors[embedder] != 1 || counts.Vectors["test/0"] != 1 || len(counts.Vectors) != 2 {
		t.Errorf("counts %+v, %v", counts, err)
	}
	sample, err := f.Upkeep.Sample(t.Context(), qlp.DefaultTenant, embedder, 5)
	if err != nil || len(sample) != 1 || sample[0].IntentID != has || vector.Check(sample[0].Vector) != nil {
		t.Errorf("sample %d, %v", len(sample), err)
	}
}
