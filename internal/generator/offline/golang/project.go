package golang

import (
	"net/http"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/contract"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// project is everything that the templates need to know of a Spec.
type project struct {
	spec    qlp.Spec
	openAPI []byte

	Title    string // one line, as plain words
	Summary  string
	Slug     string
	JSONSlug string // the slug as a literal of HCL
	Module   string
	Auth     bool
	Memory   bool
	Filtered bool // some list has a filter with a kind of value
	Searched bool
	PageSize int
	Entities []entityView
	Links    []linkView
	Calls    []call
	Examples []exampleView

	MaxPageSize int
}

// exampleView is the row that the routes' test makes of one entity.
type exampleView struct{ Name, Text string }

// linkView is a many-to-many relation as the templates see it.
type linkView struct {
	Name                  string // student+course: no entity can have it
	Rows                  string // StudentCourses, in the store
	Left, Right           string
	LeftWords, RightWords string
	LeftLocal, RightLocal string
	One                   string // /students/{id}/courses/{id}
	FromLeft, FromRight   string // /students/{id}/courses, /courses/{id}/students
}

func newProject(spec qlp.Spec) (*project, error) {
	openAPI, err := contract.OpenAPI(&spec)
	if err != nil {
		return nil, err
	}
	title := plain(spec.Title)
	slug := slugOf(title)
	size, largest := spec.Page()
	p := &project{
		spec: spec, openAPI: openAPI, Title: title, Summary: plain(spec.Summary),
		Slug: slug, JSONSlug: jsonText(slug), Module: "example.com/" + slug,
		Auth: spec.Auth == qlp.AuthAPIKey, Memory: spec.Storage == qlp.StorageMemory,
		PageSize: size, MaxPageSize: largest, Calls: callsOf(&spec),
	}
	p.addEntities()
	p.addLinks()
	p.nameExamples()
	return p, nil
}

func (p *project) addEntities() {
	types, rows := newNames(), newNames("Close")
	locals := newNames("rows", "rt", "openAPI", "apiKey", "log", "http", "slog", "domain", "field", "store", "link", "unlink", "keyed", "everyone", "server", "newRouter")
	funcs, files := newNames(), newNames("doc", "helper")
	for _, e := range p.spec.Entities {
		v := entityView{
			Module: p.Module, Memory: p.Memory, Entity: e.Name, entity: e,
			Type: types.take(exported(e.Name), "Row"), Rows: rows.take(exported(e.Plural), "Rows"),
			Local: locals.take(unexported(e.Plural), "Rows"), Func: funcs.take(unexported(e.Name) + "Resource"),
			File: files.fileName(e.Name), Path: contract.PathOf(e), PluralWords: words(e.Plural),
			Fields: newEntityFields(e),
		}
		v.Receiver = e.Name[:1]
		v.Routes = routesOf(&p.spec, e, v.Local)
		filters := p.spec.FilterFields(e.Name)
		for _, f := range v.Fields {
			if slices.ContainsFunc(filters, func(g qlp.Field) bool { return g.Name == f.Field.Name }) {
				v.Filters = append(v.Filters, f)
				p.Filtered = p.Filtered || f.Type != qlp.TypeRef
			}
			if slices.Contains(p.spec.Search[e.Name], f.Field.Name) {
				v.Search = append(v.Search, f)
				p.Searched = true
			}
		}
		p.Entities = append(p.Entities, v)
	}
}

// nameExamples gives the row that each entity is tested with a name.
func (p *project) nameExamples() {
	for i, c := range p.Calls {
		if c.row == "" {
			continue
		}
		name := "example" + p.view(c.row).Type
		p.Calls[i].row = name
		if c.status == http.StatusCreated {
			p.Examples = append(p.Examples, exampleView{name, goText(wrapped(c.body))})
		}
	}
}

func (p *project) view(name string) entityView {
	i := slices.IndexFunc(p.Entities, func(e entityView) bool { return e.Entity == name })
	return p.Entities[i]
}

func (p *project) addLinks() {
	scope := newNames("Close")
	for _, e := range p.Entities {
		scope.take(e.Rows)
	}
	for _, pair := range p.spec.ManyToMany {
		left, right := p.view(pair[0]), p.view(pair[1])
		p.Links = append(p.Links, linkView{
			Name: pair[0] + "+" + pair[1], Rows: scope.take(exported(pair[0])+exported(right.entity.Plural), "Links"),
			Left: pair[0], Right: pair[1], LeftWords: left.PluralWords, RightWords: right.PluralWords,
			LeftLocal: left.Local, RightLocal: right.Local,
			One:      left.Path + "/{id}" + right.Path + "/{id}",
			FromLeft: left.Path + "/{id}" + right.Path, FromRight: right.Path + "/{id}" + left.Path,
		})
	}
}

// StoreUses reports whether the schema names a type of the package: it does for unique values.
func (p *project) StoreUses(pkg string) bool {
	return slices.ContainsFunc(p.Entities, func(e entityView) bool {
		return slices.ContainsFunc(e.Fields, func(f fieldView) bool { return f.Unique && strings.HasPrefix(goType(f.Type), pkg+".") })
	})
}

// RoutesUseTime reports whether some list can be narrowed by a point in time.
func (p *project) RoutesUseTime() bool {
	return slices.ContainsFunc(p.Entities, func(e entityView) bool {
		return slices.ContainsFunc(e.Filters, func(f fieldView) bool { return f.Type == qlp.TypeDatetime })
	})
}

// Comment returns text for a line comment of Go.
func (p *project) Comment(text string) string { return plain(text) }

func (p *project) wants(extra string) bool { return slices.Contains(p.spec.Extras, extra) }
