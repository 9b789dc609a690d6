package golang

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"go/format"
	"io/fs"
	"slices"
	"strings"
	"text/template"

	"github.com/quantumlayer/qlp/internal/generator/offline/azure"
	"github.com/quantumlayer/qlp/internal/qlp"
)

//go:embed all:project
var sources embed.FS

// home is the import path of the folder project, which the copied files are compiled under here.
const home = "github.com/quantumlayer/qlp/internal/generator/offline/golang/project"

// rendered is one file that comes of a template.
type rendered struct {
	path     string
	template string
	view     any
}

// files returns the whole project, sorted by path.
func (p *project) files() ([]qlp.File, error) {
	out := []qlp.File{{Path: "openapi.json", Content: p.openAPI}}
	copied, err := p.copied()
	if err != nil {
		return nil, err
	}
	out = append(out, copied...)
	for _, r := range p.rendered() {
		f, err := render(r)
		if err != nil {
			return nil, fmt.Errorf("render %s: %w", r.path, err)
		}
		out = append(out, f)
	}
	if p.wants(extraAzure) {
		files, err := azure.Files(azure.View{JSONSlug: p.JSONSlug, Memory: p.Memory, Auth: p.Auth, Needs: "The journal needs the lock and the fsync"})
		if err != nil {
			return nil, err
		}
		out = append(out, files...)
	}
	slices.SortFunc(out, func(a, b qlp.File) int { return cmp.Compare(a.Path, b.Path) })
	return out, nil
}

// copied returns the files that are the same in every project, but for their import paths.
func (p *project) copied() ([]qlp.File, error) {
	var out []qlp.File
	err := fs.WalkDir(sources, "project", func(name string, d fs.DirEntry, err error) error {
		path := strings.TrimPrefix(name, "project/")
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || !p.needs(path) {
			return err
		}
		text, err := sources.ReadFile(name)
		if err != nil {
			return err
		}
		text = bytes.ReplaceAll(text, []byte(`"`+home+`/`), []byte(`"`+p.Module+`/`))
		out = append(out, qlp.File{Path: path, Content: text})
		return nil
	})
	return out, err
}

// needs reports whether the project has a use for a copied file.
func (p *project) needs(path string) bool {
	switch path {
	case "internal/httpapi/auth.go", "internal/httpapi/auth_test.go":
		return p.Auth
	case "internal/httpapi/links.go", "internal/httpapi/links_test.go":
		return len(p.Links) > 0
	case "internal/store/damage.go", "internal/store/disk.go", "internal/store/journal.go", "internal/store/load.go",
		"internal/store/platform_other.go", "internal/store/platform_unix.go", "internal/store/record.go", "internal/store/replay.go",
		"internal/store/snapshot.go", "internal/store/disk_test.go":
		return !p.Memory
	}
	return true
}

// rendered lists the files that come of templates.
func (p *project) rendered() []rendered {
	out := []rendered{
		{"go.mod", "go.mod", p},
		{"main.go", "main.go", p},
		{"main_test.go", "main_test.go", p},
		{"config.go", "config.go", p},
		{"Makefile", "Makefile", p},
		{".gitignore", "gitignore", p},
		{".dockerignore", "dockerignore", p},
		{"Dockerfile", "Dockerfile", p},
		{"README.md", "README.md", newReadme(p)},
		{"internal/store/schema.go", "internal/store/schema.go", p},
		{"internal/httpapi/routes.go", "internal/httpapi/routes.go", p},
		{"internal/httpapi/routes_test.go", "internal/httpapi/routes_test.go", p},
	}
	for _, e := range p.Entities {
		out = append(out,
			rendered{"internal/domain/" + e.File + ".go", "internal/domain/entity.go", e},
			rendered{"internal/domain/" + e.File + "_test.go", "internal/domain/entity_test.go", newTestView(e)})
	}
	if p.wants(extraCompose) {
		out = append(out, rendered{"compose.yaml", "compose.yaml", p})
	}
	if p.wants(extraCI) {
		out = append(out, rendered{".github/workflows/ci.yml", "ci.yml", p})
	}
	return out
}

// testView is an entity's unit test.
type testView struct {
	Type       string
	Good       string
	Edits      []editView
	UsesRepeat bool
}

func newTestView(e entityView) testView {
	good := exampleRow(e.entity, func(string) bool { return true })
	v := testView{Type: e.Type, Good: goText(wrapped(object(good))), Edits: editsOf(e.entity)}
	v.UsesRepeat = slices.ContainsFunc(v.Edits, func(x editView) bool { return strings.Contains(x.Value, "strings.Repeat(") && x.Value[0] == '`' })
	return v
}

func render(r rendered) (qlp.File, error) {
	text, err := sources.ReadFile("project/" + r.template + ".tmpl")
	if err != nil {
		return qlp.File{}, err
	}
	t, err := template.New(r.template).Option("missingkey=error").Parse(string(text))
	if err != nil {
		return qlp.File{}, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, r.view); err != nil {
		return qlp.File{}, err
	}
	content := b.Bytes()
	if strings.HasSuffix(r.path, ".go") {
		if content, err = format.Source(content); err != nil {
			return qlp.File{}, err
		}
	}
	return qlp.File{Path: r.path, Content: content}, nil
}
