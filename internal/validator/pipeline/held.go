package pipeline

import "github.com/quantumlayer/qlp/internal/qlp"

// held splits off what a build does not get to see: the acceptance cases of a program hold its answers, which a build could
// write into it.
func (v *validation) held() (seen, held []qlp.File) {
	if !v.s.Spec.Kind.Program() {
		return v.s.Files, nil
	}
	for _, f := range v.s.Files {
		if t, ok := v.s.Plan.OwnerOf(f.Path); ok && t.Frozen {
			held = append(held, f)
		} else {
			seen = append(seen, f)
		}
	}
	return seen, held
}
