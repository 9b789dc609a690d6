package qlp

// Kind is what sort of software a Spec asks for.
type Kind string

// The kinds. The offline generator builds services; the others are understood so that they can be refused by name.
const (
	KindService  Kind = "service"
	KindCLI      Kind = "cli"
	KindPipeline Kind = "pipeline"
	KindSite     Kind = "site"
	KindProject  Kind = "project"

	// KindRepository is software that exists already: it is judged and never built from words, so no Spec file may ask for it.
	KindRepository Kind = "repository"
)

// Operation is one thing that can be done to an entity over the API.
type Operation string

// The operations of an entity, in the order in which they are documented. Update stands for PUT and PATCH.
const (
	OpCreate Operation = "create"
	OpList   Operation = "list"
	OpGet    Operation = "get"
	OpUpdate Operation = "update"
	OpDelete Operation = "delete"
)

// Operations lists every operation in its documented order.
func Operations() []Operation { return []Operation{OpCreate, OpList, OpGet, OpUpdate, OpDelete} }

// AuthAPIKey is the one kind of protection a generated service knows besides none ("").
const AuthAPIKey = "api_key"

// Storage kinds a Spec may ask for; "" leaves the choice to the stack.
const (
	StorageFile   = "file"   // an append-only journal with snapshots, or the stack's own file database
	StorageMemory = "memory" // nothing outlives the process
	StorageSQLite = "sqlite"
)

// DefaultPageSize is the number of items in a page where the words give none; MaxPageSize is what a caller may ask for
// at most (larger defaults raise it).
const (
	DefaultPageSize = 20
	MaxPageSize     = 100
)

// Spec is the typed statement of what will be built. The offline grammar and a model both produce it; everything after
// it (plan, files, tests, checks) follows from it alone. Names are snake_case and singular.
type Spec struct {
	Title      string                 `json:"title"`                  // a short name in words, "Library"
	Summary    string                 `json:"summary,omitempty"`      // one sentence
	Kind       Kind                   `json:"kind"`                   //
	Stack      string                 `json:"stack"`                  // name of a stack: go, python, node, ...
	Entities   []Entity               `json:"entities,omitempty"`     // in the order of the words
	ManyToMany [][2]string            `json:"many_to_many,omitempty"` // pairs of entity names, each once
	Without    map[string][]Operation `json:"without,omitempty"`      // operations left out, by entity
	Search     map[string][]string    `json:"search,omitempty"`       // text fields searched by ?q=, by entity
	Filters    map[string][]string    `json:"filters,omitempty"`      // fields a list can be narrowed by, by entity
	PageSize   int                    `json:"page_size,omitempty"`    // items in a page; 0 means DefaultPageSize
	Auth       string                 `json:"auth,omitempty"`         // "" or api_key
	Storage    string                 `json:"storage,omitempty"`      // "", file, memory or sqlite
	Extras     []string               `json:"extras,omitempty"`       // dockerfile, compose, openapi, ci, terraform_azure, readme, ...
	Commands   []ProgramCommand       `json:"commands,omitempty"`     // of a cli, pipeline or project: what the program is called with
	Rules      []string               `json:"rules,omitempty"`        // of a cli, pipeline or project: what it does, a rule a line, each one testable
	Acceptance []Acceptance           `json:"acceptance,omitempty"`   // written before the code, frozen by hash

	Assumptions []Assumption `json:"assumptions,omitempty"` // what the words did not say and was taken as usual
	Questions   []Question   `json:"questions,omitempty"`   // what must be answered before this can be built
	Sources     []Source     `json:"sources,omitempty"`     // which words gave which fact
}

// Entity is a thing the software keeps.
type Entity struct {
	Name   string  `json:"name"`   // snake_case singular: line_item
	Plural string  `json:"plural"` // snake_case plural: line_items
	Fields []Field `json:"fields"` // in the order of the words; the id is implied and never listed
}

// FieldType is the type of a field's value. Decimals are exact, dates are calendar dates, datetimes are RFC 3339 UTC.
type FieldType string

// The field types. String is one line, Text may have many; a Ref names another entity by its id.
const (
	TypeString   FieldType = "string"
	TypeText     FieldType = "text"
	TypeInt      FieldType = "int"
	TypeDecimal  FieldType = "decimal"
	TypeBool     FieldType = "bool"
	TypeDate     FieldType = "date"
	TypeDatetime FieldType = "datetime"
	TypeEmail    FieldType = "email"
	TypeURL      FieldType = "url"
	TypeUUID     FieldType = "uuid"
	TypeEnum     FieldType = "enum"
	TypeRef      FieldType = "ref"
)

// FieldTypes lists every field type.
func FieldTypes() []FieldType {
	return []FieldType{
		TypeString, TypeText, TypeInt, TypeDecimal, TypeBool, TypeDate,
		TypeDatetime, TypeEmail, TypeURL, TypeUUID, TypeEnum, TypeRef,
	}
}

// OnDelete says what happens to a row whose reference's target is deleted.
type OnDelete string

// The reactions to a deleted target. Restrict is the default and is listed as an assumption when the words are silent.
const (
	Restrict OnDelete = "restrict"
	Cascade  OnDelete = "cascade"
	SetNull  OnDelete = "set_null" // only for an optional reference
)

