package golang

import (
	"net/http"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/contract"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// readme is what the README tells.
type readme struct {
	*project
	Heading   string
	About     string
	Commands  []string
	Resources []resourceLine
}

// resourceLine is one row of the table of paths.
type resourceLine struct{ Path, Methods, Fields string }

func newReadme(p *project) readme {
	r := readme{project: p, Heading: markdown(p.Title), About: markdown(p.Summary)}
	for _, c := range p.Calls {
		if c.readme {
			r.Commands = append(r.Commands, c.curl(p.Auth))
		}
	}
	var paths []string
	for _, route := range contract.Routes(&p.spec) {
		if !slices.Contains(paths, route.Path) {
			paths = append(paths, route.Path)
			r.Resources = append(r.Resources, resourceLine{
				Path: route.Path, Methods: strings.Join(contract.Methods(&p.spec, route.Path), ", "), Fields: p.fieldsOf(route),
			})
		}
	}
	return r
}

// fieldsOf names the fields of what a path makes, where it makes something.
func (p *project) fieldsOf(route contract.Route) string {
	if route.Method != http.MethodPost {
		return ""
	}
	e, _ := p.spec.Entity(route.Entity)
	var out []string
	for _, f := range e.Fields {
		out = append(out, "`"+f.Key()+"` "+kindWords(f))
	}
	return strings.Join(out, ", ")
}

func kindWords(f qlp.Field) string {
	text := string(f.Type)
	if f.Type == qlp.TypeRef {
		text = "id of a " + words(f.To)
	}
	switch {
	case f.Auto:
		text += ", automatic"
	case f.Optional:
		text += ", optional"
	}
	if f.Unique {
		text += ", unique"
	}
	return "(" + text + ")"
}
