// Package grammar is the offline interpreter: it reads English by rule and turns what it has understood into a qlp.Spec.
//
// What it does: it cuts the words into tokens and clauses, reads statements with a closed vocabulary that is kept as data,
// gathers facts with the words they came from, and assembles, types and checks them. It reads everything twice: the second
// time it knows every thing that is described anywhere, so the order of sentences does not matter.
//
// What it never does: it never guesses. Words that carry a meaning and fit no rule become a question; what no generated
// service can do is refused by name; what was taken as usual is listed as an assumption. Its time is bounded by the length
// of the words.
//
// Arrows: interpreter (its room), inflect, qlp.
package grammar

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Grammar is the offline interpreter. Safe for concurrent use.
type Grammar struct{ v *vocabulary }

// New compiles the vocabulary, which takes a few milliseconds: make one and keep it.
func New() *Grammar { return &Grammar{v: compile()} }

var _ interpreter.Interpreter = (*Grammar)(nil)

// Interpret implements interpreter.Interpreter.
func (g *Grammar) Interpret(ctx context.Context, words string, opts interpreter.Options) (interpreter.Result, error) {
	if err := qlp.CheckWords(words); err != nil {
		return interpreter.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return interpreter.Result{}, fmt.Errorf("interpret intent: %w", err)
	}
	return g.interpret(words, opts), nil
}

func (g *Grammar) interpret(words string, opts interpreter.Options) interpreter.Result {
	v := *g.v
	v.words = g.v.words.Remembering()
	g = &Grammar{v: &v}
	tokens := lex(words)
	if at, ok := injection(tokens); ok {
		return refuse(interpreter.NeedsNotSoftware, "%q is addressed to the machine and describes no software", words[at.start:at.end])
	}
	if !isEnglish(words, tokens) {
		return refuse(interpreter.NeedsEnglishOrModel, "the offline grammar reads English; say it in English, or use a model")
	}
	kind := classify(tokens)
	if kind == nothing {
		if !isSoftware(tokens) {
			return refuse(interpreter.NeedsNotSoftware, "the words do not ask for software; say what to build, for example a REST API with its things and their fields")
		}
		kind = software
	}
	facts := g.facts(words, tokens)
	if result, done := outright(kind, words, tokens, facts); done {
		return result
	}
	d := assemble(words, facts)
	if feature, at := g.feature(d); feature != "" {
		r := refuse(interpreter.NeedsModel, "QLP builds REST services that keep records offline; %s (%q) needs a model, or can be left out", feature, clip(d.words(at)))
		r.Unparsed = d.unparsed()
		return r
	}
	b := &builder{draft: d, v: g.v, opts: opts}
	b.build()
	b.check()
	result := interpreter.Result{Outcome: interpreter.Understood, Spec: &b.spec, Unparsed: d.unparsed()}
	if len(b.questions) > 0 {
		result.Outcome, result.Questions = interpreter.Asked, sorted(b.questions)
		b.spec.Questions = result.Questions
		if len(b.entities) == 0 {
			result.Spec = nil
		}
	}
	return result
}

func sorted(questions []qlp.Question) []qlp.Question {
	slices.SortStableFunc(questions, func(a, b qlp.Question) int { return a.Start - b.Start })
	return questions
}

func refuse(needs, format string, args ...any) interpreter.Result {
	return interpreter.Result{Outcome: interpreter.Refused, Needs: needs, Reason: fmt.Sprintf(format, args...)}
}

// facts reads all clauses twice: first to learn which things are described, then with that knowledge.
func (g *Grammar) facts(words string, tokens []token) []fact {
	var facts []fact
	known, domains := map[string]bool{}, map[string]bool{}
	list := clauses(tokens)
	for range 2 {
		p := &parser{v: g.v, text: words, known: known, domains: domains}
		for i, c := range list {
			p.read(c, i)
		}
		facts = p.facts
		known = map[string]bool{}
		for _, f := range facts {
			if f.kind == entityFact {
				known[f.entity] = true
			}
			if f.isDomain() {
				domains[f.entity] = true
			}
		}
	}
	return facts
}

