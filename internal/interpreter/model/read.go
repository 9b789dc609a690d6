package model

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/interpreter/specfile"
	"github.com/quantumlayer/qlp/internal/llm/prompt"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// answer is what the model gives: the schema is made of it.
type answer struct {
	Outcome   string     `json:"outcome" jsonschema:"enum=spec,enum=question,enum=refused"`
	Spec      *qlp.Spec  `json:"spec,omitempty"`
	Questions []question `json:"questions,omitempty"`
	Reason    string     `json:"reason,omitempty"`
	Needs     string     `json:"needs,omitempty" jsonschema:"enum=not_software"`
	Quotes    []quote    `json:"quotes,omitempty"`
}

type question struct {
	About   string   `json:"about"`
	Text    string   `json:"text"`
	Answer  string   `json:"answer" jsonschema:"enum=choice,enum=text,enum=number,enum=yes_no"`
	Options []string `json:"options,omitempty"`
	Default string   `json:"default,omitempty"`
	Quote   string   `json:"quote,omitempty"`
}

// quote says which words gave which fact.
type quote struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

// received is the answer before its Spec is read strictly.
type received struct {
	Outcome   string          `json:"outcome"`
	Spec      json.RawMessage `json:"spec"`
	Questions []question      `json:"questions"`
	Reason    string          `json:"reason"`
	Needs     string          `json:"needs"`
	Quotes    []quote         `json:"quotes"`
}

// read makes a Result of an answer. What is wrong with the answer is a *prompt.Again.
func (i *Interpreter) read(text, words string, opts interpreter.Options) (interpreter.Result, error) {
	var got received
	if err := prompt.Decode(prompt.JSON(text), &got); err != nil {
		return interpreter.Result{}, err
	}
	switch interpreter.Outcome(got.Outcome) {
	case interpreter.Understood:
		spec, err := i.spec(got, words, opts)
		if err != nil {
			return interpreter.Result{}, err
		}
		return interpreter.Result{Outcome: interpreter.Understood, Spec: spec}, nil
	case interpreter.Asked:
		questions, err := questionsOf(got.Questions, words)
		if err != nil {
			return interpreter.Result{}, err
		}
		return interpreter.Result{Outcome: interpreter.Asked, Questions: questions}, nil
	case interpreter.Refused:
		reason := line(got.Reason, 500)
		if reason == "" {
			return interpreter.Result{}, prompt.Againf("An answer with the outcome refused needs a reason.")
		}
		return interpreter.Result{Outcome: interpreter.Refused, Reason: reason, Needs: interpreter.NeedsNotSoftware}, nil
	default:
		return interpreter.Result{}, prompt.Againf("The outcome %.40q is none: it is spec, question or refused.", got.Outcome)
	}
}

