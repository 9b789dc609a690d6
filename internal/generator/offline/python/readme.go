package python

import (
	"fmt"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// readmeView is what README.md is rendered from.
type readmeView struct {
	*project
	Summary   string
	Resources []readmeResource
	Calls     []string // shell lines that work in this order on an empty service
}

// readmeResource is one row of the table of paths.
type readmeResource struct{ Path, Methods, Fields string }

const base = "http://127.0.0.1:8080"

func newReadmeView(p *project) readmeView {
	v := readmeView{project: p, Summary: escapeMarkdown(plain(p.spec.Summary))}
	for _, e := range p.spec.Entities {
		v.Resources = append(v.Resources, readmeResources(p.spec, e)...)
	}
	for _, pair := range p.spec.ManyToMany {
		left, _ := p.spec.Entity(pair[0])
		right, _ := p.spec.Entity(pair[1])
		links := path(left.Plural) + "/{id}" + path(right.Plural)
		v.Resources = append(v.Resources,
			readmeResource{Path: links, Methods: "GET"},
			readmeResource{Path: links + "/{id}", Methods: "PUT, DELETE"},
			readmeResource{Path: path(right.Plural) + "/{id}" + path(left.Plural), Methods: "GET"})
	}
	v.Calls = readmeCalls(p)
	return v
}

func readmeResources(spec qlp.Spec, e qlp.Entity) []readmeResource {
	var many, one, fields []string
	for _, op := range qlp.Operations() {
		for _, h := range handlers[op] {
			switch {
			case !spec.Allows(e.Name, op):
			case h.one:
				one = append(one, h.method)
			default:
				many = append(many, h.method)
			}
		}
	}
	for _, f := range e.Fields {
		fields = append(fields, "`"+f.Key()+"`")
	}
	var out []readmeResource
	if len(many) > 0 {
		out = append(out, readmeResource{path(e.Plural), strings.Join(many, ", "), strings.Join(fields, ", ")})
	}
	if len(one) > 0 {
		out = append(out, readmeResource{path(e.Plural) + "/{id}", strings.Join(one, ", "), ""})
	}
	return out
}

// readmeCalls returns curl lines: one row of every entity that can be created, then one look at the rows. With less than
// everything allowed, it shows what is.
func readmeCalls(p *project) []string {
	key := ""
	if p.Auth {
		key = ` -H "X-API-Key: $API_KEY"`
	}
	calls := []string{"curl -sS " + base + "/healthz"}
	made := map[string]bool{}
	for _, e := range creatable(p.spec) {
		if !p.spec.Allows(e.Name, qlp.OpCreate) || refersToMissing(e, made) {
			continue
		}
		made[e.Name] = true
		calls = append(calls, fmt.Sprintf("curl -sS%s -H 'Content-Type: application/json' \\\n  -d %s %s%s",
			key, shellQuote(jsonObject(exampleBody(e))), base, path(e.Plural)))
	}
	for _, e := range p.spec.Entities {
		if p.spec.Allows(e.Name, qlp.OpList) {
			calls = append(calls, fmt.Sprintf("curl -sS%s '%s%s?page=1&page_size=10'", key, base, path(e.Plural)))
			break
		}
	}
	for _, pair := range p.spec.ManyToMany {
		left, _ := p.spec.Entity(pair[0])
		right, _ := p.spec.Entity(pair[1])
		if made[left.Name] && made[right.Name] {
			calls = append(calls, fmt.Sprintf("curl -sS%s -X PUT %s%s/1%s/1", key, base, path(left.Plural), path(right.Plural)))
		}
	}
	return calls
}

func refersToMissing(e qlp.Entity, made map[string]bool) bool {
	for _, f := range e.Fields {
		if f.Type == qlp.TypeRef && !f.Optional && !made[f.To] {
			return true
		}
	}
	return false
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// escapeMarkdown keeps words from being taken for markup.
func escapeMarkdown(s string) string {
	return strings.NewReplacer("<", "&lt;", "*", `\*`, "_", `\_`, "[", `\[`, "|", `\|`, "#", `\#`).Replace(s)
}
