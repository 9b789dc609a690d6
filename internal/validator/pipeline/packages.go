package pipeline

import (
	"context"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator/record"
)

// packagesName is the name of the check that says whether all that the project names could be fetched.
const packagesName = "packages"

// packages fetches what the project names. The reason says why it cannot be built, "" that it can. Packages that are not to
// be had are no fault that the project was shown to have: nobody knows what it does with them.
func (v *validation) packages(ctx context.Context) (string, error) {
	if len(v.s.Stack.Packages) == 0 {
		return "", nil
	}
	if v.p.cfg.Packages == nil {
		const reason = "this machine fetches no packages"
		v.set(placePackages, []qlp.Check{qlp.Skip(qlp.LayerBuild, packagesName, reason)})
		return reason, nil
	}
	got, err := v.p.cfg.Packages.Fetch(ctx, v.s.Stack, v.s.Files)
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		return "", err
	}
	v.supplies = got
	if got.Missing != "" {
		v.set(placePackages, []qlp.Check{qlp.Skip(qlp.LayerBuild, packagesName, got.Missing)})
		return "its packages could not be fetched", nil
	}
	if len(got.Reports) == 0 { // it names none
		return "", nil
	}
	v.s.Files = with(v.s.Files, got.Added)
	v.set(placePackages, []qlp.Check{qlp.Pass(qlp.LayerBuild, packagesName, record.Reading(got.Reports))})
	return "", nil
}

// with returns the project with files added or put in the place of others, sorted by path.
func with(files, added []qlp.File) []qlp.File {
	out := slices.Clone(files)
	for _, f := range added {
		at, found := slices.BinarySearchFunc(out, f.Path, func(g qlp.File, path string) int { return strings.Compare(g.Path, path) })
		if found {
			out[at] = f
		} else {
			out = slices.Insert(out, at, f)
		}
	}
	return out
}
