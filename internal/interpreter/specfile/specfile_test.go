package specfile

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

var update = flag.Bool("update", false, "rewrite golden files")

const schemaFile = "../../../docs/spec.schema.json"

const library = `# a library
stack: go
entities:
  - name: book
    fields:
      - name: title
        type: string
        max_length: 120
      - {name: price, type: decimal, min: 0.10}
      - name: status
        type: enum
        values: [yes, on, "lent out"]
        default: on
  - name: loan
    fields:
      - {name: book, type: ref, to: book, on_delete: cascade}
      - {name: due_on, type: date}
search:
  book: [title]
`

func TestRead(t *testing.T) {
	t.Parallel()
	s, err := Read([]byte(library))
	if err != nil {
		t.Fatal(err)
	}
	price, _ := s.Entities[0].Field("price")
	status, _ := s.Entities[0].Field("status")
	switch {
	case s.Kind != qlp.KindService, s.Title != "Books", s.Entities[1].Plural != "loans":
		t.Errorf("defaults are not filled in: %+v", s)
	case *price.Min != "0.10":
		t.Errorf("min is %s: the number went through a float", *price.Min)
	case strings.Join(status.Values, "|") != "yes|on|lent out" || status.Default.Text() != "on":
		t.Errorf("values %q, default %s", status.Values, *status.Default)
	}
}

// The example of the guide is read as it stands there; what a program cannot have is refused.
func TestReadProgram(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/guide/programs.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	text, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("the guide has no example")
	}
	s, err := Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case s.Kind != qlp.KindCLI || len(s.Rules) != 2 || len(s.Commands) != 1 || !s.Commands[0].Flags[1].Switch:
		t.Errorf("%+v", s)
	case len(s.Acceptance) != 3 || *s.Acceptance[0].Calls[0].Expect.Stdout != "2" || s.Acceptance[1].Calls[0].Files["in/a.txt"] != "a\nb\nc\n":
		t.Errorf("%+v", s.Acceptance)
	}
	written, err := Write(s)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Read(written); err != nil || !reflect.DeepEqual(again, s) {
		t.Errorf("%s\nread as %+v, %v", written, again, err)
	}
	for old, says := range map[string][2]string{
		"    good: true":        {"    good: false", "no accepting case"},
		"stderr_has":            {"stderr_had", `did you mean "stderr_has"`},
		"kind: cli":             {"kind: service", "at least one entity"},
		"files: {in/a.txt":      {"files: {../a.txt", "plain relative path"},
		"rules:":                {"auth: api_key\nrules:", "only a service"},
		`expect: {stdout: "2"}`: {"expect: {exit: 0}", "nothing but exit code 0"},
	} {
		changed := strings.ReplaceAll(text, old, says[0])
		if _, err := Read([]byte(changed)); changed == text || err == nil || !strings.Contains(err.Error()+qlp.RemedyOf(err), says[1]) {
			t.Errorf("%s: %v", old, err)
		}
	}
}

func TestReadJSON(t *testing.T) {
	t.Parallel()
	s, err := Read([]byte("{\n\t\"title\": \"Notes\", \"stack\": \"go\",\n\t\"entities\": [{\"name\": \"note\", \"plural\": \"notes\", \"fields\": [{\"name\": \"done\", \"type\": \"bool\", \"default\": false}]}]\n}"))
	if err != nil || s.Title != "Notes" || *s.Entities[0].Fields[0].Default != "false" {
		t.Errorf("Read: %+v, %v", s, err)
	}
}

// What is written is read again as it was, quoted where a plain word would be read as something else.
func TestWrite(t *testing.T) {
	t.Parallel()
	want, err := Read([]byte(strings.Replace(library, "\"lent out\"", "'true', 'null', '1', '~'", 1)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := Write(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(text)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s\nread as %+v, %v", text, got, err)
	}
	if strings.ContainsAny(string(text), "{}") {
		t.Errorf("not as a person would write it:\n%s", text)
	}
}

func TestReadJSONOnOneLine(t *testing.T) {
	t.Parallel()
	fields := make([]string, 200)
	for i := range fields {
		fields[i] = fmt.Sprintf(`{"name":"field_%d","type":"decimal","min":0.%d}`, i, i+1)
	}
	s, err := Read([]byte(`{"stack":"go","entities":[{"name":"note","fields":[` + strings.Join(fields, ",") + `]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Entities[0].Fields; len(got) != 200 || *got[99].Min != "0.100" {
		t.Errorf("%d fields", len(got))
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"unknown key":      {"stack: go\ntitle: x\nentites: []\n", `unknown key "entites" at line 3: did you mean "entities"?`},
		"nested key":       {"entities:\n- name: book\n  fields:\n  - name: a\n    typ: int\n", `unknown key "typ" at line 5: did you mean "type"?`},
		"turned letters":   {"entities:\n- name: book\n  fields:\n  - name: a\n    mni: 1\n", `unknown key "mni" at line 5: did you mean "min"?`},
		"far key":          {"zzzzzz: 1\n", `unknown key "zzzzzz" at line 1`},
		"twice":            {"stack: go\nstack: python\n", "stack"},
		"not a list":       {"entities: book\n", "entities at line 1 is not a list"},
		"not a number":     {"page_size: many\n", "page_size at line 1 is not a whole number"},
		"hexadecimal":      {"page_size: 0x10\n", "page_size at line 1"},
		"alias":            {"stack: &a go\ntitle: *a\n", "line 1"},
		"empty":            {"# nothing\n", "is empty"},
		"two documents":    {"stack: go\n---\nstack: go\n", "more than one document"},
		"broken":           {"stack: [go\n", "neither YAML nor JSON"},
		"deep":             {"stack: " + strings.Repeat("[", 50_000), "neither YAML nor JSON"},
		"deep and closed":  {"stack: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "stack at line 1 is not plain text"},
		"large":            {strings.Repeat("#", MaxFile+1), "at most"},
		"a tag":            {"stack: !!str go\n", "stack at line 1 is not plain text"},
		"a merge key":      {"<<: {stack: go}\n", "key at line 1 is not plain text"},
		"not text":         {"stack: \xff", "UTF-8"},
		"a broken rule":    {"stack: go\nentities:\n- name: book\n  fields: [{name: id, type: int}]\n", "entities.book.fields.id"},
		"a pair too short": {"many_to_many: [[a]]\n", "has 1 parts, not 2"},
	} {
		_, err := Read([]byte(c.in))
		if qlp.CodeOf(err) != qlp.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if qlp.RemedyOf(err) == "" {
			t.Errorf("%s: no remedy", name)
		}
	}
}

func TestSchemaIsCurrent(t *testing.T) {
	t.Parallel()
	got, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(schemaFile, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/spec.schema.json is stale; go test ./internal/interpreter/specfile -update")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(library))
	f.Add([]byte(`{"title":"x","stack":"go","entities":[]}`))
	f.Add([]byte("a: &b [*b]\n? x\n: !!int 1\n<<: {}\n"))
	f.Add([]byte("- - - -\n"))
	f.Add([]byte("title: |\n  a\n  b\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Read(b)
		if err != nil {
			if qlp.CodeOf(err) != qlp.Invalid {
				t.Errorf("not a refusal: %v", err)
			}
			return
		}
		if p := s.Validate(); len(p) > 0 {
			t.Errorf("accepted with %v", p)
		}
	})
}
