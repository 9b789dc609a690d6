package contract

import (
	"net/http"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// service writes the cases of the paths that every service has.
func (b *builder) service() {
	b.add(about("service.health", "GET /healthz", "it answers ok", true), func(b *builder) {
		b.step(qlp.Step{Method: http.MethodGet, Path: HealthPath, NoAuth: true, Expect: qlp.Expect{Status: http.StatusOK, Body: map[string]string{"/status": `"ok"`}}})
		b.step(qlp.Step{Method: http.MethodHead, Path: HealthPath, NoAuth: true, Expect: qlp.Expect{Status: http.StatusOK}})
		b.notAllowed(http.MethodPost, HealthPath, []string{"GET", "HEAD"})
	})
	b.add(about("service.openapi", "GET /openapi.json", "it answers an OpenAPI 3.1 document", true), func(b *builder) {
		b.step(qlp.Step{Method: http.MethodGet, Path: DescriptionPath, NoAuth: true, Expect: qlp.Expect{
			Status: http.StatusOK, Match: map[string]string{"/openapi": `^3\.1\.`}, Body: map[string]string{"/info/title": safe(text(b.spec.Title))},
		}})
	})
	b.add(about("service.unknown_path", "a path that is not there", "it answers 404", false), func(b *builder) {
		for _, path := range []string{"/", "/no-such-thing", "/no-such-thing/1", HealthPath + "/x"} {
			b.status(http.MethodGet, path, http.StatusNotFound)
		}
		b.status(http.MethodDelete, "/no-such-thing/1", http.StatusNotFound)
	})
}

func (b *builder) notAllowed(method, path string, allow []string) {
	b.step(qlp.Step{Method: method, Path: path, Expect: qlp.Expect{
		Status: http.StatusMethodNotAllowed, Headers: map[string]string{"Allow": strings.Join(allow, ", ")},
	}})
}

// methods writes the case of the methods that are not routed on an entity's paths.
func (b *builder) methods(e qlp.Entity) {
	b.add(about(e.Name+".methods", "a method that is not routed", "it answers 405 and says which are, or 404 where none is", false), func(b *builder) {
		for _, path := range []string{PathOf(e), PathOf(e) + "/{id}"} {
			b.unrouted(path, strings.ReplaceAll(path, "{id}", "1"))
		}
		if len(b.spec.ManyToMany) == 0 {
			b.status(http.MethodGet, PathOf(e)+"/1/no-such-thing", http.StatusNotFound)
		}
		b.status(http.MethodGet, PathOf(e)+"/", http.StatusNotFound)
	})
}

func (b *builder) unrouted(path, actual string) {
	routed := Methods(b.spec, path)
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		switch {
		case len(routed) == 0:
			b.status(method, actual, http.StatusNotFound)
		case !contains(routed, method):
			b.notAllowed(method, actual, routed)
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// protection writes the cases of the key.
func (b *builder) protection() {
	if b.spec.Auth != qlp.AuthAPIKey {
		return
	}
	rule := func(c qlp.Acceptance) qlp.Acceptance { c.Rule = "auth"; return c }
	b.add(rule(about("auth.missing", "requests without the key", "each is refused with 401, and only the open paths answer", false)), func(b *builder) {
		for _, r := range Routes(b.spec) {
			path := r.Path
			for _, name := range []string{"{id}", "{" + r.Other + "_id}"} {
				path = strings.ReplaceAll(path, name, "1")
			}
			status := http.StatusUnauthorized
			if r.Open {
				status = http.StatusOK
			}
			b.step(qlp.Step{Method: r.Method, Path: path, NoAuth: true, Expect: qlp.Expect{Status: status}})
		}
		b.step(qlp.Step{Method: http.MethodGet, Path: "/no-such-thing", NoAuth: true, Expect: qlp.Expect{Status: http.StatusUnauthorized}})
	})
	path, status := HealthPath+"/x", http.StatusNotFound // without a list to read, a path that only the key's owner learns is not there
	for _, r := range Routes(b.spec) {
		if r.Operation == qlp.OpList {
			path, status = r.Path, http.StatusOK
			break
		}
	}
	b.add(rule(about("auth.wrong", "a wrong key", "it is refused with 401", false)), func(b *builder) {
		for _, headers := range []map[string]string{
			{KeyHeader: "wrong-wrong-wrong-wrong"},
			{KeyHeader: "{{api_key}}x"},
			{KeyHeader: "x{{api_key}}"},
			{"Authorization": "Bearer wrong-wrong-wrong"},
			{"Authorization": "Basic {{api_key}}"},
			{"Authorization": "{{api_key}}"},
		} {
			b.step(qlp.Step{Method: http.MethodGet, Path: path, Headers: headers, NoAuth: true, Expect: qlp.Expect{Status: http.StatusUnauthorized}})
		}
	})
	b.add(rule(about("auth.right", "the key in either header", "it is let in", true)), func(b *builder) {
		for _, headers := range []map[string]string{{KeyHeader: "{{api_key}}"}, {"Authorization": "Bearer {{api_key}}"}} {
			b.step(qlp.Step{Method: http.MethodGet, Path: path, Headers: headers, NoAuth: true, Expect: qlp.Expect{Status: status}})
		}
	})
}
