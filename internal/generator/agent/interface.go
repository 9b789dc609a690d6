package agent

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// smallFile is the length up to which a file is shown whole where its language is not read here, in bytes.
const smallFile = 4 << 10

// interfaceOf returns what a file offers to others: for Go its exported declarations without bodies, for Python its classes
// and functions, else the file if it is small. Tests offer nothing.
func interfaceOf(f qlp.File) string {
	base := path.Base(f.Path)
	switch {
	case strings.HasSuffix(base, "_test.go"), strings.HasPrefix(base, "test_") && strings.HasSuffix(base, ".py"), strings.Contains(base, ".test."):
		return ""
	case strings.HasSuffix(base, ".go"):
		if text, ok := goInterface(f.Content); ok {
			return text
		}
	case strings.HasSuffix(base, ".py"):
		return pythonInterface(string(f.Content))
	}
	if len(f.Content) > smallFile || !utf8.Valid(f.Content) {
		return ""
	}
	return string(f.Content)
}

// goInterface prints the exported declarations of a Go file with their comments, without bodies. A command exports nothing: its
// declarations are all shown, because the package's other files use them.
func goInterface(src []byte) (string, bool) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", false
	}
	if file.Name.Name != "main" && !ast.FileExports(file) {
		return "package " + file.Name.Name + "\n", true
	}
	var out bytes.Buffer
	out.WriteString("package " + file.Name.Name + "\n")
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			d.Body = nil
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				continue
			}
		}
		out.WriteByte('\n')
		if err := printer.Fprint(&out, set, decl); err != nil {
			return "", false
		}
		out.WriteByte('\n')
	}
	return out.String(), true
}

var (
	pythonHead     = regexp.MustCompile(`^[ \t]*(?:async[ \t]+def|def|class)[ \t]+([A-Za-z_]\w*)`)
	pythonConstant = regexp.MustCompile(`^[A-Z][A-Z0-9_]*[ \t]*(?::[^=]+)?=`)
)

// pythonInterface returns the heads of classes and functions, with their decorators, and constants. Names that begin with one
// underscore are the file's own.
func pythonInterface(src string) string {
	var out, decorators []string
	depth, open := 0, false // brackets of a head that goes on over several lines
	for _, line := range strings.Split(src, "\n") {
		trimmed := strings.TrimSpace(line)
		head := pythonHead.FindStringSubmatch(line)
		switch {
		case open:
			out = append(out, line)
		case strings.HasPrefix(trimmed, "@"):
			decorators = append(decorators, line)
			continue
		case head != nil && (!strings.HasPrefix(head[1], "_") || strings.HasPrefix(head[1], "__")):
			out = append(append(out, decorators...), line)
			open = true
		case pythonConstant.MatchString(line):
			out = append(out, line)
		}
		decorators = nil
		if open {
			depth += strings.Count(line, "(") + strings.Count(line, "[") - strings.Count(line, ")") - strings.Count(line, "]")
			if depth <= 0 {
				depth, open = 0, false
			}
		}
	}
	return strings.Join(out, "\n")
}
