// Package gosectool is the static analyser for Go that runs inside a sandbox: gosec's rules and analyzers over the module
// in the working folder, printed in the shape of gosec's own JSON report.
//
// It never runs on the host over foreign code (the program qlp-gosec is this package, stands beside qlp, and is mounted with it
// into the sandbox, where `qlp tool gosec` becomes it), never writes a file, and never prints the code it complains about: a snippet
// may hold a secret.
//
// Arrows: gosec and golang.org/x/tools/go/packages; of QLP, grave alone. Nothing of qlp itself imports it: what gosec is made of
// takes memory and time at every start.
package gosectool

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/securego/gosec/v2"
	"github.com/securego/gosec/v2/analyzers"
	"github.com/securego/gosec/v2/issue"
	"github.com/securego/gosec/v2/rules"
	"golang.org/x/sync/errgroup"
	"golang.org/x/tools/go/packages"

	"github.com/quantumlayer/qlp/internal/validator/security/grave"
)

// Exit codes of Main.
const (
	ExitClean    = 0 // analysed, nothing grave found
	ExitFindings = 1 // analysed, and there are grave findings or packages that could not be analysed
	ExitBroken   = 2 // the analysis itself failed: nothing was looked at, or the arguments are wrong
)

// Report is what is printed. The names of the keys are gosec's.
type Report struct {
	Errors map[string][]Problem `json:"Golang errors"`
	Issues []Issue              `json:"Issues"`
	Stats  Stats                `json:"Stats"`
}

// Problem is why a file could not be analysed in full.
type Problem struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Error  string `json:"error"`
}

// Issue is one finding.
type Issue struct {
	Severity     string   `json:"severity"`
	Confidence   string   `json:"confidence"`
	CWE          string   `json:"cwe,omitempty"`
	Rule         string   `json:"rule_id"`
	Details      string   `json:"details"`
	File         string   `json:"file"` // relative to the working folder
	Line         string   `json:"line"` // "7", or "7-9"
	Column       string   `json:"column"`
	Suppressions []string `json:"suppressions,omitempty"` // justifications of #nosec comments
	Suppressed   bool     `json:"nosec"`
}

// Stats says how much was looked at.
type Stats struct {
	Packages int `json:"packages"`
	Files    int `json:"files"`
	Lines    int `json:"lines"`
	Found    int `json:"found"`
}

// Main analyses the packages that args name (-fmt=json PATTERN...; ./... when there is none) and prints the Report. It
// returns the exit code.
func Main(args []string, stdout io.Writer) int {
	flags := flag.NewFlagSet("gosec", flag.ContinueOnError)
	flags.SetOutput(os.Stderr)
	format := flags.String("fmt", "json", "output format; json is the only one")
	tests := flags.Bool("tests", false, "also analyse test files")
	exclude := flags.String("exclude", "", "rules that are left out: G304,G306")
	if err := flags.Parse(args); err != nil || *format != "json" {
		fmt.Fprintln(os.Stderr, "usage: qlp tool gosec [-fmt=json] [-tests] [-exclude=RULES] [PATTERN...]")
		return ExitBroken
	}
	patterns := flags.Args()
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	report, err := Analyse(".", *tests, patterns...)
	if *exclude != "" {
		report.leaveOut(strings.Split(*exclude, ","))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gosec:", err)
		return ExitBroken
	}
	enc := json.NewEncoder(stdout)
	enc.SetIndent("", " ")
	if err := enc.Encode(report); err != nil {
		fmt.Fprintln(os.Stderr, "gosec: print the report:", err)
		return ExitBroken
	}
	mend := func(i Issue) bool { return grave.Grave(i.Severity, i.Confidence, i.Suppressed) }
	if len(report.Errors) > 0 || slices.ContainsFunc(report.Issues, mend) {
		return ExitFindings
	}
	return ExitClean
}