// outright decides what needs no Spec: other kinds of software, foreign languages, a kind that is not clear.
func outright(kind request, words string, tokens []token, facts []fact) (interpreter.Result, bool) {
	for _, f := range facts {
		if f.kind == foreignFact {
			return refuse(interpreter.NeedsModel, "offline there are Go and Python without a framework; %s needs a model", f.val), true
		}
	}
	for _, t := range tokens {
		if t.kind == word && kind != service && (platforms[t.low] || foreignStacksHas(t.low)) {
			return refuse(interpreter.NeedsModel, "offline there are services in Go and Python; %s needs a model", words[t.at.start:t.at.end]), true
		}
	}
	switch kind {
	case cli:
		return refuse(interpreter.NeedsModel, "QLP builds REST services offline for now; a command-line tool needs a model"), true
	case site:
		return refuse(interpreter.NeedsModel, "QLP builds REST services offline for now; a website needs a model"), true
	case software:
		return refuse(interpreter.NeedsModel, "QLP builds REST services offline; this kind of software needs a model"), true
	case pipeline:
		if at, ok := columnsMissing(tokens); ok {
			return interpreter.Result{Outcome: interpreter.Asked, Questions: []qlp.Question{{
				About: "columns", Text: "Which columns does the file have, and of which types?", Options: []string{"columns date, amount decimal, category"}, Start: at.start, End: at.end,
			}}}, true
		}
		return refuse(interpreter.NeedsModel, "QLP builds REST services offline for now; a script over files needs a model"), true
	case unclear:
		at := span{}
		for _, t := range tokens {
			if t.kind == word && unclearWords[t.low] {
				at = t.at
				break
			}
		}
		return interpreter.Result{Outcome: interpreter.Asked, Questions: []qlp.Question{{
			About: "kind", Text: "What kind of software should it be?", Options: []string{"a REST API", "a command-line tool", "a website"}, Start: at.start, End: at.end,
		}}}, true
	}
	return interpreter.Result{}, false
}

func foreignStacksHas(low string) bool {
	_, ok := foreignStacks[low]
	return ok && low != "r" && low != "unity" && low != "echo"
}

// columnsMissing reports whether a file is named whose columns the words do not give.
func columnsMissing(tokens []token) (span, bool) {
	file, listed := span{}, false
	for i, t := range tokens {
		if t.kind == word && isDataFile(tokens, i) && file == (span{}) {
			file = t.at
		}
		listed = listed || t.kind == word && (fieldWords[t.low] || typeWords[t.low] && t.low != "date" && t.low != "number") || t.kind == mark && t.low == "("
	}
	return file, file != (span{}) && !listed
}

// feature finds, in what was not understood, something that no generated service can do.
func (g *Grammar) feature(d *draft) (string, span) {
	for _, l := range d.left {
		tokens := lex(d.text[l.at.start:l.at.end])
		p := &parser{v: g.v, text: d.text[l.at.start:l.at.end], t: tokens}
		for i := range tokens {
			if plain, foreign := foreignStacks[tokens[i].low]; foreign && tokens[i].kind == word && (!plain || p.is(i-1, "using", "with", "in", "on", "via")) {
				return "the use of " + p.source(tokens[i].at), l.at
			}
			if m, ok := p.longest(g.v.features, i, len(tokens)); ok {
				return m.tag, l.at
			}
		}
	}
	for _, e := range d.entities {
		for _, f := range e.fields {
			for _, part := range strings.Split(f.name, "_") {
				if plain, foreign := foreignStacks[part]; foreign && !plain && !platforms[part] {
					return "the use of " + part, f.at
				}
				if hard := hardFeatures[part]; hard != "" {
					return hard, f.at
				}
			}
		}
	}
	return "", span{}
}

// hardFeatures are words that are never the name of a field.
var hardFeatures = map[string]string{
	"stripe": "payments", "paypal": "payments", "oauth": "log-in and users' rights", "oauth2": "log-in and users' rights", "jwt": "log-in and users' rights",
	"websocket": "live updates", "websockets": "live updates", "graphql": "GraphQL", "grpc": "gRPC", "soap": "SOAP", "realtime": "live updates", "streaming": "live updates", "serverless": "hosting elsewhere",
	"aws": "hosting elsewhere", "lambda": "hosting elsewhere", "gcp": "hosting elsewhere", "kubernetes": "hosting elsewhere", "k8s": "hosting elsewhere", "heroku": "hosting elsewhere",
	"frontend": "a user interface", "react": "a user interface", "angular": "a user interface", "dashboard": "a user interface", "ui": "a user interface",
	"authentication": "log-in and users' rights", "authorization": "log-in and users' rights", "rbac": "log-in and users' rights", "sso": "log-in and users' rights",
	"sorting": "sorting", "caching": "caching and rate limits", "webhook": "calls to other systems", "webhooks": "calls to other systems",
	"multi": "tenants", "multitenant": "tenants", "kafka": "background jobs", "rabbitmq": "background jobs",
}
