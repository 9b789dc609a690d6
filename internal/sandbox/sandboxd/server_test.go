package sandboxd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox/native"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd/wire"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest"
)

const (
	envInit = "QLP_TEST_INIT"
	token   = "0123456789abcdef0123456789abcdef"
)

func TestMain(m *testing.M) { os.Exit(testAll(m)) }

func testAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "qlp-sandboxd-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	path, err := sandboxtest.BuildInit(context.Background(), dir)
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err == nil {
		err = os.Setenv(envInit, path)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func serve(t *testing.T, cfg sandboxd.Config) string {
	t.Helper()
	d, err := native.New(t.Context(), slog.New(slog.DiscardHandler), native.Config{InitPath: os.Getenv(envInit)})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Driver, cfg.Token = d, token
	s, err := sandboxd.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(s)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		front.Close()
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return front.URL
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func ask(t *testing.T, method, url, body string, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, b}
}

func made(t *testing.T, url, key, spec string) string {
	t.Helper()
	a := ask(t, "POST", url+"/v1/sandboxes", spec, wire.KeyHeader, key)
	var c wire.Created
	if err := json.Unmarshal(a.body, &c); err != nil || a.status != http.StatusCreated {
		t.Fatalf("create: %d %s", a.status, a.body)
	}
	return c.ID
}

func command(id string, argv ...string) string {
	c := wire.Cmd{ID: id}
	for _, a := range argv {
		c.Argv = append(c.Argv, []byte(a))
	}
	b, _ := json.Marshal(c)
	return string(b) + "\n"
}

func marked(mark string) string {
	b, _ := json.Marshal(wire.Spec{Env: [][]byte{[]byte("MARK=" + mark)}})
	return string(b)
}

// TestToken: without the right token nothing answers but the health check.
func TestToken(t *testing.T) {
	url := serve(t, sandboxd.Config{})
	for _, auth := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "bearer " + token, token, "Bearer " + token + "x", "Bearer " + token[1:], "Basic cXE6cXE="} {
		for _, at := range []string{"POST /v1/sandboxes", "GET /v1/capabilities", "DELETE /v1/sandboxes/x", "POST /v1/sandboxes/x/exec", "GET /v1/sandboxes/x/ports/80/", "GET /nothing"} {
			method, path, _ := strings.Cut(at, " ")
			a := ask(t, method, url+path, "", "Authorization", auth)
			if a.status != http.StatusUnauthorized || a.header.Get("WWW-Authenticate") == "" || a.header.Get("Content-Type") != wire.ProblemType {
				t.Errorf("%s with %q: %d %s", at, auth, a.status, a.body)
			}
		}
	}
	if a := ask(t, "GET", url+"/healthz", "", "Authorization", ""); a.status != http.StatusOK {
		t.Errorf("health: %d", a.status)
	}
	if _, err := sandboxd.New(sandboxd.Config{Token: "short"}); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("a short token: %v", err)
	}
}

// TestIdempotentCreate: the same key is the same sandbox, also at the same time; with another spec it is a conflict.
func TestIdempotentCreate(t *testing.T) {
	url := serve(t, sandboxd.Config{Max: 1})
	ids := make(chan string, 8)
	for range cap(ids) {
		go func() { ids <- made(t, url, "key", "{}") }()
	}
	first := <-ids
	for range cap(ids) - 1 {
		if id := <-ids; id != first {
			t.Errorf("%s and %s", first, id)
		}
	}
	if a := ask(t, "POST", url+"/v1/sandboxes", `{"require":true}`, wire.KeyHeader, "key"); a.status != http.StatusConflict {
		t.Errorf("another spec: %d %s", a.status, a.body)
	}
	if a := ask(t, "POST", url+"/v1/sandboxes", "{}", wire.KeyHeader, "other"); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
		t.Errorf("one too many: %d %s", a.status, a.body)
	}
	if a := ask(t, "POST", url+"/v1/sandboxes", "{}"); a.status != http.StatusBadRequest {
		t.Errorf("no key: %d", a.status)
	}
	if a := ask(t, "DELETE", url+"/v1/sandboxes/"+first, ""); a.status != http.StatusNoContent {
		t.Errorf("delete: %d %s", a.status, a.body)
	}
	if again := made(t, url, "key", "{}"); again == first {
		t.Error("a destroyed sandbox came back")
	}
}

