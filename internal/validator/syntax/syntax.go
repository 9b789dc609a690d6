// Package syntax is the first layer: is the content of the files plausible at all, and does each file parse?
//
// It never starts a sandbox for what can be read in-process, never executes a file, and never lets a refused content
// pass on: what is plainly wrong is said before anything is run.
//
// Arrows: qlp, sandbox, record, diagnose; parsers of data formats.
package syntax

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"path"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/validator/diagnose"
	"github.com/quantumlayer/qlp/internal/validator/record"
)

// Names of the checks that are made in-process.
const (
	Content = "content"
	Go      = "go"
	Data    = "data"
)

// InProcess answers what needs no sandbox: the rules of content, Go, and the data formats, each only where there is a
// file of its kind. The first check is the one on content; when it has not passed, nothing else should be run.
func InProcess(files []qlp.File) []qlp.Check {
	return append([]qlp.Check{verdict(Content, files, content(files))}, Parse(files)...)
}

// Parse answers for Go and the data formats alone. The rules of content are for what was written as asked; software that exists already may
// hold pictures, archives and empty tests.
func Parse(files []qlp.File) []qlp.Check {
	var checks []qlp.Check
	if goFiles := withSuffix(files, ".go"); len(goFiles) > 0 {
		checks = append(checks, verdict(Go, goFiles, parseGo(goFiles)))
	}
	if data := withSuffix(files, ".json", ".yaml", ".yml", ".toml"); len(data) > 0 {
		checks = append(checks, verdict(Data, data, parseData(data)))
	}
	return checks
}

// InSandbox runs the stack's syntax commands over the files that are in box; each gives the check syntax/<name>.
func InSandbox(ctx context.Context, book *record.Book, box sandbox.Sandbox, stack qlp.Stack, limits sandbox.Limits) ([]qlp.Check, error) {
	var checks []qlp.Check
	for _, cmd := range stack.Commands.Syntax {
		key := string(qlp.LayerSyntax) + "/" + cmd.Name
		ran, err := book.Run(ctx, box, record.Order{Check: key, Command: cmd, Env: stack.Env, Limits: limits})
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			checks = append(checks, qlp.Broken(qlp.LayerSyntax, cmd.Name, qlp.Evidence{}, err.Error()))
			continue
		}
		checks = append(checks, judge(stack, cmd, ran))
	}
	return checks, nil
}

func judge(stack qlp.Stack, cmd qlp.Command, ran record.Ran) qlp.Check {
	ev := qlp.FromExecutions(ran.Execution)
	switch end, why := ran.Ending(); end {
	case record.Fine:
		return qlp.Pass(qlp.LayerSyntax, cmd.Name, ev)
	case record.NoTool:
		return qlp.Skip(qlp.LayerSyntax, cmd.Name, why+record.Remedy(stack, cmd.Argv[0]))
	case record.NoAnswer:
		return qlp.Broken(qlp.LayerSyntax, cmd.Name, ev, why)
	default:
		found := append(diagnose.Text("syntax", ran.Stderr), diagnose.Text("syntax", ran.Stdout)...)
		if len(found) == 0 {
			why += ": " + diagnose.Tail(append(ran.Stdout, ran.Stderr...), 4)
		}
		return qlp.Fail(qlp.LayerSyntax, cmd.Name, ev, why, found...)
	}
}

func verdict(name string, files []qlp.File, found []qlp.Finding) qlp.Check {
	ev := record.Reading(files)
	if len(found) == 0 {
		return qlp.Pass(qlp.LayerSyntax, name, ev)
	}
	reason := fmt.Sprintf("%s: %s", found[0].Path, found[0].Message)
	if len(found) > 1 {
		reason += fmt.Sprintf(" (and %d more)", len(found)-1)
	}
	return qlp.Fail(qlp.LayerSyntax, name, ev, reason, found...)
}

func parseGo(files []qlp.File) []qlp.Finding {
	var out []qlp.Finding
	for _, f := range files {
		_, err := parser.ParseFile(token.NewFileSet(), f.Path, f.Content, parser.ParseComments|parser.SkipObjectResolution)
		var list scanner.ErrorList
		if errors.As(err, &list) {
			for _, e := range list[:min(len(list), 10)] {
				out = append(out, qlp.Finding{Path: f.Path, Line: e.Pos.Line, Column: e.Pos.Column, Rule: "syntax", Severity: "error", Message: diagnose.Short(e.Msg)})
			}
		} else if err != nil {
			out = append(out, qlp.Finding{Path: f.Path, Rule: "syntax", Severity: "error", Message: diagnose.Short(err.Error())})
		}
	}
	return out
}

// goTests returns the test functions of a Go file, and those of them that have no statement.
func goTests(f qlp.File) (tests int, empty []qlp.Finding) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, f.Path, f.Content, parser.SkipObjectResolution)
	if err != nil {
		return 1, nil // the parser's own check tells about it
	}
	for _, d := range file.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Recv != nil || !isTestName(fn.Name.Name) {
			continue
		}
		tests++
		if fn.Body == nil || len(fn.Body.List) == 0 {
			empty = append(empty, fault(f.Path, set.Position(fn.Pos()).Line, RuleEmptyTest, fn.Name.Name+" has no statement: a test that asserts nothing"))
		}
	}
	return tests, empty
}

func isTestName(name string) bool {
	for _, prefix := range []string{"Test", "Fuzz", "Benchmark", "Example"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func withSuffix(files []qlp.File, suffixes ...string) []qlp.File {
	var out []qlp.File
	for _, f := range files {
		if slices.Contains(suffixes, path.Ext(f.Path)) {
			out = append(out, f)
		}
	}
	return out
}
