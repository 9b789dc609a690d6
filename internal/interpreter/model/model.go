// Package model is the interpreter that asks a model: words that the offline grammar does not cover become the same Spec.
//
// It never follows the words, never passes on half a Spec, and never takes a model's word for where a fact comes from: a
// quote that does not stand in the words is no source, and a fact without one is listed as an assumption.
//
// Arrows: interpreter (its room) and its specfile, which reads the Spec strictly; llm; qlp.
package model

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/interpreter/specfile"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/prompt"
	"github.com/quantumlayer/qlp/internal/qlp"
)

//go:embed prompts/*.md
var prompts embed.FS

// Stack is a target that a Spec may name.
type Stack struct {
	Name  string // go
	Title string // Go (net/http)
	Kinds []qlp.Kind
}

// Config are the interpreter's settings. The zero Config works.
type Config struct {
	MaxTokens int     // of an answer; 0: 12000, which a Spec of some hundred fields takes
	Stacks    []Stack // that may be named; none: any name is left to the planner
}

const (
	defaultMaxTokens = 12_000
	maxQuestions     = 8
	maxRules         = 60
)

// Interpreter asks the role interpreter. It is safe for concurrent use.
type Interpreter struct {
	desk   prompt.Desk
	config Config
	book   prompt.Book
	schema *llm.Schema
}

var _ interpreter.Interpreter = (*Interpreter)(nil)

// New returns an interpreter that asks client. Secrets in the words are taken out by redactor before they are sent.
func New(client llm.Client, redactor prompt.Redactor, config Config) (*Interpreter, error) {
	if config.MaxTokens == 0 {
		config.MaxTokens = defaultMaxTokens
	}
	book, err := prompt.Load(prompts)
	if err != nil {
		return nil, err
	}
	schema, err := Schema()
	if err != nil {
		return nil, err
	}
	return &Interpreter{desk: prompt.Desk{Client: client, Redactor: redactor}, config: config, book: book, schema: schema}, nil
}

// Interpret implements interpreter.Interpreter. An answer that is still no good after its faults were told twice is an
// invalid error.
func (i *Interpreter) Interpret(ctx context.Context, words string, opts interpreter.Options) (interpreter.Result, error) {
	if err := qlp.CheckWords(words); err != nil {
		return interpreter.Result{}, err
	}
	req, err := i.request(words, opts)
	if err != nil {
		return interpreter.Result{}, err
	}
	var result interpreter.Result
	_, err = i.desk.Ask(ctx, req, prompt.Feedback, opts.Progress, func(text string) error {
		var err error
		result, err = i.read(text, words, opts)
		return err
	})
	if err != nil {
		return interpreter.Result{}, fmt.Errorf("interpret intent: %w", err)
	}
	return result, nil
}

func (i *Interpreter) request(words string, opts interpreter.Options) (llm.Request, error) {
	system, err := i.book.Fill("system.md", map[string]any{
		"DataRule": prompt.DataRule, "Stacks": i.stacks(opts), "MaxQuestions": maxQuestions, "MaxRules": maxRules,
	})
	if err != nil {
		return llm.Request{}, err
	}
	asked, err := i.book.Fill("intent.md", map[string]any{"Stack": prompt.Visible(opts.Stack), "Intent": i.desk.Data("intent", words)})
	if err != nil {
		return llm.Request{}, err
	}
	return llm.Request{
		Role: llm.Interpreter, System: system, Messages: []llm.Message{{From: llm.User, Text: asked}}, Schema: i.schema,
		MaxTokens: i.config.MaxTokens, Temperature: prompt.Zero(), Account: llm.Account{IntentID: opts.Intent, Caps: opts.Caps},
	}, nil
}

// stacks says in words which stacks there are.
func (i *Interpreter) stacks(opts interpreter.Options) string {
	usual := "where the words name none, take " + fallback(opts) + " and list that as an assumption."
	if len(i.config.Stacks) == 0 {
		return "the language or platform that the words name, in lower case; " + usual
	}
	var names []string
	for _, s := range i.config.Stacks {
		name := s.Name + " (" + s.Title + ")"
		if len(s.Kinds) > 0 {
			var kinds []string
			for _, k := range s.Kinds {
				kinds = append(kinds, string(k))
			}
			name += " for " + strings.Join(kinds, ", ")
		}
		names = append(names, name)
	}
	return strings.Join(names, "; ") + ". Where the words name none, take " + fallback(opts) + " and list that as an assumption."
}

func fallback(opts interpreter.Options) string {
	if opts.DefaultStack != "" {
		return opts.DefaultStack
	}
	return "go"
}

// Schema is the form of an answer, emitted from the Go types. What a model may not write is not in it.
func Schema() (*llm.Schema, error) {
	s := specfile.Reflect(&answer{})
	s.Version, s.ID = "", ""
	spec := s.Definitions["Spec"]
	if spec == nil {
		return nil, qlp.Errorf(qlp.Internal, "the schema of an answer has no Spec")
	}
	for _, key := range notTheirs() {
		spec.Properties.Delete(key)
	}
	for _, unused := range []string{"Acceptance", "Step", "Expect", "FieldError", "ProgramCall", "ProgramExpect", "Question", "Source"} {
		delete(s.Definitions, unused)
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode the schema of an answer: %w", err)
	}
	return &llm.Schema{Name: "interpretation", JSON: b}, nil
}

// notTheirs are the keys of a Spec that an interpreter does not write: the tests come from another role, the rest from here.
func notTheirs() []string { return []string{"acceptance", "questions", "sources"} }