// Analyse loads the packages with one call of the go command (gosec's own loop makes one for each package, which takes
// most of its time) and analyses each.
func Analyse(dir string, tests bool, patterns ...string) (Report, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Report{}, fmt.Errorf("find the working folder: %w", err)
	}
	pkgs, err := packages.Load(&packages.Config{Mode: gosec.LoadMode, Dir: abs, Tests: tests}, patterns...)
	if err != nil {
		return Report{}, fmt.Errorf("load packages: %w", err)
	}
	if len(pkgs) == 0 {
		return Report{}, fmt.Errorf("no package matches %s", strings.Join(patterns, " "))
	}
	report := Report{Errors: map[string][]Problem{}, Issues: []Issue{}}
	parts := make([]part, len(pkgs))
	var group errgroup.Group
	group.SetLimit(2)
	for i, pkg := range pkgs {
		group.Go(func() error {
			parts[i] = analysePackage(pkg)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return Report{}, err
	}
	for _, p := range parts {
		report.add(abs, p)
	}
	if report.Stats.Files == 0 && len(report.Errors) == 0 {
		return Report{}, fmt.Errorf("no Go file in %s", strings.Join(patterns, " "))
	}
	slices.SortStableFunc(report.Issues, func(a, b Issue) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if c := firstLine(a.Line) - firstLine(b.Line); c != 0 {
			return c
		}
		return strings.Compare(a.Rule, b.Rule)
	})
	return report, nil
}

// leaveOut takes the findings of rules off the report.
func (r *Report) leaveOut(rules []string) {
	r.Issues = slices.DeleteFunc(r.Issues, func(i Issue) bool {
		out := slices.Contains(rules, i.Rule)
		if out && !i.Suppressed {
			r.Stats.Found--
		}
		return out
	})
}

// part is the outcome of one package.
type part struct {
	issues []*issue.Issue
	stats  *gosec.Metrics
	errors map[string][]gosec.Error
}

// analysePackage uses an Analyzer of its own: one that is shared keeps state between packages.
func analysePackage(pkg *packages.Package) part {
	conf := gosec.NewConfig()
	analyzer := gosec.NewAnalyzer(conf, false, false, true, 1, log.New(io.Discard, "", 0))
	analyzer.LoadRules(rules.Generate(false).RulesInfo())
	analyzer.LoadAnalyzers(analyzers.Generate(false).AnalyzersInfo())
	errs, err := gosec.ParseErrors(pkg)
	if err != nil {
		errs = map[string][]gosec.Error{pkg.PkgPath: {*gosec.NewError(0, 0, err.Error())}}
	}
	if len(errs) == 0 && len(pkg.Syntax) > 0 {
		analyzer.CheckRules(pkg)
		analyzer.CheckAnalyzers(pkg)
	}
	issues, stats, more := analyzer.Report()
	for file, list := range more {
		if errs == nil {
			errs = map[string][]gosec.Error{}
		}
		errs[file] = append(errs[file], list...)
	}
	return part{issues, stats, errs}
}

func (r *Report) add(root string, p part) {
	r.Stats.Packages++
	r.Stats.Files += p.stats.NumFiles
	r.Stats.Lines += p.stats.NumLines
	for file, list := range p.errors {
		for _, e := range list {
			name := relative(root, file)
			r.Errors[name] = append(r.Errors[name], Problem{e.Line, e.Column, e.Err})
		}
	}
	for _, i := range p.issues {
		out := Issue{
			Severity: i.Severity.String(), Confidence: i.Confidence.String(), Rule: i.RuleID, Details: i.What,
			File: relative(root, i.File), Line: i.Line, Column: i.Col,
			Suppressed: i.NoSec || len(i.Suppressions) > 0,
		}
		if i.Cwe != nil {
			out.CWE = i.Cwe.ID
		}
		for _, s := range i.Suppressions {
			out.Suppressions = append(out.Suppressions, s.Justification)
		}
		if !out.Suppressed {
			r.Stats.Found++
		}
		r.Issues = append(r.Issues, out)
	}
}

func relative(root, file string) string {
	if rel, err := filepath.Rel(root, file); err == nil && filepath.IsAbs(file) && !strings.HasPrefix(rel, "..") {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(file)
}

func firstLine(s string) int {
	first, _, _ := strings.Cut(s, "-")
	n, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	return n
}
