package golang_test

import "github.com/quantumlayer/qlp/internal/qlp"

func num(s string) *qlp.Number { n := qlp.Number(s); return &n }

func def(s qlp.Scalar) *qlp.Scalar { return &s }

func text(s string) *qlp.Scalar { return def(qlp.StringScalar(s)) }

// nasty are values that end a string, a comment or a template somewhere.
func nasty() []string {
	return []string{
		`a"b`, "`", `'`, `\`, `}}`, `{{.}}`, `*/ //`, `"); os.Exit(7) //`, "${HOME}", "$(id)", `%s%d%!`, `<script>`, `日本 😀`, "a\u2028b", "a\u202eb", `'\''`, "]]>", `\u0022`, "null",
	}
}

// hostile has names that mean something to Go, to its tools or to the templates, and values full of quotes and braces.
func hostile() qlp.Spec {
	refer := func(name, to string, reaction qlp.OnDelete) qlp.Field {
		return qlp.Field{Name: name, Type: qlp.TypeRef, To: to, OnDelete: reaction, Optional: true}
	}
	spec := qlp.Spec{
		Title:   "A \"hostile\" `Spec` {{.}} \\ %s */ <b> 日本",
		Summary: "It has *every* \"quote\" | and {{ brace }}.\n// \u2028 and lines\r\npackage main",
		Kind:    qlp.KindService,
		Stack:   "go",
		Entities: []qlp.Entity{
			{Name: "type", Plural: "types", Fields: []qlp.Field{
				{Name: "func", Type: qlp.TypeString, Unique: true, MaxLength: 200},
				{Name: "fill", Type: qlp.TypeEnum, Values: nasty(), Default: text("`")},
				{Name: "error", Type: qlp.TypeText, Default: text("\"`'\\\n\r\t{{ %d }}")},
				{Name: "string", Type: qlp.TypeInt, Optional: true, Min: num("-5"), ExclusiveMax: num("5"), Default: def("-2")},
				{Name: "nil", Type: qlp.TypeDecimal, ExclusiveMin: num("0"), ExclusiveMax: num("0.001"), Unique: true},
				{Name: "true", Type: qlp.TypeBool, Default: def(qlp.BoolScalar(true))},
				{Name: "len", Type: qlp.TypeUUID, Optional: true, Unique: true},
				{Name: "id_2", Type: qlp.TypeInt, Optional: true},
				{Name: "id2", Type: qlp.TypeDecimal, Optional: true, Default: def(`"-0.00"`)},
				{Name: "url_url", Type: qlp.TypeURL, Default: text("https://a/?q='\"`")},
				{Name: "mail", Type: qlp.TypeEmail, Default: text("'\"`@b.c")},
				{Name: "day", Type: qlp.TypeDate, Default: text("2026-01-31")},
				{Name: "moment", Type: qlp.TypeDatetime, Default: text("2026-01-31T23:30:00.5-01:00")},
				refer("form", "type", qlp.SetNull),
				refer("row", "map", qlp.SetNull),
			}},
			{Name: "map", Plural: "maps", Fields: []qlp.Field{
				refer("t", "type", qlp.Cascade),
				{Name: "json", Type: qlp.TypeString, Length: 3},
				{Name: "updated_at", Type: qlp.TypeDatetime, Auto: true},
			}},
		},
		ManyToMany: [][2]string{{"type", "map"}, {"error", "test"}},
		Search:     map[string][]string{"type": {"func", "error", "fill", "mail"}},
		Filters:    map[string][]string{"type": {"fill", "nil", "true", "moment", "day", "len", "id_2"}, "map": {"updated_at"}},
		Without:    map[string][]qlp.Operation{"error": {qlp.OpUpdate, qlp.OpDelete}},
		PageSize:   150,
		Auth:       qlp.AuthAPIKey,
		Extras:     []string{"compose", "ci", "terraform_azure", "dockerfile", "openapi", "readme", "makefile", "gitignore"},
	}
	for _, name := range []string{
		"error", "string", "test", "domain", "store", "main", "rows", "field", "doc", "helper", "row", "edit", "log", "http", "rt",
		"close", "database", "table", "links", "a_windows", "a_test", "linux_amd64", "b_1", "b1", "server", "new", "id", "book_s",
	} {
		spec.Entities = append(spec.Entities, qlp.Entity{Name: name, Plural: name + "s", Fields: []qlp.Field{
			{Name: name + "x", Type: qlp.TypeString, Optional: true}, refer("type", "type", qlp.Restrict),
		}})
	}
	return spec
}
