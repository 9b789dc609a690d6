package python

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/contract"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// project is everything that the templates need to know of a Spec.
type project struct {
	spec    qlp.Spec
	openapi []byte

	Title         string // one line, as plain words
	DocTitle      string // the title within a docstring
	Slug          string // the name of the distribution and of the image
	MarkdownTitle string
	JSONSlug      string // the slug as a literal of HCL
	Searched      bool
	Auth          bool
	Memory        bool
}

// renderedFile is one file that comes of a template.
type renderedFile struct {
	path     string
	template string
	view     any
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

func newProject(spec qlp.Spec) (*project, error) {
	description, err := contract.OpenAPI(&spec)
	if err != nil {
		return nil, err
	}
	title := plain(spec.Title)
	if title == "" {
		title = "Service"
	}
	slug := strings.Trim(notSlug.ReplaceAllString(strings.ToLower(title), "-"), "-")
	if slug == "" || slug[0] >= '0' && slug[0] <= '9' {
		slug = strings.Trim("service-"+slug, "-")
	}
	slug = strings.Trim(slug[:min(len(slug), 30)], "-")
	return &project{
		spec: spec, openapi: description,
		Title: title, DocTitle: title, Slug: slug, JSONSlug: jsonText(slug),
		MarkdownTitle: escapeMarkdown(title), Searched: len(spec.Search) > 0,
		Auth: spec.Auth == qlp.AuthAPIKey, Memory: spec.Storage == qlp.StorageMemory,
	}, nil
}

// rendered lists the files that come of templates.
func (p *project) rendered() []renderedFile {
	files := []renderedFile{
		{"service/__init__.py", "service/__init__.py", p},
		{"service/config.py", "service/config.py", p},
		{"service/app.py", "service/app.py", p},
		{"service/domain/entities/__init__.py", "service/domain/entities/__init__.py", newEntitiesView(p.spec)},
		{"service/store/schema.sql", "service/store/schema.sql", newTables(p.spec)},
		{"service/web/routes.py", "service/web/routes.py", newRoutesView(p.spec)},
		{"tests/domain/examples.py", "tests/domain/examples.py", newExamplesView(p.spec)},
		{"tests/wiring/test_config.py", "tests/wiring/test_config.py", p},
		{"tests/wiring/test_process.py", "tests/wiring/test_process.py", p},
		{"pyproject.toml", "pyproject.toml", p},
		{"Makefile", "Makefile", p},
		{".gitignore", "gitignore", p},
		{".dockerignore", "dockerignore", p},
		{"Dockerfile", "Dockerfile", p},
		{"README.md", "README.md", newReadmeView(p)},
	}
	for _, e := range p.spec.Entities {
		files = append(files,
			renderedFile{"service/domain/entities/" + moduleName(e.Name) + ".py", "service/domain/entities/entity.py", newEntityView(p.spec, e)},
			renderedFile{"tests/domain/test_entity_" + e.Name + ".py", "tests/domain/test_entity.py", newRulesView(e)})
	}
	return append(files, p.extraFiles()...)
}

func (p *project) extraFiles() []renderedFile {
	var files []renderedFile
	wants := func(extra string) bool { return slices.Contains(p.spec.Extras, extra) }
	if wants(extraCompose) {
		files = append(files, renderedFile{"compose.yaml", "compose.yaml", p})
	}
	if wants(extraCI) {
		files = append(files, renderedFile{".github/workflows/ci.yml", "ci.yml", p})
	}
	return files
}

// jsonText writes v as JSON; v is made of strings, so it always can be.
func jsonText(v string) string {
	b, err := json.Marshal(v)
	if err != nil {
		return `""`
	}
	return string(b)
}
