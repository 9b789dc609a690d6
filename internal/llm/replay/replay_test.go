package replay_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/record"
	"github.com/quantumlayer/qlp/internal/llm/replay"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// echo is a client that answers with the question's last words, after its first model was down where the question says so.
type echo struct{}

func (echo) Name(llm.Role) string   { return "one/m" }
func (echo) Window(llm.Role) int64  { return 4000 }
func (echo) Fallbacks(llm.Role) int { return 2 }

func (echo) Ask(_ context.Context, req llm.Request, _ llm.Sink) (llm.Answer, error) {
	text := req.Messages[len(req.Messages)-1].Text
	a := llm.Answer{Text: "you said: " + text, Provider: "one", Model: "m-2026", Finish: llm.Stopped, Usage: qlp.Usage{Input: 3, Output: 4}, First: 5, Total: 9}
	if strings.Contains(text, "down") {
		a.Fallback, a.Why = 1, "one/m: outage"
	}
	return a, nil
}

func ask(words string, attempt int) llm.Request {
	return llm.Request{
		Role: llm.Coder, System: "line one\nline two", Messages: []llm.Message{{From: llm.User, Text: words}}, MaxTokens: 100,
		Schema: &llm.Schema{Name: "files", JSON: []byte(`{"type":"object"}`)}, Account: llm.Account{Attempt: attempt},
	}
}

func redact(s string) string { return strings.ReplaceAll(s, "hunter2", "[secret]") }

func TestRecordedIsReplayed(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cassettes")
	rec := record.New(echo{}, dir, redact)
	want := map[string]llm.Answer{}
	for _, words := range []string{"plain", "it is down", "the password is hunter2"} {
		got, err := rec.Ask(t.Context(), ask(words, 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		got.Recorded = true
		got.Text = redact(got.Text)
		want[words] = got
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%q: %v", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil || strings.Contains(string(b), "hunter2") || !strings.HasPrefix(filepath.Base(f), "coder-") {
			t.Errorf("%s: %v\n%s", f, err, b)
		}
	}
	p, err := replay.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for words, w := range want {
		var streamed string
		got, err := p.Complete(t.Context(), ask(words, 1), func(s string) { streamed += s })
		if diff := cmp.Diff(w, got); diff != "" || err != nil || streamed != w.Text {
			t.Errorf("%s: %v\n%s", words, err, diff)
		}
	}
	if m, err := p.Describe(t.Context(), "coder"); err != nil || m.Window != 4000 || p.Fallbacks(llm.Coder) != 2 || *m.Price != (llm.Price{}) {
		t.Errorf("described as %+v: %v", m, err)
	}
}

func TestMissingSaysWhereItDiffers(t *testing.T) {
	t.Parallel()
	cassette := func(words string, attempt int, text string) record.Cassette {
		return record.Of(ask(words, attempt), llm.Answer{Text: text}, record.Role{})
	}
	p := replay.New([]record.Cassette{cassette("build\na shop", 1, "shop"), cassette("build\na bank", 1, "bank"), cassette("build\na bank", 3, "other bank")})
	for _, c := range []struct {
		req  llm.Request
		says string
	}{
		{ask("build\na barn", 1), `differs first in line 6: recorded "a shop", asked "a barn"`},
		{ask("mend\na bank", 1), `differs first in line 5: recorded "build", asked "mend"`},
		{ask("build\na bank\nof wood", 1), `differs first in line 7: recorded "schema files", asked "of wood"`},
		{llm.Request{Role: llm.Tester}, "nothing is recorded for this role"},
	} {
		_, err := p.Complete(t.Context(), c.req, nil)
		if llm.KindOf(err) != llm.Missing || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), string(c.req.Digest())) {
			t.Errorf("got %v, want something about %s", err, c.says)
		}
	}
	for attempt, want := range map[int]string{1: "bank", 2: "bank", 3: "other bank"} {
		if got, err := p.Complete(t.Context(), ask("build\na bank", attempt), nil); err != nil || got.Text != want {
			t.Errorf("attempt %d: got %q: %v", attempt, got.Text, err)
		}
	}
}

func TestWhatIsNoRecording(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := replay.Open(dir); qlp.CodeOf(err) != qlp.NotFound || qlp.RemedyOf(err) == "" {
		t.Errorf("an empty folder: %v", err)
	}
	for name, text := range map[string]string{"no JSON": "x", "another JSON": "{}", "half": `{"digest":"sha256:`} {
		if err := os.WriteFile(filepath.Join(dir, "a.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := replay.Open(dir); err == nil || !strings.Contains(err.Error(), "a.json") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	b, err := record.Of(ask("a", 1), llm.Answer{Text: "x"}, record.Role{}).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"digest":"sha256:00","request":{"messages":null}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := record.Decode(b)
		if err != nil {
			return
		}
		again, err := c.Encode()
		if err != nil {
			t.Skip("a schema that is no JSON")
		}
		if _, err := record.Decode(again); err != nil {
			t.Errorf("what was read cannot be read again: %v", err)
		}
	})
}
