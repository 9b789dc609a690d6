package app

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/api"
	"github.com/quantumlayer/qlp/internal/client"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// TestAnotherTenantSeesNothing asks every operation that names an intent or a run, as its owner and as another tenant: to the
// latter it does not exist.
func TestAnotherTenantSeesNothing(t *testing.T) {
	withInit(t)
	cfg := config.Default()
	cfg.DataDir, cfg.Tenant = t.TempDir(), "ours"
	g := talking{offlineGenerator(), make(chan struct{}), make(chan struct{})}
	close(g.speak)
	a, err := open(t.Context(), cfg, "test", slog.New(slog.DiscardHandler), g)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ours := httptest.NewServer(a.Handler(""))
	t.Cleanup(ours.Close)
	a.cfg.Tenant = "theirs"
	theirs := httptest.NewServer(a.Handler(""))
	t.Cleanup(theirs.Close)

	c := client.New(ours.URL, "", nil)
	in, err := c.Create(t.Context(), client.NewIntent{Words: "a Python API for notes with a title"}, "the same key")
	if err != nil {
		t.Fatal(err)
	}
	<-g.began
	if in, err = c.Get(t.Context(), in.ID); err != nil || in.Run == nil || in.Tenant != "ours" {
		t.Fatalf("the owner sees %+v: %v", in, err)
	}

	doc, err := api.OpenAPI("test")
	if err != nil {
		t.Fatal(err)
	}
	var described struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(doc, &described); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for path, operations := range described.Paths {
		if !strings.Contains(path, "{id}") {
			continue
		}
		for method := range operations {
			if method != "get" && method != "post" && method != "delete" {
				continue
			}
			id := in.ID
			if strings.HasPrefix(path, "/api/v1/runs/") {
				id = in.Run.ID
			}
			tried++
			refusal := ask(t, theirs.URL, method, path, id)
			unknown := ask(t, theirs.URL, method, path, "nobody")
			if refusal.Code != qlp.NotFound || strings.ReplaceAll(refusal.Detail, id, "nobody") != unknown.Detail {
				t.Errorf("%s %s: another tenant is told %+v, and of what does not exist %+v", method, path, refusal, unknown)
			}
		}
	}
	if tried < 12 {
		t.Errorf("only %d operations name an intent or a run", tried)
	}
	if p := ask(t, theirs.URL, "get", "/api/v1/events?intent={id}", in.ID); p.Code != qlp.NotFound {
		t.Errorf("the stream: %+v", p)
	}
	other := client.New(theirs.URL, "", nil)
	if page, err := other.List(t.Context(), "", "", 50); err != nil || len(page.Items) != 0 {
		t.Errorf("another tenant's list: %+v, %v", page, err)
	}
	if found, err := other.Similar(t.Context(), in.Words, 10); err != nil || len(found.Items) != 0 {
		t.Errorf("another tenant found %+v, %v", found, err)
	}
	if found, err := c.Similar(t.Context(), in.Words, 10); err != nil || len(found.Items) != 1 || found.Items[0].IntentID != in.ID {
		t.Errorf("the owner found %+v, %v", found, err)
	}
	if _, err := other.Create(t.Context(), client.NewIntent{From: in.ID}, ""); qlp.CodeOf(err) != qlp.NotFound {
		t.Errorf("another tenant starts from it: %v", err)
	}
	twin, err := other.Create(t.Context(), client.NewIntent{Words: "a Python API for notes with a title"}, "the same key")
	if err != nil || twin.ID == in.ID || twin.Tenant != "theirs" {
		t.Errorf("the same idempotency key of another tenant: %+v, %v", twin, err)
	}
}

// ask sends what the operation needs at the least.
func ask(t *testing.T, url, method, path, id string) api.Problem {
	t.Helper()
	path = strings.NewReplacer("{id}", id, "{execution}", "x", "{stream}", "stdout").Replace(path)
	if strings.HasSuffix(path, "/file") {
		path += "?path=a"
	}
	var body io.Reader
	if method == "post" {
		body = strings.NewReader("{}")
	}
	req, err := http.NewRequestWithContext(t.Context(), strings.ToUpper(method), url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var p api.Problem
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return p
}