// TestRefusals are requests that ask for what there is not.
func TestRefusals(t *testing.T) {
	url := serve(t, sandboxd.Config{})
	box := url + "/v1/sandboxes/" + made(t, url, "key", "{}")
	for name, c := range map[string]struct {
		method, url, body string
		status            int
	}{
		"mounts":           {"POST", url + "/v1/sandboxes", `{"mounts":[{"host_path":"/etc"}]}`, 400},
		"rubbish":          {"POST", url + "/v1/sandboxes", `[`, 400},
		"bad environment":  {"POST", url + "/v1/sandboxes", `{"env":["eA=="]}`, 400},
		"long spec":        {"POST", url + "/v1/sandboxes", `{"stack":"` + strings.Repeat("x", wire.MaxBody) + `"}`, 413},
		"no such sandbox":  {"POST", url + "/v1/sandboxes/x/exec", command("a", "true"), 410},
		"no such path":     {"GET", url + "/v1/x", "", 404},
		"no id":            {"POST", box + "/exec", command("", "true"), 400},
		"no line":          {"POST", box + "/exec", "{}", 400},
		"unasked input":    {"POST", box + "/exec", command("b", "true") + "more", 400},
		"unknown field":    {"POST", box + "/exec", `{"id":"c","as_root":true}` + "\n", 400},
		"no such process":  {"POST", box + "/processes/x/kill", "", 404},
		"no such service":  {"GET", box + "/processes/x", "", 404},
		"port":             {"GET", box + "/ports/0", "", 400},
		"no upgrade":       {"GET", box + "/ports/80", "", 400},
		"nobody listens":   {"GET", box + "/ports/80/", "", 502},
		"no way out":       {"GET", box + "/egress", "", 409},
		"bad bound":        {"GET", box + "/files?bytes=-1", "", 400},
		"rubbish as files": {"PUT", box + "/files", strings.Repeat("x", 1024), 400},
	} {
		a := ask(t, c.method, c.url, c.body, wire.KeyHeader, name)
		var p wire.Problem
		if err := json.Unmarshal(a.body, &p); err != nil || a.status != c.status || p.Status != a.status || p.Code == "" || p.Detail == "" {
			t.Errorf("%s: %d %s, want %d", name, a.status, a.body, c.status)
		}
	}
}

func exitOf(t *testing.T, body []byte) wire.Event {
	t.Helper()
	dec := wire.NewDecoder(bytes.NewReader(body), 0)
	for {
		e, err := dec.Next()
		if err != nil {
			t.Fatalf("%v in %.300q", err, body)
		}
		if e.Event == wire.Exit {
			return e
		}
	}
}

// TestDisconnectCancels: the caller goes away, and the program with it; a program that says nothing, too.
func TestDisconnectCancels(t *testing.T) {
	url := serve(t, sandboxd.Config{Ping: 50 * time.Millisecond})
	for name, stdin := range map[string]bool{"quiet": false, "with input": true} {
		mark := "gone-" + strings.ReplaceAll(name, " ", "-")
		box := url + "/v1/sandboxes/" + made(t, url, name, marked(mark))
		cmd := command("a", "sleep", "300")
		conn := dial(t, url)
		length := fmt.Sprintf("Content-Length: %d", len(cmd))
		if stdin {
			cmd = strings.Replace(cmd, `{"id"`, `{"stdin":true,"id"`, 1)
			cmd = fmt.Sprintf("%x\r\n%s\r\n", len(cmd), cmd) // and no end
			length = "Transfer-Encoding: chunked"
		}
		_, _ = fmt.Fprintf(conn, "POST %s/exec HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n\r\n%s", strings.TrimPrefix(box, url), token, length, cmd)
		eventually(t, name+": it runs", func() bool { return len(running(mark)) > 0 })
		_ = conn.Close()
		eventually(t, name+": it is gone", func() bool { return len(running(mark)) == 0 })
		res := exitOf(t, ask(t, "POST", box+"/exec", command("b", "echo", "next")).body)
		if res.Result == nil || string(res.Result.Stdout) != "next\n" {
			t.Errorf("%s: the next command: %+v", name, res)
		}
	}
}

// running leaves out what belongs to the sandbox itself.
func running(mark string) []string {
	var list []string
	for _, p := range sandboxtest.Survivors(mark) {
		if strings.Contains(p, "sleep") {
			list = append(list, p)
		}
	}
	return list
}

