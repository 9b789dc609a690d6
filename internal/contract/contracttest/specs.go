package contracttest

import "github.com/quantumlayer/qlp/internal/qlp"

// Specs returns every sample Spec by its name, for tables of tests.
func Specs() map[string]qlp.Spec {
	return map[string]qlp.Spec{
		"library": Library(), "clinic": Clinic(), "ticketing": Ticketing(), "courses": Courses(), "todo": Todo(),
		"everything": Everything(), "narrow": Narrow(),
	}
}

func service(title string, entities ...qlp.Entity) qlp.Spec {
	return qlp.Spec{Title: title, Kind: qlp.KindService, Stack: "go", Entities: entities}
}

func entity(name, plural string, fields ...qlp.Field) qlp.Entity {
	return qlp.Entity{Name: name, Plural: plural, Fields: fields}
}

// field makes a field and applies changes to it.
func field(name string, t qlp.FieldType, changes ...func(*qlp.Field)) qlp.Field {
	f := qlp.Field{Name: name, Type: t}
	for _, change := range changes {
		change(&f)
	}
	return f
}

func optional(f *qlp.Field) { f.Optional = true }
func unique(f *qlp.Field)   { f.Unique = true }
func auto(f *qlp.Field)     { f.Auto = true }

func lowest(n qlp.Number) func(*qlp.Field)  { return func(f *qlp.Field) { f.Min = &n } }
func highest(n qlp.Number) func(*qlp.Field) { return func(f *qlp.Field) { f.Max = &n } }
func above(n qlp.Number) func(*qlp.Field)   { return func(f *qlp.Field) { f.ExclusiveMin = &n } }
func below(n qlp.Number) func(*qlp.Field)   { return func(f *qlp.Field) { f.ExclusiveMax = &n } }
func length(n int) func(*qlp.Field)         { return func(f *qlp.Field) { f.Length = n } }
func atLeast(n int) func(*qlp.Field)        { return func(f *qlp.Field) { f.MinLength = n } }
func atMost(n int) func(*qlp.Field)         { return func(f *qlp.Field) { f.MaxLength = n } }
func usually(s qlp.Scalar) func(*qlp.Field) { return func(f *qlp.Field) { f.Default = &s } }
func oneOf(values ...string) func(*qlp.Field) {
	return func(f *qlp.Field) { f.Values = values }
}

func to(name string, reaction qlp.OnDelete) func(*qlp.Field) {
	return func(f *qlp.Field) { f.To, f.OnDelete = name, reaction }
}

// Library is the intent of the first page: books, members, and loans that hold both.
func Library() qlp.Spec {
	return service("Library",
		entity("book", "books",
			field("title", qlp.TypeString), field("author", qlp.TypeString), field("isbn", qlp.TypeString, unique),
			field("published_year", qlp.TypeInt)),
		entity("member", "members", field("name", qlp.TypeString), field("email", qlp.TypeEmail, unique)),
		entity("loan", "loans",
			field("book", qlp.TypeRef, to("book", qlp.Restrict)), field("member", qlp.TypeRef, to("member", "")),
			field("due_date", qlp.TypeDate)))
}

// Clinic has a child that goes with its parent's history, a birthday and money.
func Clinic() qlp.Spec {
	return service("Clinic",
		entity("patient", "patients",
			field("name", qlp.TypeString), field("email", qlp.TypeEmail, unique), field("date_of_birth", qlp.TypeDate)),
		entity("visit", "visits",
			field("patient", qlp.TypeRef, to("patient", qlp.Restrict)), field("notes", qlp.TypeText),
			field("fee", qlp.TypeDecimal, lowest("0"))))
}

// Ticketing deletes the tickets of an event with it.
func Ticketing() qlp.Spec {
	s := service("Event Ticketing",
		entity("event", "events",
			field("title", qlp.TypeString), field("venue", qlp.TypeString), field("starts_at", qlp.TypeDatetime),
			field("capacity", qlp.TypeInt, lowest("1"))),
		entity("ticket", "tickets",
			field("event", qlp.TypeRef, to("event", qlp.Cascade)), field("holder_name", qlp.TypeString),
			field("holder_email", qlp.TypeEmail), field("seat_number", qlp.TypeInt), field("price", qlp.TypeDecimal)))
	s.Extras = []string{"openapi", "compose"}
	return s
}

// Courses links students and courses, many to many.
func Courses() qlp.Spec {
	s := service("Courses",
		entity("student", "students", field("name", qlp.TypeString), field("email", qlp.TypeEmail, unique)),
		entity("course", "courses",
			field("code", qlp.TypeString, unique, length(6)), field("title", qlp.TypeString), field("credits", qlp.TypeInt, lowest("1"), highest("30"))))
	s.ManyToMany = [][2]string{{"student", "course"}}
	s.Search = map[string][]string{"course": {"title"}}
	return s
}

// Todo is protected, and has an enum with a default and optional fields.
func Todo() qlp.Spec {
	s := service("Todo",
		entity("task", "tasks",
			field("title", qlp.TypeString, atMost(120)), field("description", qlp.TypeText, optional),
			field("status", qlp.TypeEnum, oneOf("todo", "doing", "done"), usually(`"todo"`)),
			field("due_date", qlp.TypeDate, optional)))
	s.Auth = qlp.AuthAPIKey
	s.Filters = map[string][]string{"task": {"status", "due_date"}}
	s.Extras = []string{"dockerfile"}
	return s
}

// Narrow leaves operations out, so that some paths have few methods and some have none, and keeps rows in an entity whose
// children cannot be listed.
func Narrow() qlp.Spec {
	s := service("Narrow",
		entity("account", "accounts", field("handle", qlp.TypeString, unique, atLeast(3), atMost(12)), field("opened_at", qlp.TypeDatetime, auto)),
		entity("line_item", "line_items", field("account", qlp.TypeRef, to("account", qlp.Cascade)), field("amount", qlp.TypeDecimal, above("0"), highest("999.99"))),
		entity("audit_entry", "audit_entries", field("line_item", qlp.TypeRef, to("line_item", qlp.Restrict)), field("note", qlp.TypeText)))
	s.Without = map[string][]qlp.Operation{
		"account":     {qlp.OpUpdate},
		"line_item":   {qlp.OpList, qlp.OpUpdate},
		"audit_entry": {qlp.OpGet, qlp.OpUpdate, qlp.OpDelete},
	}
	s.PageSize = 5
	return s
}
