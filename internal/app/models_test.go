package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/blob/file"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/record"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
)

// models are opened over a data folder with the given providers file.
func models(t *testing.T, text string, env map[string]string) (*Models, string) {
	t.Helper()
	dir := t.TempDir()
	if text != "" {
		if err := os.WriteFile(filepath.Join(dir, config.ProvidersName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	st, err := sqlite.Open(t.Context(), filepath.Join(dir, "qlp.db"), sqlite.Config{})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := file.Open(filepath.Join(dir, "blobs"), file.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(st.Close(), blobs.Close()); err != nil {
			t.Error(err)
		}
	})
	m, err := OpenModels(config.Config{DataDir: dir}, ModelDeps{
		Ledger: NewLedger(st), Recordings: blobs, Env: func(name string) string { return env[name] }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return m, dir
}

// tape writes recordings of one question to the coder, and of the question of a test.
func tape(t *testing.T, sumAnswer string) (string, llm.Request) {
	t.Helper()
	dir := t.TempDir()
	coder := llm.Request{
		Role: llm.Coder, Messages: []llm.Message{{From: llm.User, Text: "write"}}, MaxTokens: 10, Account: llm.Account{IntentID: "in", RunID: "run", TaskID: "t", Attempt: 1},
	}
	usage := qlp.Usage{Input: 20, Output: 8}
	for _, c := range []record.Cassette{
		record.Of(coder, llm.Answer{Text: "package main", Fallback: 1, Model: "m", Usage: usage}, record.Role{Window: 9000, Fallbacks: 1}),
		record.Of(sum(), llm.Answer{Text: sumAnswer, Model: "m-2026", Usage: usage}, record.Role{Window: 8000}),
	} {
		if err := record.Write(dir, c); err != nil {
			t.Fatal(err)
		}
	}
	return dir, coder
}

func TestReplayIsAProviderToChoose(t *testing.T) {
	t.Parallel()
	dir, coder := tape(t, "")
	for choice, text := range map[string]string{"replay:" + dir: "", "tape": "providers:\n  tape: {kind: replay, dir: " + dir + "}\n"} {
		m, _ := models(t, text, nil)
		c, err := m.Client(choice)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := m.Client(choice); err != nil || again != c {
			t.Errorf("%s: another client for the same choice: %v", choice, err)
		}
		if c.Window(llm.Coder) != 9000 || c.Fallbacks(llm.Coder) != 1 || c.Name(llm.Coder) != choice+"/coder" {
			t.Errorf("%s: %s, window %d, %d fallbacks", choice, c.Name(llm.Coder), c.Window(llm.Coder), c.Fallbacks(llm.Coder))
		}
		got, err := c.Ask(t.Context(), coder, nil)
		if err != nil || got.Text != "package main" || !got.Recorded {
			t.Errorf("%s: got %+v: %v", choice, got, err)
		}
		coder.Messages = []llm.Message{{From: llm.User, Text: "write more"}}
		if _, err := c.Ask(t.Context(), coder, nil); llm.KindOf(err) != llm.Missing {
			t.Errorf("%s: what is not recorded is not answered: %v", choice, err)
		}
		coder.Messages[0].Text = "write"
	}
}

func TestNothingIsConfigured(t *testing.T) {
	t.Parallel()
	keys := map[string]string{"OPENAI_API_KEY": "sk-test-1234567890", "ANTHROPIC_API_KEY": "sk-test-1234567890"}
	const file = "providers:\n  tape: {kind: replay, dir: nowhere}\n  other: {kind: ollama}\nroles:\n  coder: other/small\n"
	for name, c := range map[string]struct{ file, choice, says string }{
		"no file":                        {"", "", "write one"},
		"no file, and keys lie about":    {"", "openai", "name one: openai/MODEL"},
		"a file without roles":           {"providers:\n  other: {kind: ollama}\n", "", "gives no role a model"},
		"a provider of no role":          {file, "openai", "name one: openai/MODEL"},
		"a provider that is not there":   {file, "opnai/x", "configured are: other, tape"},
		"a tape that is not there":       {file, "tape", "no recording in nowhere"},
		"a folder that is not there":     {file, "replay:nowhere", "no recording in nowhere"},
		"azure without its own endpoint": {"", "azureopenai/x", "there is no provider"},
	} {
		m, _ := models(t, c.file, keys)
		_, err := m.Client(c.choice)
		if err == nil || !strings.Contains(err.Error()+" "+qlp.RemedyOf(err), c.says) {
			t.Errorf("%s: got %v (%s)", name, err, qlp.RemedyOf(err))
		}
	}
	m, _ := models(t, "", nil)
	if _, err := m.Client("openai/x"); qlp.CodeOf(err) != qlp.Unauthorized || !strings.Contains(err.Error(), "OPENAI_API_KEY is not set") {
		t.Errorf("got %v", err)
	}
}

func TestKeysComeFromWhereTheFileSays(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("from-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(name string) string {
		return map[string]string{"MINE": "from-mine", "OPENAI_API_KEY": "from-the-usual"}[name]
	}
	for want, p := range map[string]config.Provider{
		"from-mine": {Kind: config.KindOpenAI, KeyEnv: "MINE"}, "from-the-usual": {Kind: config.KindOpenAI}, "from-a-file": {Kind: config.KindCompatible, KeyFile: path},
		"": {Kind: config.KindAzureOpenAI, Entra: true},
	} {
		if got, err := readKey("p", p, env); err != nil || got.Reveal() != want {
			t.Errorf("want %q: %v", want, err)
		}
	}
	for _, p := range []config.Provider{{Kind: config.KindAnthropic}, {Kind: config.KindCompatible, KeyEnv: "NONE"}, {Kind: config.KindOpenAI, KeyFile: path + "x"}} {
		if _, err := readKey("p", p, env); err == nil || qlp.RemedyOf(err) == "" {
			t.Errorf("%+v: got %v", p, err)
		}
	}
}

func TestProvidersAreTestedByARealQuestion(t *testing.T) {
	t.Parallel()
	for answer, says := range map[string]string{
		`{"sum": 5}`: "", `{"sum": 6}`: "2 + 3 is 6", `the sum is 5`: "not of the schema", `{"sum": 5, "more": 1}`: "not of the schema", `{"sum": "5"}`: "not of the schema",
	} {
		dir, _ := tape(t, answer)
		data := t.TempDir()
		file := filepath.Join(data, "p.yaml")
		text := "providers:\n  tape: {kind: replay, dir: " + dir + "}\nroles:\n  interpreter: tape/interpreter\ncaps:\n  day: {tokens: 100000, usd: 1}\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg := config.Config{DataDir: data, Providers: file}
		got, err := TestProviders(t.Context(), cfg, []string{"tape/interpreter"}, slog.New(slog.DiscardHandler))
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %+v: %v", answer, got, err)
		}
		if one := got[0]; one.OK != (says == "") || !strings.Contains(one.Error, says) || one.Answered != "m-2026" || one.Window != 8000 || one.Usage.Total() != 28 {
			t.Errorf("%s: %+v", answer, one)
		}
		checkTestIsInTheLedger(t, data)
		rows, err := Providers(cfg, os.Getenv)
		if err != nil || len(rows) != 1 || rows[0].Key != "none needed" || rows[0].Roles[0] != "interpreter interpreter" {
			t.Errorf("%+v: %v", rows, err)
		}
	}
}

func TestRecordingsAreNotTested(t *testing.T) {
	t.Parallel()
	dir, _ := tape(t, "")
	_, err := TestProviders(t.Context(), config.Config{DataDir: t.TempDir()}, []string{"replay:" + dir}, slog.New(slog.DiscardHandler))
	if qlp.CodeOf(err) != qlp.Invalid || !strings.Contains(err.Error(), "holds recordings") {
		t.Errorf("got %v", err)
	}
}

func checkTestIsInTheLedger(t *testing.T, data string) {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(data, "qlp.db"), sqlite.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	calls, err := NewLedger(st).Lose(context.Background())
	if err != nil || calls != 0 {
		t.Errorf("%d calls are left open: %v", calls, err)
	}
}
