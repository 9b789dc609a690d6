package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

// testServer has two routes: one that echoes a JSON object, and one that fails as its query says.
func testServer(log *slog.Logger) *server {
	rt := newRouter()
	rt.handle("POST /echoes", func(w http.ResponseWriter, r *http.Request, _ []int64) error {
		given, err := readRow(w, r)
		if err != nil {
			return err
		}
		return answer(w, http.StatusOK, given)
	})
	rt.handle("PATCH /echoes/{id}", func(w http.ResponseWriter, _ *http.Request, ids []int64) error {
		return answer(w, http.StatusOK, ids)
	})
	rt.handle("GET /faults", func(_ http.ResponseWriter, r *http.Request, _ []int64) error {
		if r.URL.RawQuery == "panic" {
			panic("a secret")
		}
		return errors.New("a secret")
	})
	return &server{router: rt, guard: everyone, openAPI: []byte("{}"), log: log}
}

func TestRouting(t *testing.T) {
	t.Parallel()
	s := testServer(quiet())
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/", 404, ""},
		{"GET", "/none", 404, ""},
		{"GET", "/echoes/", 404, ""},
		{"GET", "//echoes", 404, ""},
		{"POST", "/echoes/", 404, ""},
		{"PATCH", "/echoes/1/", 404, ""},
		{"PATCH", "/echoes/1", 200, ""},
		{"PATCH", "/echoes/0", 404, ""},
		{"PATCH", "/echoes/-1", 404, ""},
		{"PATCH", "/echoes/01", 404, ""},
		{"PATCH", "/echoes/x", 404, ""},
		{"PATCH", "/echoes/99999999999999999999", 404, ""},
		{"GET", "/echoes", 405, "POST"},
		{"OPTIONS", "/echoes/1", 405, "PATCH"},
		{"DELETE", "/faults", 405, "GET, HEAD"},
		{"HEAD", "/healthz", 200, ""},
		{"GET", "/healthz?any=thing", 200, ""},
		{"POST", "/healthz", 405, "GET, HEAD"},
	} {
		a := serve(s, request(t, c.method, c.path, "{}"))
		if a.Code != c.status || a.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q", c.method, c.path, a.Code, a.Header().Get("Allow"))
		}
		if a.Code >= 400 && a.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: the problem is %s", c.method, c.path, a.Header().Get("Content-Type"))
		}
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	s := testServer(quiet())
	largest := `{"a":"` + strings.Repeat("x", maxBody-8) + `"}`
	for _, c := range []struct {
		name, body, contentType string
		status                  int
	}{
		{"object", `{"a": [1.50, {"b": null}]}`, "", 200},
		{"json", `{}`, "Application/JSON; charset=utf-8", 200},
		{"whole characters", `{"a":"\ud83d\ude00 \\ud800 é"}`, "", 200},
		{"largest", largest, "", 200},
		{"too large", largest + " ", "", 413},
		{"form", `a=1`, "application/x-www-form-urlencoded", 415},
		{"merge patch is for PATCH", `{}`, "application/merge-patch+json", 415},
		{"nothing", ``, "", 400},
		{"blank", ` `, "", 400},
		{"array", `[]`, "", 400},
		{"null", `null`, "", 400},
		{"text", `"a"`, "", 400},
		{"two objects", `{} {}`, "", 400},
		{"key twice", `{"a":1,"\u0061":1}`, "", 400},
		{"trailing comma", `{"a":1,}`, "", 400},
		{"no number", `{"a":NaN}`, "", 400},
		{"zero in front", `{"a":01}`, "", 400},
		{"no UTF-8", "{\"a\":\"\xff\"}", "", 400},
		{"half a character", `{"a":"\ud83d"}`, "", 400},
		{"half a character and another", `{"a":"\ud83d\u0041"}`, "", 400},
		{"second half", `{"a":"\ude00"}`, "", 400},
	} {
		r := request(t, "POST", "/echoes", c.body)
		r.Header.Set("Content-Type", c.contentType)
		if a := serve(s, r); a.Code != c.status {
			t.Errorf("%s: want %d, got %d %.200s", c.name, c.status, a.Code, a.Body)
		}
	}
	r := request(t, "PATCH", "/echoes/1", "{}")
	r.Header.Set("Content-Type", "application/merge-patch+json")
	if a := serve(s, r); a.Code != http.StatusOK {
		t.Errorf("a merge patch: %d", a.Code)
	}
}

func TestFaultsTellNothing(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"panic", "error"} {
		var log bytes.Buffer
		a := serve(testServer(slog.New(slog.NewJSONHandler(&log, nil))), request(t, "GET", "/faults?"+query, ""))
		var p problem
		if err := json.Unmarshal(a.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if a.Code != 500 || p.Status != 500 || p.Title != "Internal Server Error" || strings.Contains(a.Body.String(), "secret") {
			t.Errorf("%s: %d %s", query, a.Code, a.Body)
		}
		if !strings.Contains(log.String(), "a secret") || !strings.Contains(log.String(), `"status":500`) {
			t.Errorf("%s: the log is %s", query, log.String())
		}
	}
}

// FuzzReadObject compares what is taken with what encoding/json makes of the same text.
func FuzzReadObject(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1,"b":[null]}`, `{"a":1,"a":1}`, `{"\ud83d\ude00":"\\ud800"}`, `{"a":"\ud800"}`, "{\"\xff\":1}", ` {"a":{}} `, `[{}]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := readObject(text)
		var want map[string]json.RawMessage
		wantErr := json.Unmarshal(text, &want)
		if err != nil {
			return
		}
		if wantErr != nil || len(got) != len(want) {
			t.Fatalf("%q: %v, and encoding/json says %v, %v", text, got, want, wantErr)
		}
		for key, value := range want {
			if !bytes.Equal(got[key], value) {
				t.Errorf("%q: %q is %s, want %s", text, key, got[key], value)
			}
		}
	})
}
