package app

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/eval"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/stack"
)

// Evaluation is what a person asked to be measured.
type Evaluation struct {
	Suite    string // humaneval, projects, or a file or folder of projects
	Data     string // file of humaneval
	Solver   string // oracle:canonical, oracle:mutated, offline, model
	Provider string // of model
	Samples  int
	K        []int
	Parallel int // 0: a processor each
	Limit    int
	Only     []string
	Seed     int64
	Out      string // a new folder
	Resume   string // or the folder of a run that goes on: only Parallel counts beside it
	Progress func(s eval.Sample, finished, all int)
}

// The solvers that are no oracles.
const (
	solverOffline = "offline"
	solverModel   = "model"
)

// Solvers are the names of the solvers.
func Solvers() []string {
	return []string{eval.CanonicalName, eval.MutatedName, solverOffline, solverModel}
}

// Measured is a run of an evaluation as it stands.
type Measured struct {
	Report eval.Report
	Dir    string
}

// Eval takes an evaluation to its end, or goes on with one. What was judged before an error, or before ctx was done, is kept, and in the report.
func Eval(ctx context.Context, cfg config.Config, version string, o Evaluation) (_ Measured, err error) {
	suite, journal, err := beginEval(&o)
	if err != nil {
		return Measured{}, err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	err = runEval(ctx, cfg, version, o, suite, journal)
	report := eval.NewReport(journal.Header, journal.Samples())
	return Measured{report, journal.Dir()}, errors.Join(err, writeReports(journal, report))
}

// beginEval makes the run's folder, or opens it and takes what was asked from there.
func beginEval(o *Evaluation) (eval.Suite, *eval.Journal, error) {
	if o.Resume != "" {
		journal, err := eval.OpenJournal(o.Resume)
		if err != nil {
			return eval.Suite{}, nil, err
		}
		h := journal.Header
		o.Suite, o.Data, o.Solver, o.Provider, o.Samples, o.K, o.Seed, o.Only, o.Limit = h.Suite, h.Data, h.Solver, h.Provider, h.Samples, h.K, h.Seed, h.Problems, 0
		if h.Source != "" {
			o.Suite = h.Source
		}
		suite, err := loadSuite(*o)
		if err != nil {
			err = errors.Join(err, journal.Close())
		}
		return suite, journal, err
	}
	suite, err := loadSuite(*o)
	if err != nil {
		return eval.Suite{}, nil, err
	}
	h := eval.Header{Suite: suite.Name, Source: o.Suite, Data: o.Data, Digest: suite.Digest, Solver: o.Solver, Provider: o.Provider, Samples: o.Samples, K: o.K, Seed: o.Seed}
	for _, p := range suite.Problems {
		h.Problems = append(h.Problems, p.ID)
	}
	journal, err := eval.CreateJournal(o.Out, h)
	return suite, journal, err
}

func loadSuite(o Evaluation) (s eval.Suite, err error) {
	switch o.Suite {
	case "humaneval":
		if o.Data == "" {
			return s, qlp.Errorf(qlp.Invalid, "the suite humaneval is a file, and none is named").WithRemedy("name HumanEval.jsonl.gz with --data")
		}
		s, err = eval.LoadHumanEval(o.Data)
	case "projects":
		s, err = eval.LoadProjects()
	default:
		s, err = eval.LoadFolder(o.Suite)
	}
	if err != nil {
		return s, err
	}
	return s.Only(o.Only, o.Limit)
}

func runEval(ctx context.Context, cfg config.Config, version string, o Evaluation, suite eval.Suite, journal *eval.Journal) (err error) {
	log := slog.New(slog.DiscardHandler)
	if err := addTools(cfg.ToolsDir); err != nil {
		return err
	}
	driver, err := driverFor(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, driver.Close()) }()
	b := newBench(driver, cfg.RequireLimits, log)
	python, err := stack.Find("python")
	if err != nil {
		return err
	}
	functions, err := eval.NewFunctions(b, python, eval.FunctionLimits{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, functions.Close(context.WithoutCancel(ctx))) }()
	projects := eval.NewProjects(b)
	solver, done, err := evalSolver(ctx, cfg, version, o, suite, b, python)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	return eval.Runner{
		Suite: suite, Solver: solver, Journal: journal, Parallel: o.Parallel, Progress: o.Progress,
		Judges: map[eval.Form]eval.Judge{eval.FunctionForm: functions, eval.ServiceForm: projects, eval.ProgramForm: projects},
	}.Run(ctx)
}

// evalSolver returns the solver, and what ends it.
func evalSolver(ctx context.Context, cfg config.Config, version string, o Evaluation, suite eval.Suite, b *bench, python qlp.Stack) (eval.Solver, func() error, error) {
	nothing := func() error { return nil }
	functions := len(suite.Problems) > 0 && suite.Problems[0].Form == eval.FunctionForm
	switch {
	case o.Solver == eval.CanonicalName:
		s, err := eval.Canonical(suite, o.Samples)
		return s, nothing, err
	case o.Solver == eval.MutatedName:
		s, err := eval.Mutated(ctx, b, python, suite, o.Seed, o.Samples)
		return s, nothing, err
	case o.Solver == solverOffline && functions:
		return nil, nothing, qlp.Errorf(qlp.Invalid, "the offline generator builds projects, and the suite %s asks for functions", suite.Name).WithRemedy("use --suite projects")
	case o.Solver == solverModel && functions:
		return evalModels(ctx, cfg, o)
	case o.Solver == solverOffline || o.Solver == solverModel:
		return openPipelineSolver(ctx, cfg, version, o)
	}
	return nil, nothing, qlp.Errorf(qlp.Invalid, "there is no solver %.40q", o.Solver).WithRemedy("choose one of: %s", strings.Join(Solvers(), ", "))
}

func writeReports(journal *eval.Journal, report eval.Report) error {
	data, err := report.JSON()
	if err != nil {
		return err
	}
	page, err := report.HTML()
	if err != nil {
		return err
	}
	return errors.Join(journal.Write("report.json", data), journal.Write("report.html", page))
}
