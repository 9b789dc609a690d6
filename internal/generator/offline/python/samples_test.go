package python

import (
	"github.com/quantumlayer/qlp/internal/contract/contracttest"
	"github.com/quantumlayer/qlp/internal/qlp"
)

func num(s string) *qlp.Number { n := qlp.Number(s); return &n }

func def(s qlp.Scalar) *qlp.Scalar { return &s }

// hostile has names that are words of Python and SQL, and values full of quotes, braces and other scripts.
func hostile() qlp.Spec {
	return qlp.Spec{
		Title:   "A \"hostile\" '''Spec''' {{.}} \\ %s <b>\n日本",
		Summary: "It has *every* \"quote\" | and {{ brace }}.",
		Kind:    qlp.KindService,
		Stack:   Stack,
		Entities: []qlp.Entity{
			{Name: "class", Plural: "classes", Fields: []qlp.Field{
				{Name: "from", Type: qlp.TypeString, Unique: true, MaxLength: 20},
				{Name: "select", Type: qlp.TypeEnum, Values: []string{"'''", "\"", "\n", "{{.}}", "%s", "日本 😀", "\\", "a\x00b", "\u202e", "null"}, Default: def(qlp.StringScalar("\n"))},
				{Name: "list", Type: qlp.TypeText, Default: def(qlp.StringScalar("\"'\\\n{{ %d"))},
				{Name: "self", Type: qlp.TypeInt, Optional: true, Min: num("-5"), ExclusiveMax: num("5")},
				{Name: "none", Type: qlp.TypeDecimal, ExclusiveMin: num("0"), ExclusiveMax: num("0.001"), Unique: true},
				{Name: "true", Type: qlp.TypeBool, Default: def(qlp.BoolScalar(true))},
				{Name: "order", Type: qlp.TypeInt, Default: def("7")},
				{Name: "rowid", Type: qlp.TypeUUID, Optional: true},
				{Name: "str", Type: qlp.TypeRef, To: "class", Optional: true, OnDelete: qlp.SetNull},
			}},
			{Name: "import", Plural: "imports", Fields: []qlp.Field{
				{Name: "class", Type: qlp.TypeRef, To: "class", OnDelete: qlp.Cascade},
				{Name: "group", Type: qlp.TypeString, Length: 3},
				{Name: "on", Type: qlp.TypeDate, Default: def(qlp.StringScalar("2026-01-31"))},
				{Name: "updated_at", Type: qlp.TypeDatetime, Auto: true},
			}},
			{Name: "links", Plural: "linkses", Fields: []qlp.Field{{Name: "created_on", Type: qlp.TypeDate, Auto: true}}},
		},
		ManyToMany: [][2]string{{"class", "import"}, {"import", "links"}},
		Search:     map[string][]string{"class": {"from", "list"}},
		Filters:    map[string][]string{"class": {"select", "none", "true", "order", "rowid"}, "import": {"on", "updated_at"}},
		Without:    map[string][]qlp.Operation{"links": {qlp.OpUpdate, qlp.OpDelete}},
		PageSize:   150,
		Auth:       qlp.AuthAPIKey,
		Extras:     []string{extraCompose, extraCI, extraAzure},
	}
}

// samples are the Specs that every stack is tested with, and the hostile one.
func samples() map[string]qlp.Spec {
	specs := contracttest.Specs()
	for name, spec := range specs {
		spec.Stack = Stack
		specs[name] = spec
	}
	specs["hostile"] = hostile()
	return specs
}

// golden is the clinic with every extra.
func golden() qlp.Spec {
	spec := contracttest.Clinic()
	spec.Stack = Stack
	spec.Extras = []string{extraCompose, extraCI, extraAzure}
	return spec
}
