package python

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// routesView is what service/web/routes.py is rendered from.
type routesView struct {
	Imports        []string
	Usual, Largest int
	All            string
	Groups         []routeGroup
}

// routeGroup is one function of routes.py: the routes of an entity or of a relation.
type routeGroup struct {
	Function string
	Variable string
	Resource string
	Routes   []string
}

// handlers are the routes of each operation: method, whether the path has an id, and the method of Resource.
var handlers = map[qlp.Operation][]struct {
	method  string
	one     bool
	handler string
}{
	qlp.OpCreate: {{"POST", false, "create"}},
	qlp.OpList:   {{"GET", false, "list"}},
	qlp.OpGet:    {{"GET", true, "get"}},
	qlp.OpUpdate: {{"PUT", true, "replace"}, {"PATCH", true, "change"}},
	qlp.OpDelete: {{"DELETE", true, "delete"}},
}

func newRoutesView(spec qlp.Spec) routesView {
	v := routesView{}
	v.Usual, v.Largest = spec.Page()
	for _, e := range spec.Entities {
		g := entityGroup(spec, e)
		if len(g.Routes) > 0 {
			v.Groups = append(v.Groups, g)
		}
	}
	for _, pair := range spec.ManyToMany {
		v.Groups = append(v.Groups, linkGroup(spec, pair))
	}
	calls := make([]expr, len(v.Groups))
	for i, g := range v.Groups {
		calls[i] = text("*" + g.Function + "(store)")
	}
	v.All = list(calls...).format(4, len("    return "))
	v.Imports = routesImports(spec)
	return v
}

func routesImports(spec qlp.Spec) []string {
	routed := slices.DeleteFunc(slices.Clone(spec.Entities), func(e qlp.Entity) bool { return len(entityGroup(spec, e).Routes) == 0 })
	modules := entityModules(routed)
	imports := []string{"from service.store.store import Store"}
	if len(spec.ManyToMany) > 0 {
		modules = slices.Insert(modules, 0, "from service.domain.entities import LINKS")
		imports = append(imports, "from service.web.linked import LinkResource")
	}
	imports = append(imports, "from service.web.query import PageSize")
	if len(routed) > 0 {
		imports = append(imports, "from service.web.resources import Resource")
	}
	return slices.Concat(modules, imports, []string{"from service.web.routing import Route"})
}

func entityGroup(spec qlp.Spec, e qlp.Entity) routeGroup {
	g := routeGroup{Function: "_" + e.Plural, Variable: "rows", Resource: "Resource(store, " + constantName(e.Name) + ", SIZES)"}
	for _, op := range qlp.Operations() {
		if !spec.Allows(e.Name, op) {
			continue
		}
		for _, h := range handlers[op] {
			at := path(e.Plural)
			if h.one {
				at += "/{id}"
			}
			g.Routes = append(g.Routes, routeLine(h.method, at, "rows."+h.handler))
		}
	}
	return g
}

func linkGroup(spec qlp.Spec, pair [2]string) routeGroup {
	left, _ := spec.Entity(pair[0])
	right, _ := spec.Entity(pair[1])
	links := path(left.Plural) + "/{id}" + path(right.Plural)
	return routeGroup{
		Function: "_" + left.Plural + "__" + right.Plural,
		Variable: "links",
		Resource: fmt.Sprintf("LinkResource(store, LINKS[%d], SIZES)", slices.Index(spec.ManyToMany, pair)),
		Routes: []string{
			routeLine("PUT", links+"/{id}", "links.add"),
			routeLine("DELETE", links+"/{id}", "links.remove"),
			routeLine("GET", links, "links.list_right"),
			routeLine("GET", path(right.Plural)+"/{id}"+path(left.Plural), "links.list_left"),
		},
	}
}

func routeLine(method, at, handler string) string {
	return call("Route", text(quote(method)), text(quote(at)), text(handler)).format(8, 8) + ","
}

// entitiesView is what service/domain/entities/__init__.py is rendered from.
type entitiesView struct {
	Imports  []string
	Entities string
	Links    string
}

func newEntitiesView(spec qlp.Spec) entitiesView {
	v := entitiesView{Imports: append(entityModules(spec.Entities), "from service.domain.entity import Entity, Link")}
	var names, links []expr
	for _, e := range spec.Entities {
		names = append(names, text(constantName(e.Name)))
	}
	for _, pair := range spec.ManyToMany {
		links = append(links, call("Link", text("left="+constantName(pair[0])), text("right="+constantName(pair[1]))))
	}
	v.Entities = tuple(names...).format(0, len("ENTITIES: tuple[Entity, ...] = "))
	v.Links = tuple(links...).format(0, len("LINKS: tuple[Link, ...] = "))
	return v
}

// entityModules returns the import of every entity, in ruff's order of the modules.
func entityModules(entities []qlp.Entity) []string {
	var lines []string
	for _, e := range entities {
		lines = append(lines, entityImport(e.Name))
	}
	slices.SortFunc(lines, naturalOrder)
	return lines
}

func entityImport(entity string) string {
	return importLine("service.domain.entities."+moduleName(entity), constantName(entity))
}

// naturalOrder compares import lines by their modules.
func naturalOrder(a, b string) int {
	return strings.Compare(strings.Fields(a)[1], strings.Fields(b)[1])
}

// importLine imports names, which are sorted, from a module.
func importLine(module string, names ...string) string {
	line := "from " + module + " import " + strings.Join(names, ", ")
	if len(line) <= width {
		return line
	}
	return "from " + module + " import (\n    " + strings.Join(names, ",\n    ") + ",\n)"
}
