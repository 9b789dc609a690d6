package python

import (
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// extras are the words that a Spec may ask for. The first five are part of every project.
var extras = []string{"dockerfile", "openapi", "readme", "makefile", "gitignore", extraCompose, extraCI, extraAzure}

const (
	extraCompose = "compose"
	extraCI      = "ci"
	extraAzure   = "terraform_azure"
)

// check refuses a Spec that this stack cannot build. Whether the Spec is sound in itself was asked before.
func check(spec qlp.Spec) error {
	if spec.Kind != qlp.KindService {
		return qlp.Errorf(qlp.Invalid, "the python stack builds services, not a %s", spec.Kind)
	}
	if len(spec.Entities) == 0 {
		return qlp.Errorf(qlp.Invalid, "the Spec has no entity")
	}
	for _, x := range spec.Extras {
		if !slices.Contains(extras, x) {
			return qlp.Errorf(qlp.Invalid, "the python stack has no extra %q", x).
				WithRemedy("choose from: %s", strings.Join(extras, ", "))
		}
	}
	if !slices.Contains([]string{"", qlp.StorageFile, qlp.StorageMemory, qlp.StorageSQLite}, spec.Storage) {
		return qlp.Errorf(qlp.Invalid, "the python stack has no storage %q", spec.Storage)
	}
	if spec.Auth != "" && spec.Auth != qlp.AuthAPIKey {
		return qlp.Errorf(qlp.Invalid, "the python stack has no protection %q", spec.Auth)
	}
	for _, e := range spec.Entities {
		if strings.HasPrefix(e.Plural, "sqlite_") {
			return qlp.Errorf(qlp.Invalid, "%s: names that begin with sqlite_ are the database's own", e.Plural)
		}
		if len(e.Fields) == 0 {
			return qlp.Errorf(qlp.Invalid, "%s has no field", e.Name)
		}
		for _, f := range e.Fields {
			if _, ok := fieldClasses[f.Type]; !ok {
				return qlp.Errorf(qlp.Invalid, "the python stack has no field type %q (%s.%s)", f.Type, e.Name, f.Name)
			}
			if _, ok := spec.Entity(f.To); f.Type == qlp.TypeRef && !ok {
				return qlp.Errorf(qlp.Invalid, "%s.%s refers to %q, which is no entity", e.Name, f.Name, f.To)
			}
		}
	}
	if possible := creatable(spec); len(possible) < len(spec.Entities) {
		for _, e := range spec.Entities {
			if !slices.ContainsFunc(possible, func(p qlp.Entity) bool { return p.Name == e.Name }) {
				return qlp.Errorf(qlp.Invalid, "no %s can ever be created: its required references go in a circle", e.Name)
			}
		}
	}
	return checkLinks(spec)
}

func checkLinks(spec qlp.Spec) error {
	for _, pair := range spec.ManyToMany {
		for _, name := range pair {
			if _, ok := spec.Entity(name); !ok {
				return qlp.Errorf(qlp.Invalid, "%s and %s cannot be linked: %s is no entity", pair[0], pair[1], name)
			}
		}
		if pair[0] == pair[1] {
			return qlp.Errorf(qlp.Invalid, "%s cannot be linked with itself: both of its lists would live at one path", pair[0])
		}
	}
	return nil
}
