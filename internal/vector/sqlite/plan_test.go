package sqlite

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	store "github.com/quantumlayer/qlp/internal/store/sqlite"
)

// TestPlans holds each statement of a search to beginning with the few rows that it is about, never with all that a tenant has.
func TestPlans(t *testing.T) {
	t.Parallel()
	x := New(Config{})
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "qlp.db"), store.Config{Index: x})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	db, err := x.pool()
	if err != nil {
		t.Fatal(err)
	}
	for sql, begin := range map[string]string{
		finalistSQL:                         "SCAN j VIRTUAL TABLE",
		candidateSQL:                        "SCAN j VIRTUAL TABLE",
		fmt.Sprintf(matchSQL, stemTable):    "SCAN f VIRTUAL TABLE",
		fmt.Sprintf(matchSQL, trigramTable): "SCAN f VIRTUAL TABLE",
	} {
		rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+sql, "[]", "a", "b")
		if err != nil {
			t.Fatal(err)
		}
		var steps []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			steps = append(steps, detail)
		}
		if err := rows.Err(); err != nil || len(steps) < 2 || !strings.HasPrefix(steps[0], begin) {
			t.Errorf("%s\nis planned as %q (%v)", sql, steps, err)
		}
		for _, s := range steps[1:] {
			if strings.HasPrefix(s, "SCAN") {
				t.Errorf("%s\nlooks at every row: %q", sql, steps)
			}
		}
	}
}
