package policy

import "github.com/quantumlayer/qlp/internal/qlp"

// input is what the rules see. Its names are a contract with the operators' files.
type input struct {
	Spec   specInput    `json:"spec"`
	Stack  stackInput   `json:"stack"`
	Checks []checkInput `json:"checks"`
}

type specInput struct {
	Title    string   `json:"title"`
	Kind     string   `json:"kind"`
	Stack    string   `json:"stack"`
	Auth     string   `json:"auth"`
	Storage  string   `json:"storage"`
	Extras   []string `json:"extras"`
	Entities []string `json:"entities"`
}

type stackInput struct {
	Name     string `json:"name"`
	Language string `json:"language"`
}

type checkInput struct {
	Key      string        `json:"key"`
	Layer    string        `json:"layer"`
	Name     string        `json:"name"`
	Status   string        `json:"status"`
	Reason   string        `json:"reason"`
	Counts   *qlp.Counts   `json:"counts,omitempty"`
	Findings []qlp.Finding `json:"findings"`
}

func newInput(spec qlp.Spec, stack qlp.Stack, checks []qlp.Check) input {
	in := input{
		Spec: specInput{
			Title: spec.Title, Kind: string(spec.Kind), Stack: spec.Stack, Auth: spec.Auth, Storage: spec.Storage,
			Extras: append([]string{}, spec.Extras...), Entities: []string{},
		},
		Stack:  stackInput{Name: stack.Name, Language: stack.Language},
		Checks: []checkInput{},
	}
	for _, e := range spec.Entities {
		in.Spec.Entities = append(in.Spec.Entities, e.Name)
	}
	for _, c := range checks {
		in.Checks = append(in.Checks, checkInput{
			Key: c.Key(), Layer: string(c.Layer), Name: c.Name, Status: string(c.Status()), Reason: c.Reason,
			Counts: c.Counts, Findings: append([]qlp.Finding{}, c.Findings...),
		})
	}
	return in
}
