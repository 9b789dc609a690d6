package fetcher

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/quantumlayer/qlp/internal/qlp"
)

//go:embed managers/*.yaml
var managers embed.FS

// Manager is a package manager, as data.
type Manager struct {
	Name     string            `json:"name"`
	Title    string            `json:"title"`
	When     []string          `json:"when"`           // files at the project's root; any of them calls for a fetch
	Locks    []string          `json:"locks"`          // files that pin what is fetched; written when they are missing
	Also     []string          `json:"also,omitempty"` // further files that decide what is fetched, by their paths
	Tools    []qlp.Tool        `json:"tools"`
	Sources  []Source          `json:"sources"`
	Env      map[string]string `json:"env,omitempty"` // of the commands
	Commands []qlp.Command     `json:"commands"`      // run in turn at the project's root, with the way out
	Keep     map[string]string `json:"keep"`          // folder below deps, beside the project → where later sandboxes see it
	Later    map[string]string `json:"later"`         // environment of later sandboxes
}

// Source asks a tool of this machine which registries it is configured to use.
type Source struct {
	Argv  []string `json:"argv"`            // prints addresses, between white space or commas
	Env   string   `json:"env,omitempty"`   // the variable that hands them on to the commands
	Index string   `json:"index,omitempty"` // the address is a cargo index, whose config.json names a second one under this key
}

// Managers returns every package manager, by name.
func Managers() ([]Manager, error) {
	names, err := fs.Glob(managers, "managers/*.yaml")
	if err != nil {
		return nil, err
	}
	out := make([]Manager, 0, len(names))
	for _, name := range names {
		b, err := managers.ReadFile(name)
		if err != nil {
			return nil, err
		}
		m, err := Parse(b)
		if err != nil {
			return nil, fmt.Errorf("package manager %s: %w", path.Base(name), err)
		}
		out = append(out, m)
	}
	return out, nil
}

// Parse reads one package manager. A key that does not exist, or one that could not work, is an error.
func Parse(b []byte) (Manager, error) {
	var tree any
	if err := yaml.Load(b, &tree); err != nil {
		return Manager{}, qlp.Errorf(qlp.Invalid, "it is not valid YAML: %w", err)
	}
	text, err := json.Marshal(tree)
	if err != nil {
		return Manager{}, qlp.Errorf(qlp.Invalid, "it is not valid: %w", err)
	}
	var m Manager
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&m); err != nil {
		return Manager{}, qlp.Errorf(qlp.Invalid, "it is not valid: %w", err)
	}
	return m, m.check()
}

func (m Manager) check() error {
	if m.Name == "" || m.Title == "" || len(m.When) == 0 || len(m.Tools) == 0 || len(m.Sources) == 0 || len(m.Commands) == 0 || len(m.Keep) == 0 {
		return qlp.Errorf(qlp.Invalid, "it needs a name, a title, when, tools, sources, commands and keep")
	}
	for from, at := range m.Keep {
		if err := qlp.CleanPath(from); err != nil {
			return err
		}
		if !path.IsAbs(at) || path.Clean(at) != at {
			return qlp.Errorf(qlp.Invalid, "%q is not an absolute path", at)
		}
	}
	return nil
}

// Wanted reports whether the project calls for the manager.
func (m Manager) Wanted(files []qlp.File) bool {
	return slices.ContainsFunc(files, func(f qlp.File) bool { return slices.Contains(m.When, f.Path) })
}

// asked returns what decides what is fetched: manifests and locks, in whatever folder of the project, sorted by path.
func (m Manager) asked(files []qlp.File) []qlp.File {
	var out []qlp.File
	for _, f := range files {
		if base := path.Base(f.Path); slices.Contains(m.When, base) || slices.Contains(m.Locks, base) || slices.Contains(m.Also, f.Path) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b qlp.File) int { return strings.Compare(a.Path, b.Path) })
	return out
}
