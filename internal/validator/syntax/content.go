package syntax

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Rules of the check on content.
const (
	RulePath        = "path"             // not a plain path, twice there, or inside a folder that belongs to tools
	RuleSize        = "too-large"        // over MaxFile
	RuleEncoding    = "not-text"         // NUL bytes or not UTF-8
	RuleEmpty       = "empty-source"     // a source file without content
	RuleBlob        = "blob-as-source"   // JSON or a Markdown fence saved as source
	RuleLeftover    = "edit-leftover"    // conflict markers, or a comment that stands for code that was left out
	RuleSame        = "same-content"     // two source files with the same content
	RuleEmptyTest   = "empty-test"       // a test without a statement, or a test folder without a test
	RuleShadow      = "shadows-standard" // a module that takes the place of one of Python's own
	maxSameNotEmpty = 200                // bytes of an __init__.py that may be the same as another
)

// MaxFile is the size of one file, in bytes, above which it is refused; MaxCases is that of the acceptance cases, which grow
// with the Spec and are data.
const (
	MaxFile  = 1 << 20
	MaxCases = 8 << 20
)

//go:embed stdlib.txt
var pythonModules string

var (
	marker      = regexp.MustCompile(`(?m)^(?:<<<<<<<|>>>>>>>) ?\S*`)
	placeholder = regexp.MustCompile(`(?im)^\s*(?://|#|/\*)\s*\.\.\.\s*(?:the )?(?:rest|existing|remaining|other|previous|same|unchanged)\b.*$`)
	pythonTest  = regexp.MustCompile(`(?m)^\s*(?:async\s+)?def\s+(?:test|load_tests)|\bsetattr\(|\bglobals\(\)\.update\(`)
	pythonDef   = regexp.MustCompile(`^(\s*)(?:async\s+)?def\s+(test\w*)\(`)
)

// content applies the rules to all files.
func content(files []qlp.File) []qlp.Finding {
	out := paths(files)
	for _, f := range files {
		out = append(out, one(f)...)
	}
	out = append(out, same(files)...)
	return append(out, tests(files)...)
}

func fault(file string, line int, rule, message string) qlp.Finding {
	return qlp.Finding{Path: file, Line: line, Rule: rule, Severity: "error", Message: message}
}

func paths(files []qlp.File) []qlp.Finding {
	var out []qlp.Finding
	seen, folded := map[string]bool{}, map[string]string{}
	for _, f := range files {
		if err := qlp.CleanPath(f.Path); err != nil {
			out = append(out, fault("", 0, RulePath, err.Error()))
			continue
		}
		first, _, _ := strings.Cut(f.Path, "/")
		if first == ".git" || first == ".qlp" {
			out = append(out, fault(f.Path, 0, RulePath, first+" belongs to tools, a project may not bring it"))
		}
		low := strings.ToLower(f.Path)
		if seen[f.Path] {
			out = append(out, fault(f.Path, 0, RulePath, "the path is there twice"))
		} else if other, ok := folded[low]; ok {
			out = append(out, fault(f.Path, 0, RulePath, "differs from "+other+" only in case: one of them is lost on some systems"))
		}
		seen[f.Path], folded[low] = true, f.Path
		if module, _, _ := strings.Cut(first, "."); (path.Ext(f.Path) == ".py") && slices.Contains(strings.Fields(pythonModules), module) {
			out = append(out, fault(f.Path, 0, RuleShadow, module+" would be imported in place of Python's own module"))
		}
	}
	for p := range seen {
		for i, c := range p {
			if c == '/' && seen[p[:i]] {
				out = append(out, fault(p, 0, RulePath, p[:i]+" is both a file and a folder"))
			}
		}
	}
	return out
}

func one(f qlp.File) []qlp.Finding {
	trimmed := bytes.TrimSpace(f.Content)
	limit := MaxFile
	if f.Path == "acceptance/cases.json" {
		limit = MaxCases
	}
	switch {
	case len(f.Content) > limit:
		return []qlp.Finding{fault(f.Path, 0, RuleSize, fmt.Sprintf("the file is larger than %d MiB", limit>>20))}
	case bytes.IndexByte(f.Content, 0) >= 0 || !utf8.Valid(f.Content):
		return []qlp.Finding{fault(f.Path, 0, RuleEncoding, "the file is not UTF-8 text")}
	case !isSource(f.Path):
		return nil
	case len(trimmed) == 0 && path.Base(f.Path) != "__init__.py":
		return []qlp.Finding{fault(f.Path, 0, RuleEmpty, "the source file is empty")}
	case bytes.HasPrefix(trimmed, []byte("```")):
		return []qlp.Finding{fault(f.Path, 1, RuleBlob, "a Markdown fence was saved as source")}
	case len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') && json.Valid(trimmed):
		return []qlp.Finding{fault(f.Path, 1, RuleBlob, "JSON was saved as source")}
	}
	var out []qlp.Finding
	if at := marker.FindIndex(f.Content); at != nil {
		out = append(out, fault(f.Path, lineOf(f.Content, at[0]), RuleLeftover, "a conflict marker was left in the file"))
	}
	if at := placeholder.FindIndex(f.Content); at != nil {
		out = append(out, fault(f.Path, lineOf(f.Content, at[0]), RuleLeftover, "a comment stands where code was left out"))
	}
	return out
}

func same(files []qlp.File) []qlp.Finding {
	var out []qlp.Finding
	first := map[string]string{}
	for _, f := range files {
		text := string(bytes.TrimSpace(f.Content))
		if !isSource(f.Path) || text == "" || path.Base(f.Path) == "__init__.py" && len(text) <= maxSameNotEmpty {
			continue
		}
		if other, ok := first[text]; ok {
			out = append(out, fault(f.Path, 0, RuleSame, "the content is the same as that of "+other))
			continue
		}
		first[text] = f.Path
	}
	return out
}

// tests refuses tests without a statement, and a folder of test files in which there is no test.
func tests(files []qlp.File) []qlp.Finding {
	var out []qlp.Finding
	count, example := map[string]int{}, map[string]string{}
	for _, f := range files {
		dir, base := path.Dir(f.Path), path.Base(f.Path)
		switch {
		case strings.HasSuffix(base, "_test.go"):
			n, empty := goTests(f)
			count[dir] += n
			out = append(out, empty...)
		case strings.HasSuffix(base, ".py") && (strings.HasPrefix(base, "test_") || strings.HasSuffix(base, "_test.py")):
			count[dir] += len(pythonTest.FindAllIndex(f.Content, 1))
			out = append(out, emptyPythonTests(f)...)
		default:
			continue
		}
		if _, ok := example[dir]; !ok {
			example[dir] = f.Path
		}
	}
	for dir, file := range example {
		if count[dir] == 0 {
			out = append(out, fault(file, 0, RuleEmptyTest, "there is no test in the test files of this folder"))
		}
	}
	slices.SortStableFunc(out, func(a, b qlp.Finding) int { return strings.Compare(a.Path, b.Path) })
	return out
}

func lineOf(content []byte, at int) int { return bytes.Count(content[:at], []byte("\n")) + 1 }

func isSource(file string) bool {
	switch path.Ext(file) {
	case ".go", ".py", ".js", ".mjs", ".cjs", ".ts", ".jsx", ".tsx", ".java", ".kt", ".cs", ".rs", ".php", ".rb", ".sh", ".sql":
		return true
	default:
		return false
	}
}
