package python

import (
	"fmt"
	"slices"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// tableView is one table of schema.sql.
type tableView struct {
	Name    string
	Columns []string
	Options string
	Indexes []string
}

// decimalKey is the SQL form of decimal_key in service/domain/numbers.py.
const decimalKey = `CASE WHEN instr(%[1]s, '.') THEN rtrim(rtrim(%[1]s, '0'), '.') ELSE %[1]s END`

func newTables(spec qlp.Spec) []tableView {
	var tables []tableView
	for _, e := range spec.Entities {
		tables = append(tables, entityTable(spec, e))
	}
	for _, pair := range spec.ManyToMany {
		tables = append(tables, linkTable(spec, pair))
	}
	return tables
}

func entityTable(spec qlp.Spec, e qlp.Entity) tableView {
	t := tableView{Name: sqlName(e.Plural), Options: "STRICT", Columns: []string{"id INTEGER PRIMARY KEY AUTOINCREMENT"}}
	filters := filterKeys(spec, e.Name)
	for _, f := range e.Fields {
		name, column := f.Key(), f.Key()
		t.Columns = append(t.Columns, columnSQL(spec, f))
		if slices.Contains(spec.Search[e.Name], f.Name) {
			t.Columns = append(t.Columns, sqlName(name+".folded")+" TEXT"+notNull(f))
		}
		filtered := slices.Contains(filters, name)
		if f.Type == qlp.TypeDecimal && (f.Unique || filtered) {
			column = name + ".key"
			t.Columns = append(t.Columns, fmt.Sprintf("%s TEXT GENERATED ALWAYS AS (%s) VIRTUAL",
				sqlName(column), fmt.Sprintf(decimalKey, sqlName(name))))
		}
		if f.Unique || filtered {
			t.Indexes = append(t.Indexes, indexSQL(e.Plural, name, column, f.Unique))
		}
	}
	return t
}

func indexSQL(table, name, column string, unique bool) string {
	kind := "INDEX"
	if unique {
		kind = "UNIQUE INDEX"
	}
	return fmt.Sprintf("CREATE %s %s ON %s (%s);", kind, sqlName(table+"."+name+".index"), sqlName(table), sqlName(column))
}

func columnSQL(spec qlp.Spec, f qlp.Field) string {
	kind := "TEXT"
	switch f.Type {
	case qlp.TypeInt, qlp.TypeBool, qlp.TypeRef:
		kind = "INTEGER"
	}
	column := sqlName(f.Key()) + " " + kind + notNull(f)
	if f.Type == qlp.TypeRef {
		to, _ := spec.Entity(f.To)
		column += " REFERENCES " + sqlName(to.Plural) + " (id) DEFERRABLE INITIALLY DEFERRED"
	}
	return column
}

func notNull(f qlp.Field) string {
	if f.Optional {
		return ""
	}
	return " NOT NULL"
}

func linkTable(spec qlp.Spec, pair [2]string) tableView {
	left, _ := spec.Entity(pair[0])
	right, _ := spec.Entity(pair[1])
	name := pair[0] + "." + pair[1]
	return tableView{
		Name:    sqlName(name),
		Options: "STRICT, WITHOUT ROWID",
		Columns: []string{
			"left_id INTEGER NOT NULL REFERENCES " + sqlName(left.Plural) + " (id) ON DELETE CASCADE",
			"right_id INTEGER NOT NULL REFERENCES " + sqlName(right.Plural) + " (id) ON DELETE CASCADE",
			"PRIMARY KEY (left_id, right_id)",
		},
		Indexes: []string{indexSQL(name, "right_id", "right_id", false)},
	}
}

// sqlName quotes a name, so that SQL takes it for one whatever word it is. Names hold no quotation marks.
func sqlName(name string) string { return `"` + name + `"` }
