package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/prompt"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// test has the tester write the acceptance cases of a program. It sees the Spec and nothing else: no plan, no file, no
// failure. Cases that the Spec brings itself come first and stay as they are.
func (a *Agent) test(ctx context.Context, req generator.Request) ([]qlp.File, error) {
	asked, err := a.testerRequest(req)
	if err != nil {
		return nil, err
	}
	var cases []qlp.Acceptance
	_, err = a.desk.Ask(ctx, asked, prompt.Feedback, llm.Sink(req.Progress), func(text string) error {
		var got casesAnswer
		if err := prompt.Decode(prompt.JSON(text), &got); err != nil {
			return err
		}
		var err error
		cases, err = got.cases(&req.Spec)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("write the acceptance cases: %w", err)
	}
	req.Spec.Acceptance = slices.Concat(req.Spec.Acceptance, cases)
	return a.deps.Acceptance(req)
}

func (a *Agent) testerRequest(req generator.Request) (llm.Request, error) {
	system, err := a.book.Fill("tester.md", map[string]any{"DataRule": prompt.DataRule, "MaxCases": maxCases, "MaxCalls": maxCalls})
	if err != nil {
		return llm.Request{}, err
	}
	spec, err := a.spec(req.Spec)
	if err != nil {
		return llm.Request{}, err
	}
	var rules strings.Builder
	for i, name := range rulesOf(&req.Spec) {
		if len(req.Spec.Rules) > 0 {
			fmt.Fprintf(&rules, "%s: %s\n", name, req.Spec.Rules[i])
		} else {
			fmt.Fprintf(&rules, "%s: the command %q\n", name, req.Spec.Commands[i].Name)
		}
	}
	text, err := a.book.Fill("cases.md", map[string]any{"Spec": spec, "Rules": a.desk.Data("the rules by their names", rules.String())})
	if err != nil {
		return llm.Request{}, err
	}
	if room := a.room(llm.Tester); len(system)+len(text) > room {
		return llm.Request{}, qlp.Errorf(qlp.Invalid, "the Spec does not fit into the tester's window: it takes %d bytes of %d", len(system)+len(text), room).
			WithRemedy("give the role tester a model with a larger window, or divide the Spec")
	}
	return llm.Request{
		Role: llm.Tester, System: system, Messages: []llm.Message{{From: llm.User, Text: text}}, Schema: a.cases,
		MaxTokens: a.answerTokens(llm.Tester), Temperature: prompt.Zero(), Account: account(req),
	}, nil
}

// schemaOf emits the schema of an answer from its Go type.
func schemaOf(name string, v any) (*llm.Schema, error) {
	r := jsonschema.Reflector{Anonymous: true, ExpandedStruct: true}
	s := r.Reflect(v)
	s.Version, s.ID = "", ""
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode the schema of %s: %w", name, err)
	}
	return &llm.Schema{Name: name, JSON: b}, nil
}