func dial(t *testing.T, url string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); <-time.After(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// TestSlowReader: who takes nothing is taken as gone, and holds neither the program nor its place for long.
func TestSlowReader(t *testing.T) {
	url := serve(t, sandboxd.Config{Ping: 50 * time.Millisecond, Patience: 300 * time.Millisecond})
	const mark = "slow-reader"
	box := made(t, url, "key", marked(mark))
	c := wire.Cmd{ID: "a", Argv: [][]byte{[]byte("sh"), []byte("-c"), []byte("head -c 15000000 /dev/zero; sleep 300")}, Stdout: true}
	line, _ := json.Marshal(c)
	conn := dial(t, url)
	_ = conn.(*net.TCPConn).SetReadBuffer(4096)
	_, _ = fmt.Fprintf(conn, "POST /v1/sandboxes/%s/exec HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s\n", box, token, len(line)+1, line)
	eventually(t, "it runs", func() bool { return len(sandboxtest.Survivors(mark)) > 0 })
	eventually(t, "it is gone", func() bool { return len(sandboxtest.Survivors(mark)) == 0 })
	if e := exitOf(t, ask(t, "POST", url+"/v1/sandboxes/"+box+"/exec", command("b", "true")).body); e.Result == nil || e.Result.Verdict != "ok" {
		t.Errorf("the next command: %+v", e)
	}
}

// TestIdle: a sandbox that nobody uses is destroyed; one that is touched, or that runs something, is not.
func TestIdle(t *testing.T) {
	url := serve(t, sandboxd.Config{Idle: 400 * time.Millisecond})
	idle, touched, busy := made(t, url, "1", "{}"), made(t, url, "2", "{}"), made(t, url, "3", "{}")
	done := make(chan wire.Event, 1)
	go func() {
		done <- exitOf(t, ask(t, "POST", url+"/v1/sandboxes/"+busy+"/exec", command("a", "sleep", "1.5")).body)
	}()
	for range 15 {
		if a := ask(t, "POST", url+"/v1/sandboxes/"+touched+"/touch", ""); a.status != http.StatusNoContent {
			t.Fatalf("touched: %d %s", a.status, a.body)
		}
		<-time.After(100 * time.Millisecond)
	}
	if a := ask(t, "GET", url+"/v1/sandboxes/"+idle+"/stats", ""); a.status != http.StatusGone {
		t.Errorf("idle: %d %s", a.status, a.body)
	}
	if e := <-done; e.Result == nil || e.Result.Verdict != "ok" {
		t.Errorf("busy: %+v", e)
	}
}

// TestOnce: a command's id is good for one execution while it is known.
func TestOnce(t *testing.T) {
	url := serve(t, sandboxd.Config{})
	box := url + "/v1/sandboxes/" + made(t, url, "key", marked("once"))
	done := make(chan answer, 1)
	go func() { done <- ask(t, "POST", box+"/exec", command("same", "sleep", "300")) }()
	eventually(t, "it runs", func() bool { return len(running("once")) > 0 })
	if a := ask(t, "POST", box+"/exec", command("same", "true")); a.status != http.StatusConflict {
		t.Errorf("the same id: %d %s", a.status, a.body)
	}
	if a := ask(t, "POST", box+"/processes/same/kill", ""); a.status != http.StatusAccepted {
		t.Errorf("kill: %d %s", a.status, a.body)
	}
	if e := exitOf(t, (<-done).body); e.Result == nil || e.Result.Verdict != "canceled" {
		t.Errorf("killed: %+v", e)
	}
}

const page = `
import http.server
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Set-Cookie", "a=b")
        self.end_headers()
        self.wfile.write((self.path + " " + str(self.headers.get("Authorization"))).encode())
http.server.HTTPServer(("127.0.0.1", 8080), H).serve_forever()
`

// TestPreview: a person sees the service; the service does not see the token, and its page has no origin.
func TestPreview(t *testing.T) {
	url := serve(t, sandboxd.Config{})
	box := url + "/v1/sandboxes/" + made(t, url, "key", "{}")
	over := make(chan struct{})
	go func() {
		defer close(over)
		ask(t, "POST", box+"/start", command("svc", "/usr/bin/python3", "-I", "-c", page))
	}()
	req := func() (*http.Response, error) {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, box+"/ports/8080/a/b?c=d", nil)
		r.SetBasicAuth("", token)
		return http.DefaultClient.Do(r)
	}
	eventually(t, "the page", func() bool {
		resp, err := req()
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != http.StatusOK {
			return false
		}
		if string(b) != "/a/b?c=d None" || !strings.HasPrefix(resp.Header.Get("Content-Security-Policy"), "sandbox") || resp.Header.Get("Set-Cookie") != "" {
			t.Errorf("%q %v", b, resp.Header)
		}
		return true
	})
	if a := ask(t, "DELETE", box, ""); a.status != http.StatusNoContent {
		t.Errorf("delete: %d", a.status)
	}
	<-over // the service's stream ends with its sandbox
}
