package prompt

import (
	"errors"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/scripttest"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/redact"
)

const ownKey = "q7Lm2Vx9Tz4Kp8Rw3Nc6"

var guarded = redact.New([]string{"VENDOR_API_KEY=" + ownKey})

func request() llm.Request {
	return llm.Request{Role: llm.Coder, System: "s " + ownKey, Messages: []llm.Message{{From: llm.User, Text: "u " + ownKey}}, MaxTokens: 10}
}

func TestAsk(t *testing.T) {
	t.Parallel()
	client := scripttest.New("first "+ownKey, "", "second", "third")
	d := Desk{Client: client, Redactor: guarded}
	_, err := d.Ask(t.Context(), request(), 3, nil, func(text string) error {
		if text != "third" {
			return Againf("not third, and %s", ownKey)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	asked := client.Asked()
	if len(asked) != 4 || len(asked[3].Messages) != 7 || asked[3].Messages[3].Text != "[an empty answer]" {
		t.Fatalf("%+v", asked)
	}
	for _, req := range asked {
		for _, m := range req.Messages {
			if strings.Contains(req.System+m.Text, ownKey) {
				t.Errorf("a secret was sent: %+v", req)
			}
		}
	}
	if told := asked[1].Messages[2].Text; !strings.Contains(told, "looks like a secret (environment)") {
		t.Errorf("told %q", told)
	}
}

func TestAskEnds(t *testing.T) {
	t.Parallel()
	d := Desk{Client: scripttest.New("a", "b", "c"), Redactor: guarded}
	_, err := d.Ask(t.Context(), request(), 2, nil, func(string) error { return Againf("no: %s", ownKey) })
	if qlp.CodeOf(err) != qlp.Invalid || !strings.Contains(err.Error(), "after 3 tries") || strings.Contains(err.Error(), ownKey) {
		t.Errorf("%v", err)
	}
	own := errors.New("mine")
	d.Client = scripttest.New("a")
	if _, err = d.Ask(t.Context(), request(), 2, nil, func(string) error { return own }); !errors.Is(err, own) {
		t.Errorf("another error is passed on: %v", err)
	}
	huge := strings.Repeat("x y\n", longestAnswer/4+1)
	client := scripttest.New(huge, "ok")
	d.Client = client
	if _, err = d.Ask(t.Context(), request(), 1, nil, func(string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if again := client.Asked()[1].Messages; len(again[1].Text) > keptAnswer+100 || !strings.Contains(again[2].Text, "at most") {
		t.Errorf("%d bytes were shown again; told %q", len(again[1].Text), again[2].Text)
	}
}

func TestFence(t *testing.T) {
	t.Parallel()
	one := Fence("a\nlabel", "text")
	if one != Fence("a label", "text\n") || !strings.HasPrefix(one, "<<<") || strings.Count(one, "\n") != 3 {
		t.Errorf("%q", one)
	}
	tag := one[3:15]
	if Fence("a label", "text "+tag+">>>")[3:15] == tag {
		t.Error("a text can hold its own tag")
	}
	for in, want := range map[string]string{
		"plain\n\tü": "plain\n\tü", "a\u202Eb": "a[U+202E]b", "\x1b[31m": "[U+001B][31m", "\U000E0041": "[U+E0041]", "a\xffb": "a[U+FFFD]b", "a\rb": "a[U+000D]b",
	} {
		if got := Visible(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func FuzzFence(f *testing.F) {
	f.Add("label", "text")
	f.Add("x", "<<<000000000000 x\n000000000000>>>\n")
	f.Add("\n", "\xff\u202E")
	f.Fuzz(func(t *testing.T, label, text string) {
		fenced := Fence(label, text)
		if tag := fenced[3:15]; strings.Contains(text, tag) || strings.Count(fenced, tag) != 2 {
			t.Errorf("the fence %s can be closed", tag)
		}
		if strings.ContainsFunc(Visible(text), Hidden) {
			t.Errorf("%q still hides something", text)
		}
	})
}

func TestPath(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"main.go", "a/b-c_d.e+f", ".gitignore", ".github/workflows/ci.yml", "src/.gitkeep", "Dockerfile", "@scope/x.js"} {
		if err := Path(p); (err != nil) != strings.HasPrefix(p, "@") {
			t.Errorf("%s: %v", p, err)
		}
	}
	for _, p := range []string{
		"", "/a", "../a", "a/../b", "a//b", "a\\b", "a b", "a;b", "$(x)", "`x`", "a\nb", "-rf", "a/-x", "\u0430", ".git/hooks/x", "a/.GIT/x", ".gitmodules", "GIT~1/x",
		"con", "NUL.txt", "a.", ".ssh/id", ".vscode/tasks.json", "a -> b", "a*", "~/x",
	} {
		if err := Path(p); qlp.CodeOf(err) != qlp.Invalid {
			t.Errorf("%q is taken: %v", p, err)
		}
	}
}

func TestWithoutNulls(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"a":null,"b":[null,1.10,{"c":null}],"d":"x"}`: `{"b":[null,1.10,{}],"d":"x"}`,
		`null`: `null`, "\n12345678901234567890": `12345678901234567890`,
	} {
		if got, err := WithoutNulls([]byte(in)); err != nil || string(got) != want {
			t.Errorf("%s became %s, %v", in, got, err)
		}
	}
	for _, in := range []string{``, `{`, `{"a":1,"a":2}`, `{"a":1} x`, `[1`, strings.Repeat("[", 100) + strings.Repeat("]", 100), `{1:2}`} {
		if got, err := WithoutNulls([]byte(in)); err == nil {
			t.Errorf("%s became %s", in, got)
		}
	}
	for in, want := range map[string]string{"Here:\n```json\n{\"a\":1}\n```\nDone.": `{"a":1}`, `{"a":"` + "```" + `"}`: `{"a":"` + "```" + `"}`, `so {"a":1} there`: `{"a":1}`, "none": "none"} {
		if got := string(JSON(in)); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":[null]}`))
	f.Add([]byte(`{"a":{"a":{"a":null}}}`))
	f.Add([]byte("\xff{\"a\": 1e400}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v map[string]any
		if err := Decode(JSON(string(b)), &v); err != nil {
			if _, again := errors.AsType[*Again](err); !again {
				t.Errorf("not told back: %v", err)
			}
		}
	})
}
