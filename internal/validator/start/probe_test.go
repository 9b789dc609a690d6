package start

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/contract"
	"github.com/quantumlayer/qlp/internal/contract/contracttest"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// setup starts the reference service with a fault. change, if not nil, changes its OpenAPI file.
func setup(t testing.TB, spec qlp.Spec, fault contracttest.Fault, change func([]byte) []byte) Target {
	t.Helper()
	doc, err := contract.OpenAPI(&spec)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		doc = change(doc)
	}
	target := Target{Spec: spec, OpenAPI: doc, Client: &http.Client{}}
	if spec.Auth != "" {
		target.Key = apiKey
	}
	s, err := contracttest.New(spec, contracttest.Options{Description: doc, Key: target.Key, Fault: fault})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	target.Base = server.URL
	return target
}

func TestProbePasses(t *testing.T) {
	t.Parallel()
	for name, spec := range contracttest.Specs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Probe(t.Context(), setup(t, spec, "", nil))
			for _, f := range r.Findings {
				t.Errorf("%s: %s", f.Rule, f.Message)
			}
			if r.Counts.Failed > 0 || r.Counts.Passed < 10 {
				t.Errorf("%+v", r.Counts)
			}
			t.Logf("%+v, log of %d bytes", r.Counts, len(r.Log))
		})
	}
}

// TestProbeNotices plants faults that a service which starts can still have.
func TestProbeNotices(t *testing.T) {
	t.Parallel()
	left := []contracttest.Fault{ // to the acceptance cases, which try every edge, large bodies, and kill -9
		contracttest.FaultForgets, contracttest.FaultBodyLimit, contracttest.FaultNoBodyLimit, contracttest.FaultLengthBytes, contracttest.FaultLengthUTF16,
		contracttest.FaultBlank, contracttest.FaultMaxStrict, contracttest.FaultMinStrict, contracttest.FaultEmail, contracttest.FaultLineBreak,
		contracttest.FaultIntRange, contracttest.FaultIntFraction,
	}
	for _, fault := range contracttest.Faults() {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			found := 0
			for _, spec := range []qlp.Spec{contracttest.Everything(), contracttest.Narrow(), contracttest.Courses()} {
				found += len(Probe(t.Context(), setup(t, spec, fault, nil)).Findings)
			}
			if found == 0 && !slices.Contains(left, fault) {
				t.Error("not noticed")
			}
		})
	}
}

func TestProbeReadsTheFile(t *testing.T) {
	t.Parallel()
	replace := func(old, with string) func([]byte) []byte {
		return func(doc []byte) []byte { return bytes.Replace(doc, []byte(old), []byte(with), 1) }
	}
	cases := map[string]struct {
		change func([]byte) []byte
		rule   string
	}{
		"none":           {func([]byte) []byte { return nil }, "openapi-missing"},
		"not JSON":       {func([]byte) []byte { return []byte("openapi: 3.1.0\n") }, "openapi-unreadable"},
		"old version":    {replace(`"3.1.0"`, `"3.0.3"`), "openapi-unreadable"},
		"missing path":   {replace(`"/loans/{id}"`, `"/lends/{id}"`), "operation-missing"},
		"other path":     {replace(`"/loans/{id}"`, `"/lends/{id}"`), "operation-unknown"},
		"missing method": {replace(`"delete": {`, `"x-delete": {`), "operation-missing"},
		"missing status": {replace(`"201": {`, `"200": {`), "undeclared"},
		"missing key": {replace(`"required": [
          "id",`, `"required": [
          "colour", "id",`), "undeclared"},
		"other type": {replace(`"title": {
            "type": "string"`, `"title": {
            "type": "integer"`), "undeclared"},
		"dangling":        {replace(`"$ref": "#/components/schemas/Book"`, `"$ref": "#/components/schemas/Nothing"`), "undeclared"},
		"out of the file": {replace(`"$ref": "#/components/schemas/Book"`, `"$ref": "file:///etc/passwd"`), "undeclared"},
		"refuses what the service takes": {replace(`"isbn": {
            "type": "string",
            "pattern": "^[^`, `"isbn": {
            "type": "string",
            "pattern": "^zz[^`), "undeclared"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := setup(t, contracttest.Library(), "", c.change)
			original, err := contract.OpenAPI(&target.Spec)
			if err != nil || bytes.Equal(original, target.OpenAPI) {
				t.Fatalf("the case changes nothing (%v)", err)
			}
			r := Probe(t.Context(), target)
			rules := map[string]bool{}
			for _, f := range r.Findings {
				rules[f.Rule] = true
			}
			if !rules[c.rule] || r.Counts.Failed == 0 {
				t.Errorf("found %v, expected %s; %+v", rules, c.rule, r.Counts)
			}
		})
	}
}

func TestProbeComparesTheServedFile(t *testing.T) {
	t.Parallel()
	target := setup(t, contracttest.Library(), "", nil)
	target.OpenAPI = bytes.Replace(target.OpenAPI, []byte("Create a book"), []byte("Make a book"), 1)
	r := Probe(t.Context(), target)
	if len(r.Findings) != 1 || !strings.Contains(r.Findings[0].Message, "another file") {
		t.Errorf("%+v", r.Findings)
	}
}

func FuzzRead(f *testing.F) {
	spec := contracttest.Courses()
	doc, err := contract.OpenAPI(&spec)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(doc)
	f.Add([]byte(`{"openapi":"3.1.0","paths":{"/books":{"get":{"responses":{"200":{"$ref":"#/paths/~1books/get/responses/200"}}}}}}`))
	f.Add([]byte(`{"openapi":"3.1.0","paths":{"/books":{"get":{"responses":{"200":{"content":{"application/json":{"schema":{"$ref":"http://example.org/x"}}}}}}}}}`))
	f.Add([]byte(`{"openapi":"3.1.0","paths":{"/books":{"get":{"responses":{"200":{"content":{"application/json":{"schema":{"pattern":"(((","type":7}}}}}}}}}`))
	f.Add([]byte(`{"openapi":"3.1.0","paths":null}`))
	f.Add([]byte(strings.Repeat("[", 500)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := read(raw)
		if err != nil {
			if qlp.CodeOf(err) != qlp.Invalid {
				t.Errorf("%v has code %s", err, qlp.CodeOf(err))
			}
			return
		}
		for op := range d.operations {
			_ = d.answer(op, http.StatusOK, "application/json", []byte(`{"items":[],"id":1}`))
			_ = d.request(op, []byte(`{"name":"x"}`))
		}
	})
}

// BenchmarkProbe measures the probes of a service of three entities on loopback.
func BenchmarkProbe(b *testing.B) {
	target := setup(b, contracttest.Library(), "", nil)
	for b.Loop() {
		s, err := contracttest.New(target.Spec, contracttest.Options{Description: target.OpenAPI})
		if err != nil {
			b.Fatal(err)
		}
		server := httptest.NewServer(s)
		target.Base = server.URL
		if r := Probe(b.Context(), target); len(r.Findings) > 0 {
			b.Fatal(r.Findings)
		}
		server.Close()
	}
}
