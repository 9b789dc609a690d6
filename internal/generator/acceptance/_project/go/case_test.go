package acceptance

import (
	"encoding/json"
	"os"
	"testing"
)

// Suite is cases.json.
type Suite struct {
	Protected  bool   `json:"protected"` // the service needs an API key
	Cases      []Case `json:"cases"`
	Properties []Case `json:"properties"`
	Races      []Case `json:"races"`
	Crash      *Crash `json:"crash"`
}

// Case is a sequence of requests; the first that is not answered as expected fails it.
type Case struct {
	ID       string `json:"id"`
	When     string `json:"when"`
	Then     string `json:"then"`
	Group    string `json:"group"`
	Steps    []Step `json:"steps"`
	Together []Step `json:"together"` // of a race: sent at the same moment; expects what a loser is answered
}

// Step is one request. In all of its texts {{name}} stands for a value that an earlier step, or this one, has saved,
// {{api_key}} for the key, and {{x*100}} for x a hundred times. A body is sent as JSON unless the headers say otherwise.
type Step struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers"` // "" leaves a header out
	Body    string            `json:"body"`
	Save    map[string]string `json:"save"` // name → JSON pointer into the answer
	NoAuth  bool              `json:"no_auth"`
	Expect  Expect            `json:"expect"`
}

// Expect is what an answer must be. What is not set is not compared, except that an error must be a problem, 200 and 201
// come with JSON, and 204 and the answer to HEAD are empty.
type Expect struct {
	Status  int                 `json:"status"`
	Headers map[string]string   `json:"headers"` // equal, but for parameters after a semicolon
	Errors  []FieldError        `json:"errors"`  // of a problem: exactly these, in this order
	Body    map[string]string   `json:"body"`    // JSON pointer → the JSON value there
	Not     map[string][]string `json:"not"`     // JSON pointer → JSON values of which none may be there
	Match   map[string]string   `json:"match"`   // JSON pointer → a regular expression of the string there
	Keys    map[string][]string `json:"keys"`    // JSON pointer of an object → its keys, in order
	Absent  []string            `json:"absent"`  // JSON pointers that must not be there
	Count   map[string]int      `json:"count"`   // JSON pointer of an array → its length
}

// FieldError is a broken rule, without its message.
type FieldError struct {
	Field string `json:"field"`
	Rule  string `json:"rule"`
}

// Crash is what the crash test writes.
type Crash struct {
	Before []Step   `json:"before"` // rows that the others refer to
	Path   string   `json:"path"`
	Bodies []string `json:"bodies"` // each creates a row
	Get    bool     `json:"get"`    // rows can be read one by one; else they are listed
}

func suite(t *testing.T) *Suite {
	t.Helper()
	raw, err := os.ReadFile("cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var s Suite
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

func grouped(cases []Case) map[string][]Case {
	groups := map[string][]Case{}
	for _, c := range cases {
		groups[c.Group] = append(groups[c.Group], c)
	}
	return groups
}
