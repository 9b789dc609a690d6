package qlp

import (
	"slices"
	"strings"
	"testing"
)

func number(n Number) *Number { return &n }

func scalar(s Scalar) *Scalar { return &s }

// sound returns a Spec that has no problem.
func sound() *Spec {
	return &Spec{
		Title: "Library", Kind: KindService, Stack: "go",
		Entities: []Entity{
			{Name: "book", Plural: "books", Fields: []Field{
				{Name: "title", Type: TypeString, MaxLength: 120},
				{Name: "class", Type: TypeString, Optional: true},
				{Name: "price", Type: TypeDecimal, ExclusiveMin: number("0"), Max: number("99.5"), Default: scalar("10")},
				{Name: "status", Type: TypeEnum, Values: []string{"in", "out"}, Default: scalar(`"in"`)},
				{Name: "created_at", Type: TypeDatetime, Auto: true},
			}},
			{Name: "loan", Plural: "loans", Fields: []Field{
				{Name: "book", Type: TypeRef, To: "book", OnDelete: Cascade},
				{Name: "previous", Type: TypeRef, To: "loan", Optional: true, OnDelete: SetNull},
			}},
		},
		ManyToMany: [][2]string{{"book", "loan"}},
		Without:    map[string][]Operation{"loan": {OpUpdate}},
		Search:     map[string][]string{"book": {"title", "status"}},
		Filters:    map[string][]string{"loan": {"book"}},
		PageSize:   50, Auth: AuthAPIKey, Storage: StorageSQLite, Extras: []string{"dockerfile"},
	}
}

func TestValidateAccepts(t *testing.T) {
	t.Parallel()
	if p := sound().Validate(); len(p) > 0 {
		t.Fatalf("a sound Spec has problems: %v", p)
	}
}