// Field is one value of an entity. A field is required unless Optional, or Auto, or it has a Default.
type Field struct {
	Name         string    `json:"name"`                    // snake_case; a ref is named after its role: author, not author_id
	Type         FieldType `json:"type"`                    //
	To           string    `json:"to,omitempty"`            // the entity a ref points at
	OnDelete     OnDelete  `json:"on_delete,omitempty"`     // of a ref
	Optional     bool      `json:"optional,omitempty"`      // may be absent or null
	Unique       bool      `json:"unique,omitempty"`        // no two rows may have the same value
	Min          *Number   `json:"min,omitempty"`           // inclusive; of int and decimal
	Max          *Number   `json:"max,omitempty"`           // inclusive; of int and decimal
	ExclusiveMin *Number   `json:"exclusive_min,omitempty"` // of int and decimal
	ExclusiveMax *Number   `json:"exclusive_max,omitempty"` // of int and decimal
	Length       int       `json:"length,omitempty"`        // exact number of characters (Unicode code points); string and text
	MinLength    int       `json:"min_length,omitempty"`    // characters
	MaxLength    int       `json:"max_length,omitempty"`    // characters
	Values       []string  `json:"values,omitempty"`        // of an enum, in the order of the words
	Default      *Scalar   `json:"default,omitempty"`       // the value of an absent field
	Auto         bool      `json:"auto,omitempty"`          // set by the service, refused from a caller; date and datetime
}

// Acceptance is one case that the finished software must pass. For a service, Steps are HTTP requests in order; the first
// that is not answered as expected fails the case.
type Acceptance struct {
	ID    string `json:"id"`              // stable: book.create.isbn.unique
	Given string `json:"given,omitempty"` // in words
	When  string `json:"when"`            // in words
	Then  string `json:"then"`            // in words
	Rule  string `json:"rule,omitempty"`  // the Spec path whose rule this case is about
	Good  bool   `json:"good"`            // true for an accepting case, false for a refusing one
	Group string `json:"group,omitempty"` // cases of a group share one service, which starts with no row, in their order
	Steps []Step `json:"steps"`
	// Calls are what a case of a program (cli, pipeline, project) does in place of Steps: calls in order, in one folder that
	// starts empty.
	Calls []ProgramCall `json:"calls,omitempty"`
}

// Step is one HTTP request and what must come back. In Path, Headers, Body and Expect, "{{name}}" stands for a value that
// an earlier step of the case, or this one, has saved, "{{api_key}}" for the service's key, and "{{x*100}}" for the text x a
// hundred times. A Body is sent as application/json unless Headers name another type; an empty one is none.
type Step struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"` // with its query
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`    // sent as it stands
	Save    map[string]string `json:"save,omitempty"`    // name → JSON pointer into the answer
	Expect  Expect            `json:"expect"`            //
	NoAuth  bool              `json:"no_auth,omitempty"` // leave the API key out
}

// Expect is what an answer must be. Only what is set is compared, except for the form of every answer: a status of 400 or
// more comes as a problem whose status is the answer's, 200 and 201 come as JSON, 204 and the answer to a HEAD are empty.
type Expect struct {
	Status  int                 `json:"status"`
	Headers map[string]string   `json:"headers,omitempty"` // equal, but for parameters after a semicolon
	Errors  []FieldError        `json:"errors,omitempty"`  // of a problem: exactly these, in this order
	Body    map[string]string   `json:"body,omitempty"`    // JSON pointer → the JSON value expected there: null, "x", 3
	Not     map[string][]string `json:"not,omitempty"`     // JSON pointer → JSON values of which none may be there
	Match   map[string]string   `json:"match,omitempty"`   // JSON pointer → a regular expression of the string there
	Keys    map[string][]string `json:"keys,omitempty"`    // JSON pointer of an object → its keys, all of them, in order
	Absent  []string            `json:"absent,omitempty"`  // JSON pointers that must not be there
	Count   map[string]int      `json:"count,omitempty"`   // JSON pointer of an array → its length
}

// FieldError names a field, by its JSON key, and the rule that it breaks.
type FieldError struct {
	Field string `json:"field"`
	Rule  string `json:"rule"`
}

// Assumption is a choice taken because the words were silent.
type Assumption struct {
	Path string `json:"path"` // where in the Spec: stack, entities.book.fields.price.type
	Text string `json:"text"` // in words, "stack go, because none was named"
}

// Question is what the interpreter cannot decide for the person.
type Question struct {
	About   string   `json:"about"`             // a short key: entities, kind, contradiction, columns, or a name from the intent
	Text    string   `json:"text"`              // the question
	Options []string `json:"options,omitempty"` // answers that would work, as words to add to the intent
	Answer  string   `json:"answer,omitempty"`  // what an answer is: choice (one of Options), text, number or yes_no; "" leaves it open
	Default string   `json:"default,omitempty"` // the answer that would be taken as usual, where there is one
	Start   int      `json:"start,omitempty"`   // bytes into the intent that gave rise to it
	End     int      `json:"end,omitempty"`
}

// Source ties a fact of the Spec to the words it came from.
type Source struct {
	Path  string `json:"path"`  // entities.book.fields.isbn.unique
	Start int    `json:"start"` // byte offset into the intent, inclusive
	End   int    `json:"end"`   // byte offset, exclusive
}
