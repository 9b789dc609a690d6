package golang_test

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/generator/offline/golang"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// TestEverySoundSpecIsGo makes projects of many random Specs. All must be formatted and type-check; some are really built.
func TestEverySoundSpecIsGo(t *testing.T) {
	t.Parallel()
	const specs, built = 60, 3
	std := importer.ForCompiler(token.NewFileSet(), "source", nil)
	sound := 0
	for seed := uint64(0); sound < specs; seed++ {
		spec := newRandom(seed).spec()
		if len(spec.Validate()) > 0 {
			if seed > specs*20 {
				t.Fatalf("only %d of %d Specs are sound", sound, seed)
			}
			continue
		}
		sound++
		files, err := golang.Project(spec)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := typeCheck(std, files); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		again, err := golang.Project(spec)
		if err != nil || !slices.EqualFunc(files, again, func(a, b qlp.File) bool { return a.Path == b.Path && bytes.Equal(a.Content, b.Content) }) {
			t.Fatalf("seed %d: the second project differs from the first (%v)", seed, err)
		}
		if sound <= built && !testing.Short() {
			dir := write(t, spec)
			tool(t, dir, "go", "vet", "./...")
			tool(t, dir, "go", "test", "-vet=off", "./...")
			playCases(t, build(t, dir), spec, 7)
		}
	}
}

// checker type-checks the packages of one project, each once.
type checker struct {
	std    types.Importer
	fset   *token.FileSet
	module string
	files  map[string][]*ast.File // by folder
	done   map[string]*types.Package
}

func typeCheck(std types.Importer, files []qlp.File) error {
	c := &checker{std: std, fset: token.NewFileSet(), files: map[string][]*ast.File{}, done: map[string]*types.Package{}}
	for _, f := range files {
		switch {
		case f.Path == "go.mod":
			c.module = strings.Fields(string(f.Content))[1]
		case strings.HasSuffix(f.Path, ".go") && path.Base(f.Path) != "platform_other.go":
			tree, err := parser.ParseFile(c.fset, f.Path, f.Content, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			if pretty, err := format.Source(f.Content); err != nil || !bytes.Equal(pretty, f.Content) {
				return qlp.Errorf(qlp.Invalid, "%s is not formatted: %v", f.Path, err)
			}
			c.files[path.Dir(f.Path)] = append(c.files[path.Dir(f.Path)], tree)
		}
	}
	for dir := range c.files {
		if _, err := c.Import(path.Join(c.module, dir)); err != nil {
			return err
		}
	}
	return nil
}

// Import returns a package of the project or of the standard library.
func (c *checker) Import(name string) (*types.Package, error) {
	dir, own := strings.CutPrefix(name, c.module)
	if !own {
		return c.std.Import(name)
	}
	if p := c.done[name]; p != nil {
		return p, nil
	}
	dir = strings.TrimPrefix(dir, "/")
	if dir == "" {
		dir = "."
	}
	p, err := (&types.Config{Importer: c, GoVersion: "go1.24"}).Check(name, c.fset, c.files[dir], nil)
	c.done[name] = p
	return p, err
}
