package sqlite_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSchemasAreTheSame compares the migrations of both dialects, statement by statement: the generated queries were
// compiled against the other one. What may differ is listed here.
func TestSchemasAreTheSame(t *testing.T) {
	t.Parallel()
	postgres, err := filepath.Glob("../postgres/migrations/*.sql")
	if err != nil || len(postgres) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	ours, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(ours) != len(postgres) {
		t.Fatalf("%d migrations here, %d there: %v", len(ours), len(postgres), err)
	}
	for i, path := range ours {
		if filepath.Base(path) != filepath.Base(postgres[i]) {
			t.Errorf("%s stands beside %s", filepath.Base(path), filepath.Base(postgres[i]))
		}
		if filepath.Base(path) == "0005_create_embeddings.sql" {
			continue // what finds what is near is each database's own, and no query of the store's reads it
		}
		got, want := statements(t, path), statements(t, postgres[i])
		if len(got) != len(want) {
			t.Fatalf("%s: %d statements here, %d there", filepath.Base(path), len(got), len(want))
		}
		for j := range got {
			if got[j] != want[j] {
				t.Errorf("%s, statement %d:\nhere  %s\nthere %s", filepath.Base(path), j+1, got[j], want[j])
			}
		}
	}
}

func statements(t *testing.T, path string) (out []string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(?m)--.*$`).ReplaceAllString(string(b), "")
	for _, differs := range [][2]string{
		{"bigint", "integer"},                             // SQLite's integers have 64 bits
		{"text NOT NULL PRIMARY KEY", "text PRIMARY KEY"}, // SQLite lets a text key be null
		{") WITHOUT ROWID", ")"},                          // a layout of SQLite's
	} {
		text = strings.ReplaceAll(text, differs[0], differs[1])
	}
	for _, s := range strings.Split(text, ";") {
		if s = strings.Join(strings.Fields(s), " "); s != "" {
			out = append(out, s)
		}
	}
	return out
}
