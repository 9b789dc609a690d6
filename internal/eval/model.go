package eval

import (
	"context"
	_ "embed"
	"strings"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

//go:embed prompts/function.md
var functionPrompt string

// answerTokens bound a function's answer, hidden reasoning among it.
const answerTokens = 4096

// model asks a model for functions.
type model struct {
	client llm.Client
	caps   qlp.ModelCaps
	price  Pricing
}

// Pricing says what an answer took, in micro-dollars, or that nobody knows.
type Pricing func(ctx context.Context, a llm.Answer) (micros int64, known bool)

// Model returns the solver that asks the client's coder for each function. Projects are not for it: QLP's own pipeline solves those.
// Caps bound the whole run.
func Model(client llm.Client, caps qlp.ModelCaps, price Pricing) Solver {
	return &model{client, caps, price}
}

// Name is that of the provider and the model.
func (m *model) Name() string { return "model:" + m.client.Name(llm.Coder) }

// Solve asks once. An answer without code is declined; whether code is any good is the judge's question.
func (m *model) Solve(ctx context.Context, q Question, sample int) (Solution, error) {
	if q.Form != FunctionForm {
		return Solution{}, qlp.Errorf(qlp.Invalid, "a %s is not asked of a model directly", q.Form)
	}
	answer, err := m.client.Ask(ctx, llm.Request{
		Role: llm.Coder, System: functionPrompt, MaxTokens: answerTokens,
		Messages: []llm.Message{{From: llm.User, Text: "<<<BEGINNING OF THE FILE\n" + q.Prompt + "\nEND OF THE BEGINNING>>>"}},
		Account:  llm.Account{Attempt: sample + 1, Caps: m.caps},
	}, nil)
	switch llm.KindOf(err) {
	case llm.Refused, llm.Filtered, llm.Overflow:
		return Solution{Declined: err.Error()}, nil
	}
	if err != nil {
		return Solution{}, err
	}
	micros, priced := m.price(ctx, answer)
	s := Solution{Spent: Spent{Tokens: answer.Usage.Total(), Calls: 1, Micros: micros, Priced: priced}, Note: answer.Provider + "/" + answer.Model}
	var found bool
	if s.Source, found = code(answer.Text, q); !found {
		s.Declined = "there is no code in the answer"
	}
	return s, nil
}

// code takes the file out of an answer: the last fenced block that defines the function, or else the last one, or the whole answer if
// it has no fence and defines the function. A block that is a body alone is put where it belongs.
func code(text string, q Question) (string, bool) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	define := "def " + q.Entry + "("
	blocks := fenced(text)
	if len(blocks) == 0 && strings.Contains(text, define) {
		return text + "\n", true
	}
	best := ""
	for _, b := range blocks {
		if strings.Contains(b, define) || !strings.Contains(best, define) && strings.TrimSpace(b) != "" {
			best = b
		}
	}
	if best != "" && !strings.Contains(best, define) {
		if !strings.HasPrefix(best, " ") && !strings.HasPrefix(best, "\t") {
			return "", false
		}
		best = strings.TrimRight(q.Prompt, "\n") + "\n" + best
	}
	return best, best != ""
}

// fenced returns the contents of the blocks between lines that begin with three backquotes. The last one may lack its end.
func fenced(text string) []string {
	var out []string
	var block strings.Builder
	inside := false
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			if inside {
				out = append(out, block.String())
				block.Reset()
			}
			inside = !inside
			continue
		}
		if inside {
			block.WriteString(line + "\n")
		}
	}
	if inside {
		out = append(out, block.String())
	}
	return out
}
