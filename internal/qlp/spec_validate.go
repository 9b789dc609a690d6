package qlp

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Problem is one rule that a Spec breaks.
type Problem struct {
	Path    string `json:"path"`    // entities.book.fields.isbn.min
	Message string `json:"message"` // in words, safe to show
}

// String returns path and message.
func (p Problem) String() string { return p.Path + ": " + p.Message }

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

const maxNameChars = 50

// MaxSpecPage is the largest page size a Spec may ask for.
const MaxSpecPage = 1000

// problems gathers what is wrong while a Spec is walked.
type problems struct{ list []Problem }

func (p *problems) add(path, format string, args ...any) {
	p.list = append(p.list, Problem{Path: path, Message: fmt.Sprintf(format, args...)})
}

// name checks a snake_case name, and says whether it can stand.
func (p *problems) name(path, name string) bool {
	switch {
	case name == "":
		p.add(path, "a name is missing")
	case len(name) > maxNameChars:
		p.add(path, "%.60q is longer than %d characters", name, maxNameChars)
	case !namePattern.MatchString(name):
		p.add(path, "%q is not a snake_case name: lower-case letters, digits and single underscores, a letter first", name)
	default:
		return true
	}
	return false
}

// Validate returns every rule that the Spec breaks, in the order of the Spec; none means that it can be built. Whoever
// wrote the Spec (the grammar, a model, a person), nothing is planned before this returns nothing. Reserved words of
// programming languages are fine as names: generators cope with them.
func (s *Spec) Validate() []Problem {
	p := &problems{}
	if strings.TrimSpace(s.Title) == "" {
		p.add("title", "a title is missing")
	}
	if len(s.Title) > 200 || strings.ContainsFunc(s.Title, isControl) {
		p.add("title", "a title is one line of at most 200 bytes")
	}
	if !slices.Contains([]Kind{KindService, KindCLI, KindPipeline, KindSite, KindProject}, s.Kind) {
		p.add("kind", "%q is not a kind: service, cli, pipeline, site or project", s.Kind)
	}
	if s.Stack == "" {
		p.add("stack", "a stack is missing")
	}
	if s.Kind == KindService && len(s.Entities) == 0 {
		p.add("entities", "a service needs at least one entity")
	}
	if s.Auth != "" && s.Auth != AuthAPIKey {
		p.add("auth", "%q is not a kind of protection: %s, or none", s.Auth, AuthAPIKey)
	}
	if !slices.Contains([]string{"", StorageFile, StorageMemory, StorageSQLite}, s.Storage) {
		p.add("storage", "%q is not a kind of storage: %s, %s or %s", s.Storage, StorageFile, StorageMemory, StorageSQLite)
	}
	if s.PageSize < 0 || s.PageSize > MaxSpecPage {
		p.add("page_size", "%d is not a page size: 1 to %d", s.PageSize, MaxSpecPage)
	}
	for i, x := range s.Extras {
		if path := fmt.Sprintf("extras.%d", i); p.name(path, x) && slices.Contains(s.Extras[:i], x) {
			p.add(path, "%q is listed twice", x)
		}
	}
	s.validateEntities(p)
	s.validateLinks(p)
	s.validateLists(p)
	s.validateCycles(p)
	s.validateProgram(p)
	return p.list
}

