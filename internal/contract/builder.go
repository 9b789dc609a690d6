package contract

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Groups of cases. The cases of one group share a service; those that count all rows of an entity need it without rows.
const (
	groupRows       = "rows"
	groupLists      = "lists"
	groupProperties = "properties"
)

// builder writes cases. It gives up a case, and says so through impossible, when the Spec leaves no way to reach what the
// case is about: no row of a parent can be created, say, because the Spec leaves that out.
type builder struct {
	spec       *qlp.Spec
	values     *Values
	seed       int64
	out        []qlp.Acceptance
	group      string
	dirty      map[string]bool // entities with rows of earlier cases of the group
	steps      []qlp.Step
	vars       int
	parents    map[string]row // rows that this case may refer to
	touched    []string       // entities of which this case has created rows
	created    []made         // those rows, in order
	impossible bool
}

// row is a row that a step of the case has created.
type row struct {
	id     string // a placeholder: {{id3}}
	values []given
}

// made is a row that the case has created.
type made struct {
	entity string
	row
}

// given is a field with the value that was sent for it.
type given struct {
	field qlp.Field
	Value
}

func newBuilder(spec *qlp.Spec, seed int64) *builder {
	b := &builder{spec: spec, seed: seed}
	b.enter(groupRows)
	return b
}

// enter begins a group: a service without rows.
func (b *builder) enter(group string) {
	b.group, b.values, b.dirty = group, NewValues(b.seed), map[string]bool{}
}

// add writes one case with the steps that write makes. A case that cannot be, is left out. When a unique field runs out
// of values, the case begins a new group.
func (b *builder) add(c qlp.Acceptance, write func(b *builder)) {
	b.attempt(write)
	if b.values.short {
		b.nextGroup()
		b.attempt(write)
	}
	if b.impossible || b.values.short || len(b.steps) == 0 {
		b.values.short = false
		return
	}
	c.Group, c.Steps = b.group, b.steps
	b.out = append(b.out, c)
	for _, name := range b.touched {
		b.dirty[name] = true
	}
}

// nextGroup begins another group of the same sort.
func (b *builder) nextGroup() {
	sort, number, _ := strings.Cut(b.group, "-")
	n, err := strconv.Atoi(number)
	if err != nil {
		n = 1
	}
	b.enter(fmt.Sprintf("%s-%d", sort, n+1))
}

func (b *builder) attempt(write func(b *builder)) {
	b.steps, b.vars, b.parents, b.touched, b.created, b.impossible = nil, 0, map[string]row{}, nil, nil, false
	write(b)
}

func (b *builder) step(s qlp.Step) { b.steps = append(b.steps, s) }

func (b *builder) newVar(prefix string) string {
	b.vars++
	return prefix + strconv.Itoa(b.vars)
}

// creatable reports whether a row of the entity can come to be.
func creatable(spec *qlp.Spec, name string) bool {
	e, ok := spec.Entity(name)
	if !ok || !spec.Allows(name, qlp.OpCreate) {
		return false
	}
	for _, f := range e.Fields {
		if f.Type == qlp.TypeRef && f.Required() && !creatable(spec, f.To) {
			return false
		}
	}
	return true
}

// target returns a row that a reference can point at, creating one where needed. A unique reference gets its own.
func (b *builder) target(f qlp.Field) row {
	if r, ok := b.parents[f.To]; ok && !f.Unique {
		return r
	}
	e, _ := b.spec.Entity(f.To)
	r := b.create(e, false)
	if n := len(b.steps); n > 0 && !b.impossible { // it is not what the case is about
		b.steps[n-1].Expect = qlp.Expect{Status: http.StatusCreated}
	}
	if !f.Unique {
		b.parents[f.To] = r
	}
	return r
}

// fill makes values for a row: of every field a caller may set when full, else of those that are required. What set
// holds is taken as it is.
func (b *builder) fill(e qlp.Entity, full bool, set ...given) []given {
	var out []given
	for _, f := range e.Fields {
		i := slices.IndexFunc(set, func(g given) bool { return g.field.Name == f.Name })
		switch {
		case i >= 0:
			out = append(out, set[i])
		case f.Auto || !f.Required() && !full:
		case f.Type != qlp.TypeRef:
			out = append(out, given{f, b.values.Fresh(e.Name, f)})
		case f.Required() || f.To != e.Name && creatable(b.spec, f.To):
			out = append(out, given{f, same(b.target(f).id)})
		}
	}
	return out
}

