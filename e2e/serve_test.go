package e2e

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/client"
	"github.com/quantumlayer/qlp/internal/qlp"
)

func TestServeTheSameJobOverHTTP(t *testing.T) {
	t.Parallel()
	ctx := within(t, 3*time.Minute)
	s := startServer(t, t.TempDir())

	in, err := s.Create(ctx, client.NewIntent{Words: clinicPython}, "key-1")
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Create(ctx, client.NewIntent{Words: clinicPython}, "key-1")
	if err != nil || again.ID != in.ID {
		t.Errorf("the same key and intent gave %s, %v", again.ID, err)
	}
	if _, err := s.Create(ctx, client.NewIntent{Words: libraryGo}, "key-1"); qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("the same key with another intent: %v", err)
	}
	var last qlp.Event
	for e, err := range s.Events(ctx, in.ID, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Seq != last.Seq+1 {
			t.Fatalf("event %d follows %d", e.Seq, last.Seq)
		}
		if last = e; e.Type == qlp.EventRunFinished {
			break
		}
	}
	in, err = s.Get(ctx, in.ID)
	if err != nil || in.State != qlp.StateVerified || in.Run == nil {
		t.Fatalf("state %s, %v", in.State, err)
	}
	s.readRun(t, in)
	if _, err := s.Cancel(ctx, in.ID); qlp.CodeOf(err) != qlp.Conflict {
		t.Errorf("cancel of a run that is over: %v", err)
	}
	if _, err := s.Get(ctx, "nothing"); qlp.CodeOf(err) != qlp.NotFound {
		t.Errorf("an unknown intent: %v", err)
	}
	page, err := s.List(ctx, "", "", 10)
	if err != nil || len(page.Items) != 1 {
		t.Errorf("list: %d, %v", len(page.Items), err)
	}
	// Another command on the same folder finds this server.
	if o := qlpRun(t, s.data, "intents", "list"); o.code != 0 || !strings.Contains(o.stdout, in.ID) {
		t.Errorf("intents list: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	if code := s.stop(t); code != 0 {
		t.Errorf("the server ended with %d\n%s", code, s.stderr)
	}
	if _, err := os.Stat(filepath.Join(s.data, "server.json")); err == nil {
		t.Error("a stopped server is still announced")
	}
}

// readRun reads everything that a run has.
func (s *server) readRun(t *testing.T, in qlp.Intent) {
	t.Helper()
	ctx := t.Context()
	attempts, err := s.Attempts(ctx, in.Run.ID)
	if err != nil || len(attempts) != len(in.Plan.Tasks) {
		t.Errorf("%d attempts for %d tasks, %v", len(attempts), len(in.Plan.Tasks), err)
	}
	executions, err := s.Executions(ctx, in.Run.ID)
	if err != nil || len(executions) == 0 {
		t.Fatalf("executions: %d, %v", len(executions), err)
	}
	some := 0
	for _, x := range executions {
		for _, stream := range []string{"stdout", "stderr"} {
			log, err := s.Log(ctx, in.Run.ID, x.ID, stream)
			if err != nil {
				t.Errorf("log of %s: %v", x.ID, err)
			}
			some += len(log)
		}
	}
	if some == 0 {
		t.Error("no execution has written anything")
	}
	files, err := s.Files(ctx, in.Run.ID)
	if err != nil || len(files) < 10 {
		t.Fatalf("files: %d, %v", len(files), err)
	}
	for _, f := range files {
		b, err := s.File(ctx, in.Run.ID, f.Path)
		if err != nil || qlp.DigestOf(b) != f.Digest {
			t.Errorf("file %s: %v", f.Path, err)
		}
	}
	b, err := s.Capsule(ctx, in.Run.ID)
	if err != nil || qlp.DigestOf(b) != in.Run.Capsule.Digest {
		t.Errorf("capsule: %v", err)
	}
	runs, err := s.Runs(ctx, in.ID)
	if err != nil || len(runs) != 1 {
		t.Errorf("runs: %d, %v", len(runs), err)
	}
}

func TestServerRefusesStrangers(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	a := s.url(t)
	get := func(path, host, token string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if host != "" {
			req.Host = host
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	for _, tc := range []struct {
		path, host, token string
		want              int
	}{
		{"/healthz", "", "", 200},
		{"/readyz", "", "", 200},
		{"/metrics", "", "", 200},
		{"/openapi.json", "", "", 200},
		{"/api/v1/intents", "", "", 401},
		{"/api/v1/intents", "", "wrong", 401},
		{"/api/v1/events?intent=x", "", "", 401},
		{"/healthz", "evil.example", "", 403},
	} {
		if got, body := get(tc.path, tc.host, tc.token); got != tc.want {
			t.Errorf("GET %s as %q: %d, want %d\n%s", tc.path, tc.host, got, tc.want, body)
		}
	}
	if _, body := get("/metrics", "", ""); !strings.Contains(body, "qlp_") {
		t.Errorf("metrics have none of ours:\n%.500s", body)
	}
	info, err := os.Stat(filepath.Join(s.data, "token"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("token file: %v, %v", info.Mode(), err)
	}
	token, err := os.ReadFile(filepath.Join(s.data, "token"))
	if err != nil || strings.Contains(s.stderr.String(), strings.TrimSpace(string(token))) {
		t.Errorf("the log holds the token (%v)", err)
	}
}

func (s *server) url(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(s.data, "server.json"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), `"url":"`)
	url, _, _ := strings.Cut(rest, `"`)
	return url
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	address := strings.TrimPrefix(s.url(t), "http://")
	o := qlpRun(t, t.TempDir(), "serve", "--listen", address)
	if o.code != 6 || !strings.Contains(o.stderr, address) || !strings.Contains(o.stderr, "--listen") {
		t.Errorf("exit code %d\n%s", o.code, o.stderr)
	}
}