// pathOf names an item by its name, or by its place when the name cannot stand.
func pathOf(list string, i int, name string) string {
	if len(name) > maxNameChars || !namePattern.MatchString(name) {
		return fmt.Sprintf("%s.%d", list, i)
	}
	return list + "." + name
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func (s *Spec) validateEntities(p *problems) {
	names, plurals := map[string]bool{}, map[string]string{}
	for i, e := range s.Entities {
		path := pathOf("entities", i, e.Name)
		p.name(path, e.Name)
		if names[e.Name] && e.Name != "" {
			p.add(path, "there are two entities of this name")
		}
		names[e.Name] = true
		if p.name(path+".plural", e.Plural) {
			if other, taken := plurals[e.Plural]; taken {
				p.add(path+".plural", "%q is the plural of %s too", e.Plural, other)
			}
			if e.Plural == "healthz" {
				p.add(path+".plural", "/healthz is where the service says that it is well")
			}
			plurals[e.Plural] = e.Name
		}
		if len(e.Fields) == 0 {
			p.add(path+".fields", "%s has no field", e.Name)
		}
		s.validateFields(p, path, e)
	}
}

func (s *Spec) validateFields(p *problems, path string, e Entity) {
	keys := map[string]string{"id": "the id that every row has"}
	for i, f := range e.Fields {
		at := pathOf(path+".fields", i, f.Name)
		p.name(at, f.Name)
		if other, taken := keys[f.Key()]; taken {
			p.add(at, "its JSON key %q is that of %s", f.Key(), other)
		}
		keys[f.Key()] = f.Name
		if f.Type == TypeRef {
			s.validateRef(p, at, f)
		} else {
			if f.To != "" {
				p.add(at+".to", "only a ref points at an entity")
			}
			if f.OnDelete != "" {
				p.add(at+".on_delete", "only a ref reacts to a deleted row")
			}
		}
		f.validate(p, at)
	}
}

func (s *Spec) validateRef(p *problems, at string, f Field) {
	if _, known := s.Entity(f.To); !known {
		p.add(at+".to", "%q is no entity of this Spec", f.To)
	}
	switch f.OnDelete {
	case "", Restrict, Cascade:
	case SetNull:
		if !f.Optional {
			p.add(at+".on_delete", "only an optional reference can be emptied")
		}
	default:
		p.add(at+".on_delete", "%q is not a reaction: restrict, cascade or set_null", f.OnDelete)
	}
}

func (s *Spec) validateLinks(p *problems) {
	seen := map[[2]string]bool{}
	for i, pair := range s.ManyToMany {
		path := fmt.Sprintf("many_to_many.%d", i)
		for _, name := range pair {
			if _, known := s.Entity(name); !known {
				p.add(path, "%q is no entity of this Spec", name)
			}
		}
		if pair[0] == pair[1] {
			p.add(path, "%s cannot be linked with itself", pair[0])
		}
		if seen[pair] || seen[[2]string{pair[1], pair[0]}] {
			p.add(path, "%s and %s are linked twice", pair[0], pair[1])
		}
		seen[pair] = true
	}
}

// validateLists checks what is said of entities by name: operations left out, search, filters.
func (s *Spec) validateLists(p *problems) {
	for _, name := range slices.Sorted(maps.Keys(s.Without)) {
		path, ops := "without."+name, s.Without[name]
		if _, known := s.Entity(name); !known {
			p.add(path, "%q is no entity of this Spec", name)
		}
		for i, op := range ops {
			if !slices.Contains(Operations(), op) {
				p.add(path, "%q is not an operation: create, list, get, update or delete", op)
			}
			if slices.Contains(ops[:i], op) {
				p.add(path, "%q is listed twice", op)
			}
		}
		if len(ops) >= len(Operations()) {
			p.add(path, "no operation is left")
		}
	}
	s.validateFieldLists(p, "search", s.Search, func(f Field) string {
		if slices.Contains([]FieldType{TypeString, TypeText, TypeEmail, TypeURL, TypeEnum}, f.Type) {
			return ""
		}
		return fmt.Sprintf("a %s cannot be searched for text", f.Type)
	})
	s.validateFieldLists(p, "filters", s.Filters, func(f Field) string {
		if slices.Contains([]string{"q", "page", "page_size"}, f.Key()) {
			return fmt.Sprintf("%q is a query parameter of every list", f.Key())
		}
		return ""
	})
}

func (s *Spec) validateFieldLists(p *problems, what string, lists map[string][]string, fits func(Field) string) {
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		path := what + "." + name
		e, known := s.Entity(name)
		if !known {
			p.add(path, "%q is no entity of this Spec", name)
			continue
		}
		for i, field := range lists[name] {
			f, known := e.Field(field)
			switch {
			case !known:
				p.add(path, "%s has no field %q", name, field)
			case slices.Contains(lists[name][:i], field):
				p.add(path, "%q is listed twice", field)
			default:
				if why := fits(f); why != "" {
					p.add(path, "%s.%s: %s", name, field, why)
				}
			}
		}
	}
}

// validateCycles finds entities that require one another: the first row of such a circle can never be created.
func (s *Spec) validateCycles(p *problems) {
	const entered, left = 1, 2
	state := map[string]int{}
	var visit func(name string, way []string)
	visit = func(name string, way []string) {
		way = append(slices.Clip(way), name)
		state[name] = entered
		e, _ := s.Entity(name)
		for _, f := range e.Fields {
			if f.Type != TypeRef || f.Optional {
				continue
			}
			switch state[f.To] {
			case entered:
				circle := append(slices.Clone(way[slices.Index(way, f.To):]), f.To)
				p.add("entities."+name+".fields."+f.Name, "no row can ever be created: %s", strings.Join(circle, " requires "))
			case left:
			default:
				visit(f.To, way)
			}
		}
		state[name] = left
	}
	for _, e := range s.Entities {
		if state[e.Name] == 0 {
			visit(e.Name, nil)
		}
	}
}