// create writes the step that creates a row, after those of the rows it needs.
func (b *builder) create(e qlp.Entity, full bool, set ...given) row {
	if !creatable(b.spec, e.Name) {
		b.impossible = true
		return row{id: "0"}
	}
	values := b.fill(e, full, set...)
	return b.post(e, values)
}

// post creates a row of these values and compares all of it.
func (b *builder) post(e qlp.Entity, values []given) row {
	name := b.newVar(e.Name)
	b.touched = append(b.touched, e.Name)
	expect := b.rowOf(e, "", values)
	expect.Status = http.StatusCreated
	expect.Headers = map[string]string{"Location": PathOf(e) + "/{{" + name + "}}"}
	b.step(qlp.Step{
		Method: http.MethodPost, Path: PathOf(e), Body: body(values),
		Save: map[string]string{name: "/id"}, Expect: expect,
	})
	r := row{id: "{{" + name + "}}", values: values}
	b.created = append(b.created, made{e.Name, r})
	return r
}

// cleared is the Want of a value that a change has taken away: no default takes its place.
const cleared = "cleared"

// rowOf expects a row at a pointer: every key, the given values, and what absent fields become.
func (b *builder) rowOf(e qlp.Entity, at string, values []given) qlp.Expect {
	x := qlp.Expect{Body: map[string]string{}, Match: map[string]string{}, Keys: map[string][]string{at: Keys(e)}}
	for _, f := range e.Fields {
		p := at + "/" + f.Key()
		i := slices.IndexFunc(values, func(g given) bool { return g.field.Name == f.Name })
		switch {
		case i >= 0 && values[i].Want == cleared:
			x.Body[p] = "null"
		case i >= 0 && values[i].Want != "null":
			x.Body[p] = values[i].Want
		case f.Auto && f.Type == qlp.TypeDate:
			x.Match[p] = `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`
		case f.Auto:
			x.Match[p] = moment
		case f.Default != nil:
			x.Body[p] = safe(defaultJSON(f))
		default:
			x.Body[p] = "null"
		}
	}
	return x
}

// get expects the row to be there with these values, where the Spec lets it be read.
func (b *builder) get(e qlp.Entity, r row) {
	if !b.spec.Allows(e.Name, qlp.OpGet) {
		return
	}
	expect := b.rowOf(e, "", r.values)
	expect.Status = http.StatusOK
	expect.Body["/id"] = r.id
	b.step(qlp.Step{Method: http.MethodGet, Path: at(e, r), Expect: expect})
}

// gone expects the row not to be there, where the Spec lets it be read.
func (b *builder) gone(e qlp.Entity, r row) {
	if b.spec.Allows(e.Name, qlp.OpGet) {
		b.status(http.MethodGet, at(e, r), http.StatusNotFound)
	}
}

// status writes a step without a body, of whose answer only the status matters.
func (b *builder) status(method, path string, status int) {
	b.step(qlp.Step{Method: method, Path: path, Expect: qlp.Expect{Status: status}})
}

// send writes a step with a JSON body and the errors that must come back.
func (b *builder) send(method, path, json string, status int, errors ...qlp.FieldError) {
	b.step(qlp.Step{Method: method, Path: path, Body: json, Expect: qlp.Expect{Status: status, Errors: errors}})
}

func at(e qlp.Entity, r row) string { return PathOf(e) + "/" + r.id }

// replace returns the values with those of set in place of theirs, or added.
func replace(values []given, set ...given) []given {
	out := slices.Clone(values)
	for _, g := range set {
		i := slices.IndexFunc(out, func(o given) bool { return o.field.Name == g.field.Name })
		if i >= 0 {
			out[i] = g
		} else {
			out = append(out, g)
		}
	}
	return out
}

// without returns the values but those of a field.
func without(values []given, f qlp.Field) []given {
	return slices.DeleteFunc(slices.Clone(values), func(g given) bool { return g.field.Name == f.Name })
}

// body writes the values as a JSON object; extra members follow as they stand.
func body(values []given, extra ...string) string {
	out := "{"
	for _, g := range values {
		out += comma(out) + text(g.field.Key()) + ":" + g.Sent
	}
	for _, x := range extra {
		out += comma(out) + x
	}
	return out + "}"
}

func comma(so string) string {
	if so == "{" {
		return ""
	}
	return ","
}
