package api

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/qlp"
)

var update = flag.Bool("update", false, "rewrite generated files")

// TestOpenAPI holds the committed description against the code.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	got, err := OpenAPI("devel")
	if err != nil {
		t.Fatal(err)
	}
	const path = "../../docs/openapi.json"
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is stale; run go test ./internal/api -update\n%s", path, diff)
	}
	var doc struct {
		OpenAPI string                    `json:"openapi"`
		Paths   map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(got, &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || len(doc.Paths) < 15 {
		t.Errorf("OpenAPI %s with %d paths", doc.OpenAPI, len(doc.Paths))
	}
}

// TestPathsDeclareTheirParameters: a parameter that the framework overlooks is always empty.
func TestPathsDeclareTheirParameters(t *testing.T) {
	t.Parallel()
	s := testServer()
	for path, item := range s.register(http.NewServeMux()).OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post} {
			if op == nil {
				continue
			}
			declared := map[string]bool{}
			for _, p := range op.Parameters {
				declared[p.Name] = p.In == "path"
			}
			for _, m := range regexp.MustCompile(`\{([a-z_]+)\}`).FindAllStringSubmatch(path, -1) {
				if !declared[m[1]] {
					t.Errorf("%s %s: nothing reads %s", op.Method, path, m[0])
				}
			}
		}
	}
}

func testServer() *server {
	return &server{
		Deps:   Deps{Metrics: http.NotFoundHandler(), Log: slog.New(slog.DiscardHandler)},
		Config: Config{Token: "secret-token", Version: "test"},
	}
}

// call asks the whole handler, as it is served.
func call(t *testing.T, method, path, token, body string) (*http.Response, Problem) {
	t.Helper()
	s := testServer()
	req := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	rec := httptest.NewRecorder()
	New(s.Deps, s.Config).ServeHTTP(rec, req)
	resp := rec.Result()
	t.Cleanup(func() { _ = resp.Body.Close() })
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var p Problem
	_ = json.Unmarshal(b, &p) // not every answer is a problem
	return resp, p
}

func TestErrorsHaveOneForm(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		method, path, token, body string
		status                    int
		code                      qlp.Code
	}{
		"no token":         {"GET", "/api/v1/intents", "", "", 401, qlp.Unauthorized},
		"wrong token":      {"GET", "/api/v1/intents", "secret-token2", "", 401, qlp.Unauthorized},
		"bad query":        {"GET", "/api/v1/intents?limit=0", "secret-token", "", 422, qlp.Invalid},
		"not JSON":         {"POST", "/api/v1/intents", "secret-token", "{", 400, qlp.Invalid},
		"not UTF-8":        {"POST", "/api/v1/intents", "secret-token", "{\"words\":\"books \xff\"}", 400, qlp.Invalid},
		"unknown key":      {"POST", "/api/v1/intents", "secret-token", `{"wrods":"x"}`, 422, qlp.Invalid},
		"no intent named":  {"GET", "/api/v1/events", "secret-token", "", 422, qlp.Invalid},
		"since is no seq":  {"GET", "/api/v1/events?intent=a&since=x", "secret-token", "", 422, qlp.Invalid},
		"panic in a store": {"GET", "/api/v1/intents/a", "secret-token", "", 500, qlp.Internal}, // the test has no store
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp, p := call(t, tc.method, tc.path, tc.token, tc.body)
			if resp.StatusCode != tc.status || p.Status != tc.status || p.Code != tc.code {
				t.Errorf("status %d, problem %+v", resp.StatusCode, p)
			}
			if p.RequestID == "" || p.RequestID != resp.Header.Get("X-Request-Id") {
				t.Errorf("request id %q, header %q", p.RequestID, resp.Header.Get("X-Request-Id"))
			}
			if got := resp.Header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("content type %s", got)
			}
		})
	}
}

func TestProblemTellsNoInternals(t *testing.T) {
	t.Parallel()
	secret := fmt.Errorf("read /etc/qlp/key: %w", errors.New("disk on fire"))
	if p := problemOf(secret, "id"); strings.Contains(p.Detail, "disk") || p.Status != 500 {
		t.Errorf("an internal error is told: %+v", p)
	}
	known := fmt.Errorf("claim: %w", qlp.Errorf(qlp.Conflict, "it is taken").WithRemedy("wait"))
	if p := problemOf(known, "id"); p.Detail != "it is taken" || p.Remedy != "wait" || p.Status != 409 {
		t.Errorf("a domain error became %+v", p)
	}
}

func TestForeignContentIsNotRendered(t *testing.T) {
	t.Parallel()
	c := foreign("text/plain", `a"b.html`, []byte("<script>"))
	if c.NoSniff != "nosniff" || !strings.HasPrefix(c.ContentDisposition, "attachment") {
		t.Errorf("got %+v", c)
	}
}
