package golang

import (
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// The extras that make a file of their own. The others are part of every project.
const (
	extraCompose = "compose"
	extraCI      = "ci"
	extraAzure   = "terraform_azure"
)

func extras() []string {
	return []string{"dockerfile", "openapi", "readme", "makefile", "gitignore", extraCompose, extraCI, extraAzure}
}

// check refuses a Spec that this stack cannot build.
func check(spec qlp.Spec) error {
	if spec.Kind != qlp.KindService {
		return qlp.Errorf(qlp.Invalid, "the go stack builds services, not a %.40s", spec.Kind)
	}
	for _, x := range spec.Extras {
		if !slices.Contains(extras(), x) {
			return qlp.Errorf(qlp.Invalid, "the go stack has no extra %.60q", x).
				WithRemedy("choose from: %s", strings.Join(extras(), ", "))
		}
	}
	if !slices.Contains([]string{"", qlp.StorageFile, qlp.StorageMemory}, spec.Storage) {
		return qlp.Errorf(qlp.Invalid, "the go stack has no storage %.40q", spec.Storage).
			WithRemedy("choose from: %s (a journal on disk), %s; or another stack", qlp.StorageFile, qlp.StorageMemory)
	}
	if problems := spec.Validate(); len(problems) > 0 {
		return qlp.Errorf(qlp.Invalid, "the Spec cannot be built: %s", problems[0])
	}
	return nil
}
