// Package stack knows the targets that QLP builds for: one YAML file each, with its layout, its toolchain and its commands,
// and finds the toolchain on this machine.
//
// It never writes a project's files, never runs a project's code (it asks tools for their version and their folder, and
// nothing else), and holds no state: whoever calls Locate keeps the answer.
//
// Arrows: qlp and a YAML parser.
package stack

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/quantumlayer/qlp/internal/qlp"
)

//go:embed *.yaml
var files embed.FS

// All returns every stack that QLP knows, those that it generates first, each group in the order of the alphabet. Stacks
// that are not generated are known so that they can be refused by name.
func All() ([]qlp.Stack, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the stacks: %w", err)
	}
	var out []qlp.Stack
	for _, name := range names {
		b, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the stack %s: %w", name, err)
		}
		st, err := Parse(b)
		if err != nil {
			return nil, fmt.Errorf("read the stack %s: %w", name, err)
		}
		out = append(out, st)
	}
	slices.SortStableFunc(out, func(a, b qlp.Stack) int {
		if a.Generated != b.Generated {
			if a.Generated {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out, nil
}

// Find returns the stack of that name or alias, letters compared without case; one for programs by its own name only
// (program-go), because go is the stack for services. A stack that is known but cannot be built,
// and a name that is not known at all, are invalid, and the remedy lists those that can be built.
func Find(name string) (qlp.Stack, error) {
	all, err := All()
	if err != nil {
		return qlp.Stack{}, err
	}
	want := strings.ToLower(strings.TrimSpace(name))
	if st, err := findProgram(want); err == nil && st.Name == want {
		return st, nil
	}
	var generated []string
	var found *qlp.Stack
	for i, st := range all {
		if st.Generated {
			generated = append(generated, st.Name)
		}
		if st.Name == want || slices.Contains(st.Aliases, want) {
			found = &all[i]
		}
	}
	switch {
	case found == nil:
		return qlp.Stack{}, qlp.Errorf(qlp.Invalid, "there is no stack %.40q", name).
			WithRemedy("choose one of: %s", strings.Join(generated, ", "))
	case !found.Generated:
		return qlp.Stack{}, qlp.Errorf(qlp.Invalid, "the stack %s (%s) is known, but QLP does not build it yet", found.Name, found.Title).
			WithRemedy("choose one of: %s", strings.Join(generated, ", "))
	}
	return *found, nil
}

// Parse reads one stack. A key that does not exist, or a stack that cannot work, is an error.
func Parse(b []byte) (qlp.Stack, error) {
	var tree any
	if err := yaml.Load(b, &tree); err != nil {
		return qlp.Stack{}, qlp.Errorf(qlp.Invalid, "the stack is not valid: %w", err)
	}
	text, err := json.Marshal(tree) // the JSON names are the only names of the fields
	if err != nil {
		return qlp.Stack{}, qlp.Errorf(qlp.Invalid, "the stack is not valid: %w", err)
	}
	var st qlp.Stack
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&st); err != nil {
		return qlp.Stack{}, qlp.Errorf(qlp.Invalid, "the stack is not valid: %w", err)
	}
	if err := Validate(st); err != nil {
		return qlp.Stack{}, err
	}
	return st, nil
}
