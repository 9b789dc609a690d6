package httpapi

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// handler answers a request for a path with these ids in it. An error becomes a problem.
type handler func(w http.ResponseWriter, r *http.Request, ids []int64) error

// router knows every path: every second part of a path is an id.
type router struct{ paths map[string]map[string]handler }

func newRouter() *router { return &router{paths: map[string]map[string]handler{}} }

// handle adds a route, such as "GET /books/{id}". What answers GET answers HEAD too.
func (rt *router) handle(route string, h handler) {
	method, path, _ := strings.Cut(route, " ")
	if rt.paths[path] == nil {
		rt.paths[path] = map[string]handler{}
	}
	rt.paths[path][method] = h
	if method == http.MethodGet {
		rt.paths[path][http.MethodHead] = h
	}
}

// serve finds the handler and runs it.
func (rt *router) serve(w http.ResponseWriter, r *http.Request) error {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	var given []string
	for i := 1; i < len(parts); i += 2 {
		given = append(given, parts[i])
		parts[i] = "{id}"
	}
	methods, ok := rt.paths["/"+strings.Join(parts, "/")]
	if !ok || slices.Contains(given, "") {
		return problemf(http.StatusNotFound, "there is no such path")
	}
	h, ok := methods[r.Method]
	if !ok {
		w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(methods)), ", "))
		return problemf(http.StatusMethodNotAllowed, "%s is not possible here", r.Method)
	}
	ids := make([]int64, len(given))
	for i, text := range given {
		if ids[i], ok = parseID(text); !ok {
			return problemf(http.StatusNotFound, "there is no such row")
		}
	}
	if err := checkContentType(r); err != nil {
		return err
	}
	return h(w, r, ids)
}

// parseID reads a positive integer as ids are written.
func parseID(s string) (int64, bool) {
	id, err := strconv.ParseInt(s, 10, 64)
	return id, err == nil && id > 0 && strconv.FormatInt(id, 10) == s
}
