// Package policy is the last layer: rules, written in Rego and given as data, say which checks are required and what is
// not acceptable, over everything that the layers before it have found.
//
// It never changes the status of another check, never makes anything less strict by failing (rules that do not answer
// are an error, and then every check is required), and gives the rules no way to reach a network, a clock or the host's
// environment.
//
// Arrows: qlp; Open Policy Agent as a library.
package policy

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Name of the check.
const Name = "rules"

// evaluation bounds one evaluation.
const evaluation = 2 * time.Second

//go:embed default.rego
var defaultRules string

// Default returns the rules that come with QLP, to start one's own from.
func Default() string { return defaultRules }

// Rules are compiled rules. They are safe for concurrent use.
type Rules struct {
	query rego.PreparedEvalQuery
	text  qlp.Digest
}

// Load compiles the rules in the file at path, the default ones when path is "". Rules that do not compile are an
// invalid error that says where.
func Load(ctx context.Context, path string) (*Rules, error) {
	text, name := defaultRules, "default.rego"
	if path != "" {
		b, err := os.ReadFile(path) //nolint:gosec // the operator names the file in the settings
		if err != nil {
			return nil, qlp.Errorf(qlp.Invalid, "read the policy: %w", err).WithRemedy("check the setting of the policy file, or leave it empty for the default rules")
		}
		text, name = string(b), path
	}
	return Compile(ctx, name, text)
}

// Compile compiles rules; name is for error messages.
func Compile(ctx context.Context, name, text string) (*Rules, error) {
	query, err := rego.New(
		rego.Query("data.qlp.policy"),
		rego.Module(name, text),
		rego.Capabilities(capabilities()),
		rego.StrictBuiltinErrors(true),
	).PrepareForEval(ctx)
	if err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "compile the policy %s: %w", name, err).WithRemedy("mend the rules, or leave the setting empty for the default ones")
	}
	return &Rules{query: query, text: qlp.DigestOf([]byte(text))}, nil
}

// capabilities are the language's own, without what reaches out of it.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool {
		return b.Name == "http.send" || b.Name == "opa.runtime" || strings.HasPrefix(b.Name, "net.lookup") ||
			strings.HasPrefix(b.Name, "rand.") || strings.HasPrefix(b.Name, "uuid.") || b.Name == "time.now_ns"
	})
	c.AllowNet = []string{}
	return c
}

// answer is what the rules say.
type answer struct {
	required []string
	deny     []string
}

// Apply returns the checks with Required set, the required ones that nobody made added as not_run, and policy/rules last.
// It returns an error only when ctx is done.
func (r *Rules) Apply(ctx context.Context, spec qlp.Spec, stack qlp.Stack, checks []qlp.Check) ([]qlp.Check, error) {
	in := newInput(spec, stack, checks)
	ev := qlp.FromReading(qlp.DigestJSON(map[string]any{"rules": r.text, "input": in}))
	evalCtx, cancel := context.WithTimeout(ctx, evaluation)
	defer cancel()
	a, err := r.evaluate(evalCtx, in)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var self qlp.Check
	switch {
	case err != nil:
		self = qlp.Broken(qlp.LayerPolicy, Name, ev, err.Error())
		a.required = nil
	case len(a.deny) > 0:
		var found []qlp.Finding
		for _, d := range a.deny {
			found = append(found, qlp.Finding{Rule: "deny", Severity: "error", Message: d})
		}
		self = qlp.Fail(qlp.LayerPolicy, Name, ev, a.deny[0], found...)
	default:
		self = qlp.Pass(qlp.LayerPolicy, Name, ev)
	}
	out := append(slices.Clone(checks), self)
	if err != nil { // nobody knows what may be left out
		for i := range out {
			out[i].Required = true
		}
		return out, nil
	}
	return mark(out, a.required), nil
}

func (r *Rules) evaluate(ctx context.Context, in input) (answer, error) {
	results, err := r.query.Eval(ctx, rego.EvalInput(in))
	if err != nil {
		return answer{}, fmt.Errorf("evaluate the policy: %w", err)
	}
	if len(results) != 1 || len(results[0].Expressions) != 1 {
		return answer{}, errors.New("the policy has no package qlp.policy")
	}
	doc, ok := results[0].Expressions[0].Value.(map[string]any)
	if !ok {
		return answer{}, errors.New("the policy has no package qlp.policy")
	}
	var a answer
	if a.required, err = sentences(doc, "required"); err != nil {
		return answer{}, err
	}
	if a.deny, err = sentences(doc, "deny"); err != nil {
		return answer{}, err
	}
	if len(a.required) == 0 {
		return answer{}, errors.New("the policy requires nothing: the set required is empty")
	}
	return a, nil
}

// sentences reads a set of strings out of the rules' document; one that is not defined is an error.
func sentences(doc map[string]any, name string) ([]string, error) {
	list, ok := doc[name].([]any)
	if !ok {
		return nil, fmt.Errorf("the policy does not define the set %s", name)
	}
	out := make([]string, 0, len(list))
	for _, v := range list {
		s, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("the policy's set %s holds something that is not a string", name)
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return out, nil
}

// mark sets Required by the patterns, and adds what is required and not there.
func mark(checks []qlp.Check, required []string) []qlp.Check {
	for _, pattern := range required {
		layer, name, ok := strings.Cut(pattern, "/")
		hit := false
		for i := range checks {
			if ok && string(checks[i].Layer) == layer && (name == "*" || checks[i].Name == name) {
				checks[i].Required, hit = true, true
			}
		}
		if hit {
			continue
		}
		if name == "*" || name == "" {
			name = "any"
		}
		missing := qlp.Skip(qlp.Layer(layer), name, "the policy requires "+pattern+", and no such check was made")
		missing.Required = true
		checks = append(checks, missing)
	}
	return checks
}
