package eval_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/eval"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// scripted answers with a text, and keeps what it was asked.
type scripted struct {
	text string
	err  error
	req  llm.Request
}

func (s *scripted) Name(llm.Role) string   { return "test/scripted" }
func (s *scripted) Window(llm.Role) int64  { return 0 }
func (s *scripted) Fallbacks(llm.Role) int { return 0 }
func (s *scripted) Ask(_ context.Context, req llm.Request, _ llm.Sink) (llm.Answer, error) {
	s.req = req
	return llm.Answer{Text: s.text, Provider: "test", Model: "scripted", Usage: qlp.Usage{Input: 100, Output: 20}}, s.err
}

// TestCodeIsTakenOutOfAnswers as models write them.
func TestCodeIsTakenOutOfAnswers(t *testing.T) {
	t.Parallel()
	q := double().Question
	const whole = "def double(x):\n    return x * 2\n"
	for _, tc := range []struct{ name, text, want string }{
		{"a block", "Here it is:\n```python\n" + whole + "```\nDone.", whole},
		{"no mark", "```\n" + whole + "```", whole},
		{"line ends", "```python\r\n" + strings.ReplaceAll(whole, "\n", "\r\n") + "```\r\n", whole},
		{"the last one that counts", "```python\ndef double(x): pass\n```\nBetter:\n```python\n" + whole + "```\nUse:\n```python\nprint(double(2))\n```", whole},
		{"cut short", "```python\n" + whole, whole + "\n"},
		{"no fence", whole, whole + "\n"},
		{"the body alone", "```python\n    return x * 2\n```", q.Prompt + "    return x * 2\n"},
		{"no code", "I would rather talk about it.", ""},
		{"other code", "```python\nprint(1)\n```", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := &scripted{text: tc.text}
			s, err := eval.Model(c, qlp.ModelCaps{}, sevenMicros).Solve(t.Context(), q, 2)
			if err != nil {
				t.Fatal(err)
			}
			if s.Source != tc.want || (s.Declined != "") != (tc.want == "") {
				t.Fatalf("took %q (declined: %s), want %q", s.Source, s.Declined, tc.want)
			}
			if s.Spent.Tokens != 120 || s.Spent.Calls != 1 || !s.Spent.Priced || s.Spent.Micros != 7 {
				t.Errorf("spent %+v", s.Spent)
			}
		})
	}
}

// TestTheModelSeesNoCheck: the prompt is what the golden file says, and nothing of the test is in it.
func TestTheModelSeesNoCheck(t *testing.T) {
	t.Parallel()
	p := few(t).Problems[0]
	c := &scripted{}
	if _, err := eval.Model(c, qlp.ModelCaps{}, sevenMicros).Solve(t.Context(), p.Question, 0); err != nil {
		t.Fatal(err)
	}
	sent := c.req.System + "\n---\n" + c.req.Messages[0].Text + "\n"
	if strings.Contains(sent, "def check") || strings.Contains(sent, "3.9") || strings.Contains(sent, "distance <") {
		t.Fatalf("the prompt tells: %s", sent)
	}
	golden(t, "function-prompt.txt", sent)
}

// TestModelsThatDoNotAnswer: a refusal is the model's answer, everything else is not.
func TestModelsThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	solve := func(k llm.Kind) (eval.Solution, error) {
		return eval.Model(&scripted{err: &llm.Error{Kind: k, Provider: "test", Message: "no"}}, qlp.ModelCaps{}, sevenMicros).Solve(t.Context(), double().Question, 0)
	}
	for _, k := range []llm.Kind{llm.Refused, llm.Filtered, llm.Overflow} {
		if s, err := solve(k); err != nil || s.Declined == "" {
			t.Errorf("%s: %+v, %v", k, s, err)
		}
	}
	for k, code := range map[llm.Kind]qlp.Code{llm.Outage: qlp.Unavailable, llm.Spent: qlp.Exhausted, llm.Unauthorized: qlp.Unavailable} {
		if _, err := solve(k); qlp.CodeOf(err) != code {
			t.Errorf("%s: %v", k, err)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s is not as it was; go test ./internal/eval -update rewrites it", path)
	}
}

// sevenMicros is the price of every answer here.
func sevenMicros(context.Context, llm.Answer) (int64, bool) { return 7, true }