// spec reads the answer's Spec as strictly as a file that a person wrote.
func (i *Interpreter) spec(got received, words string, opts interpreter.Options) (*qlp.Spec, error) {
	if len(got.Spec) == 0 {
		return nil, prompt.Againf("An answer with the outcome spec needs the spec.")
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(got.Spec, &keys); err != nil {
		return nil, prompt.Againf("The spec is not an object.")
	}
	for _, key := range notTheirs() {
		if _, given := keys[key]; given {
			return nil, prompt.Againf("The spec has the key %q, which is not yours to write: leave it out.", key)
		}
	}
	raw, err := withStack(keys, got.Spec, opts)
	if err != nil {
		return nil, err
	}
	spec, err := specfile.Read(raw)
	if err != nil {
		return nil, prompt.Againf("The spec was refused: %s. Give the whole answer again with that mended.", err)
	}
	if err := i.fits(spec); err != nil {
		return nil, err
	}
	settle(spec, got.Quotes, words, opts)
	return spec, nil
}

// withStack puts the stack in that is forced, or the default where the answer has none.
func withStack(keys map[string]json.RawMessage, raw json.RawMessage, opts interpreter.Options) ([]byte, error) {
	var named string
	if given, ok := keys["stack"]; ok {
		if err := json.Unmarshal(given, &named); err != nil {
			return nil, prompt.Againf("The spec's stack is not a text.")
		}
	}
	want := named
	switch {
	case opts.Stack != "":
		want = opts.Stack
	case named == "":
		want = fallback(opts)
	}
	if want == named {
		return raw, nil
	}
	plain, err := json.Marshal(want)
	if err != nil {
		return nil, fmt.Errorf("encode stack: %w", err)
	}
	keys["stack"] = plain
	out, err := json.Marshal(keys)
	if err != nil {
		return nil, fmt.Errorf("encode Spec: %w", err)
	}
	return out, nil
}

// fits refuses what a Spec file of a person may hold and a model's may not, or not yet.
func (i *Interpreter) fits(s *qlp.Spec) error {
	switch {
	case s.Kind == qlp.KindSite:
		return prompt.Againf("The kind site cannot be built: choose service, cli, pipeline or project, or refuse.")
	case s.Kind.Program() && (len(s.Rules) == 0 || len(s.Entities) > 0):
		return prompt.Againf("A %s needs rules that a test can decide, and has no entities.", s.Kind)
	case s.Kind == qlp.KindService && len(s.Commands)+len(s.Rules) > 0:
		return prompt.Againf("A service has no commands and no rules: its behaviour follows from its entities.")
	case len(s.Rules) > maxRules:
		return prompt.Againf("The spec has %d rules; at most %d are read.", len(s.Rules), maxRules)
	}
	if text, hidden := hiddenIn(s); hidden {
		return prompt.Againf("The spec holds characters that cannot be seen, in %q: leave them out.", line(text, 80))
	}
	for _, st := range i.config.Stacks {
		if st.Name == s.Stack && (len(st.Kinds) == 0 || slices.Contains(st.Kinds, s.Kind)) {
			return nil
		}
	}
	if len(i.config.Stacks) > 0 {
		return prompt.Againf("There is no stack %.40q for a %s. %s", s.Stack, s.Kind, i.stacks(interpreter.Options{}))
	}
	return nil
}

// hiddenIn returns the first text of the Spec with a character that is not seen.
func hiddenIn(s *qlp.Spec) (string, bool) {
	b, err := json.Marshal(s)
	if err != nil {
		return "", false
	}
	var tree any
	if err := json.Unmarshal(b, &tree); err != nil {
		return "", false
	}
	return hiddenText(tree)
}

func hiddenText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, strings.ContainsFunc(v, prompt.Hidden)
	case []any:
		for _, item := range v {
			if text, found := hiddenText(item); found {
				return text, true
			}
		}
	case map[string]any:
		for key, item := range v {
			if strings.ContainsFunc(key, prompt.Hidden) {
				return key, true
			}
			if text, found := hiddenText(item); found {
				return text, true
			}
		}
	}
	return "", false
}

// questionsOf checks questions and finds the words that gave rise to them.
func questionsOf(list []question, words string) ([]qlp.Question, error) {
	if len(list) == 0 || len(list) > maxQuestions {
		return nil, prompt.Againf("An answer with the outcome question needs 1 to %d questions, and has %d.", maxQuestions, len(list))
	}
	var out []qlp.Question
	for _, q := range list {
		asked := qlp.Question{About: line(q.About, 60), Text: line(q.Text, 500), Answer: q.Answer, Default: line(q.Default, 200)}
		for _, o := range q.Options {
			asked.Options = append(asked.Options, line(o, 200))
		}
		switch {
		case asked.About == "" || asked.Text == "":
			return nil, prompt.Againf("A question needs about and text.")
		case !slices.Contains([]string{"choice", "text", "number", "yes_no"}, q.Answer):
			return nil, prompt.Againf("The answer of a question is choice, text, number or yes_no, not %.40q.", q.Answer)
		case (q.Answer == "choice") != (len(q.Options) > 1) || len(q.Options) > 10:
			return nil, prompt.Againf("A choice has 2 to 10 options, and only a choice has options.")
		case q.Answer == "choice" && asked.Default != "" && !slices.Contains(asked.Options, asked.Default):
			return nil, prompt.Againf("The default %.60q is none of the question's options.", asked.Default)
		}
		if at := strings.Index(words, q.Quote); q.Quote != "" && at >= 0 {
			asked.Start, asked.End = at, at+len(q.Quote)
		}
		out = append(out, asked)
	}
	return out, nil
}

// line makes one visible line of at most n bytes.
func line(text string, n int) string {
	text = prompt.Visible(strings.Join(strings.Fields(text), " "))
	if len(text) > n {
		text = strings.ToValidUTF8(text[:n], "") + "…"
	}
	return text
}