func TestValidateRefuses(t *testing.T) {
	t.Parallel()
	field := func(s *Spec, name string) *Field {
		i := slices.IndexFunc(s.Entities[0].Fields, func(f Field) bool { return f.Name == name })
		return &s.Entities[0].Fields[i]
	}
	cases := map[string]struct {
		change func(*Spec)
		path   string
	}{
		"no title":               {func(s *Spec) { s.Title = " " }, "title"},
		"kind":                   {func(s *Spec) { s.Kind = "robot" }, "kind"},
		"no stack":               {func(s *Spec) { s.Stack = "" }, "stack"},
		"no entity":              {func(s *Spec) { *s = Spec{Title: "x", Kind: KindService, Stack: "go"} }, "entities"},
		"auth":                   {func(s *Spec) { s.Auth = "oauth" }, "auth"},
		"storage":                {func(s *Spec) { s.Storage = "tape" }, "storage"},
		"page size":              {func(s *Spec) { s.PageSize = 1001 }, "page_size"},
		"negative page size":     {func(s *Spec) { s.PageSize = -1 }, "page_size"},
		"extra twice":            {func(s *Spec) { s.Extras = []string{"ci", "ci"} }, "extras.1"},
		"extra with a path":      {func(s *Spec) { s.Extras = []string{"../x"} }, "extras.0"},
		"entity twice":           {func(s *Spec) { s.Entities[1].Name = "book" }, "entities.book"},
		"plural twice":           {func(s *Spec) { s.Entities[1].Plural = "books" }, "entities.loan.plural"},
		"plural of health":       {func(s *Spec) { s.Entities[1].Plural = "healthz" }, "entities.loan.plural"},
		"upper case":             {func(s *Spec) { field(s, "title").Name = "Title" }, "entities.book.fields.0"},
		"path in a name":         {func(s *Spec) { s.Entities[0].Name = "a/b" }, "entities.0"},
		"long name":              {func(s *Spec) { field(s, "title").Name = strings.Repeat("a", 51) }, "entities.book.fields.0"},
		"no field":               {func(s *Spec) { s.Entities[1].Fields = nil }, "entities.loan.fields"},
		"id":                     {func(s *Spec) { field(s, "title").Name = "id" }, "entities.book.fields.id"},
		"field twice":            {func(s *Spec) { field(s, "class").Name = "price" }, "entities.book.fields.price"},
		"key clash":              {func(s *Spec) { s.Entities[1].Fields[1] = Field{Name: "book_id", Type: TypeInt} }, "entities.loan.fields.book_id"},
		"type":                   {func(s *Spec) { field(s, "title").Type = "blob" }, "entities.book.fields.title.type"},
		"unknown ref":            {func(s *Spec) { s.Entities[1].Fields[0].To = "page" }, "entities.loan.fields.book.to"},
		"to without ref":         {func(s *Spec) { field(s, "class").To = "book" }, "entities.book.fields.class.to"},
		"on_delete without ref":  {func(s *Spec) { field(s, "class").OnDelete = Cascade }, "entities.book.fields.class.on_delete"},
		"on_delete":              {func(s *Spec) { s.Entities[1].Fields[0].OnDelete = "explode" }, "entities.loan.fields.book.on_delete"},
		"set_null when required": {func(s *Spec) { s.Entities[1].Fields[0].OnDelete = SetNull }, "entities.loan.fields.book.on_delete"},
		"bounds on a string":     {func(s *Spec) { field(s, "title").Min = number("1") }, "entities.book.fields.title.min"},
		"fraction on an int":     {func(s *Spec) { f := field(s, "class"); f.Type, f.Max = TypeInt, number("1.5") }, "entities.book.fields.class.max"},
		"beyond safe integers":   {func(s *Spec) { f := field(s, "class"); f.Type, f.Max = TypeInt, number("9007199254740992") }, "entities.book.fields.class.max"},
		"two least values":       {func(s *Spec) { field(s, "price").Min = number("1") }, "entities.book.fields.price.exclusive_min"},
		"min over max":           {func(s *Spec) { field(s, "price").ExclusiveMin = number("99.5") }, "entities.book.fields.price.max"},
		"no int between": {func(s *Spec) {
			f := field(s, "class")
			f.Type, f.ExclusiveMin, f.ExclusiveMax = TypeInt, number("1"), number("2")
		}, "entities.book.fields.class.max"},
		"length of an int":          {func(s *Spec) { f := field(s, "class"); f.Type, f.Length = TypeInt, 3 }, "entities.book.fields.class.length"},
		"length and max length":     {func(s *Spec) { field(s, "title").Length = 3 }, "entities.book.fields.title.length"},
		"min length over max":       {func(s *Spec) { field(s, "title").MinLength = 121 }, "entities.book.fields.title.max_length"},
		"impossible length":         {func(s *Spec) { f := field(s, "title"); f.MaxLength, f.MinLength = 0, 1<<20 }, "entities.book.fields.title.length"},
		"values of a string":        {func(s *Spec) { field(s, "title").Values = []string{"a"} }, "entities.book.fields.title.values"},
		"no values":                 {func(s *Spec) { field(s, "status").Values = nil }, "entities.book.fields.status.values"},
		"value twice":               {func(s *Spec) { field(s, "status").Values = []string{"in", "in"} }, "entities.book.fields.status.values"},
		"blank value":               {func(s *Spec) { field(s, "status").Values = []string{"in", " "} }, "entities.book.fields.status.values"},
		"default not a value":       {func(s *Spec) { field(s, "status").Default = scalar(`"lost"`) }, "entities.book.fields.status.default"},
		"default out of bounds":     {func(s *Spec) { field(s, "price").Default = scalar("0") }, "entities.book.fields.price.default"},
		"default of another type":   {func(s *Spec) { field(s, "class").Default = scalar("7") }, "entities.book.fields.class.default"},
		"default too long":          {func(s *Spec) { field(s, "title").Default = scalar(StringScalar(strings.Repeat("é", 121))) }, "entities.book.fields.title.default"},
		"default of a unique field": {func(s *Spec) { f := field(s, "class"); f.Unique, f.Default = true, scalar(`"a"`) }, "entities.book.fields.class.default"},
		"unique bool":               {func(s *Spec) { f := field(s, "class"); f.Type, f.Unique = TypeBool, true }, "entities.book.fields.class.unique"},
		"unique enum":               {func(s *Spec) { field(s, "status").Unique = true }, "entities.book.fields.status.unique"},
		"default is no date":        {func(s *Spec) { f := field(s, "class"); f.Type, f.Default = TypeDate, scalar(`"2026-02-30"`) }, "entities.book.fields.class.default"},
		"default of an automatic":   {func(s *Spec) { field(s, "created_at").Default = scalar(`"2026-02-28T00:00:00Z"`) }, "entities.book.fields.created_at.default"},
		"automatic string":          {func(s *Spec) { field(s, "title").Auto = true }, "entities.book.fields.title.auto"},
		"automatic and optional":    {func(s *Spec) { field(s, "created_at").Optional = true }, "entities.book.fields.created_at.auto"},
		"link to nothing":           {func(s *Spec) { s.ManyToMany[0][1] = "page" }, "many_to_many.0"},
		"link to itself":            {func(s *Spec) { s.ManyToMany[0][1] = "book" }, "many_to_many.0"},
		"linked twice":              {func(s *Spec) { s.ManyToMany = append(s.ManyToMany, [2]string{"loan", "book"}) }, "many_to_many.1"},
		"without of nothing":        {func(s *Spec) { s.Without = map[string][]Operation{"page": {OpGet}} }, "without.page"},
		"unknown operation":         {func(s *Spec) { s.Without["loan"] = []Operation{"explode"} }, "without.loan"},
		"no operation left":         {func(s *Spec) { s.Without["loan"] = Operations() }, "without.loan"},
		"search of a number":        {func(s *Spec) { s.Search["book"] = []string{"price"} }, "search.book"},
		"search of nothing":         {func(s *Spec) { s.Search["book"] = []string{"colour"} }, "search.book"},
		"filter twice":              {func(s *Spec) { s.Filters["loan"] = []string{"book", "book"} }, "filters.loan"},
		"filter called page":        {func(s *Spec) { field(s, "class").Name = "page"; s.Filters["book"] = []string{"page"} }, "filters.book"},
		"requires itself":           {func(s *Spec) { f := &s.Entities[1].Fields[1]; f.Optional, f.OnDelete = false, "" }, "entities.loan.fields.previous"},
	}
	for name, c := range cases {
		s := sound()
		c.change(s)
		got := s.Validate()
		if !slices.ContainsFunc(got, func(p Problem) bool { return p.Path == c.path && p.Message != "" }) {
			t.Errorf("%s: no problem at %s, but %v", name, c.path, got)
		}
	}
}

func TestValidateCycle(t *testing.T) {
	t.Parallel()
	s := sound()
	s.Entities[0].Fields = append(s.Entities[0].Fields, Field{Name: "last_loan", Type: TypeRef, To: "loan"})
	got := s.Validate()
	if len(got) != 1 || !strings.Contains(got[0].Message, "book requires loan requires book") {
		t.Errorf("got %v", got)
	}
}
