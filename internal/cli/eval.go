package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/eval"
	"github.com/quantumlayer/qlp/internal/qlp"
)

type evalOptions struct {
	app.Evaluation
	mutants int
	bar     float64
}

func (c *command) eval() *cobra.Command {
	var o evalOptions
	cmd := &cobra.Command{
		Use:   "eval --suite SUITE --solver SOLVER",
		Short: "Measure what share of a suite's problems a solver solves",
		Long: "Measure what share of a suite's problems a solver solves. Every answer is judged in the sandbox, by a check that the solver never saw.\n" +
			"What was judged is on the disk: an interrupted run goes on with --resume.\n\n" +
			"Exit codes: 0 done, 1 an oracle did not reach its bar, 2 usage, 5 canceled, 6 machine error.",
		Example: "  qlp eval --suite humaneval --data HumanEval.jsonl.gz --solver oracle:canonical\n  qlp eval --suite projects --solver offline --out measured",
		Args:    usage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.doEval(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Suite, "suite", "", "humaneval, projects, or a file or folder of projects")
	f.StringVar(&o.Data, "data", "", "the file of the suite humaneval")
	f.StringVar(&o.Solver, "solver", "", "who answers: "+strings.Join(app.Solvers(), ", "))
	f.StringVar(&o.Provider, "provider", "", "of the solver model: a provider, provider/model, or replay:DIR")
	f.IntVar(&o.Samples, "samples", 1, "answers to each problem")
	f.IntVar(&o.mutants, "mutants", 1, "of oracle:mutated: mutants of each problem")
	f.IntSliceVar(&o.K, "k", []int{1}, "which pass@k to report, none larger than --samples")
	f.IntVar(&o.Parallel, "parallel", 0, "samples at a time (default: a processor each)")
	f.IntVar(&o.Limit, "limit", 0, "only the first problems")
	f.StringSliceVar(&o.Only, "only", nil, "only the problems with these ids")
	f.Int64Var(&o.Seed, "seed", 1, "of the mutants and of the intervals")
	f.Float64Var(&o.bar, "bar", 0.9, "of oracle:mutated: the share of mutants that must be caught")
	f.StringVar(&o.Out, "out", "", "new folder for the report and the evidence (default: eval-SUITE-TIME)")
	f.StringVar(&o.Resume, "resume", "", "folder of a run that goes on")
	f.BoolVar(&c.json, "json", false, "print one sample a line, as JSON")
	return cmd
}

func (c *command) doEval(ctx context.Context, o evalOptions) error {
	if err := o.check(time.Now()); err != nil {
		return err
	}
	cfg, err := c.load()
	if err != nil {
		return err
	}
	begun := time.Now()
	o.Progress = c.showSample
	m, err := app.Eval(ctx, cfg, version(), o.Evaluation)
	if m.Dir == "" {
		return err
	}
	missed := m.Report.Missed(o.bar)
	if ctx.Err() != nil {
		c.summary(m, "", time.Since(begun))
		_, _ = fmt.Fprintf(c.err, "qlp: interrupted; what was judged is kept: qlp eval --resume %s\n", m.Dir)
		return exit(exitCanceled)
	}
	if err != nil {
		c.summary(m, "", time.Since(begun))
		return err
	}
	c.summary(m, missed, time.Since(begun))
	switch {
	case m.Report.Statuses[eval.Errored] > 0:
		return exit(exitMachine)
	case missed != "":
		return exit(exitFailed)
	}
	return nil
}

// check completes the options, and refuses those that cannot be meant.
func (o *evalOptions) check(now time.Time) error {
	if o.Resume != "" {
		if o.Suite != "" || o.Solver != "" || o.Out != "" {
			return qlp.Errorf(qlp.Invalid, "--resume goes on with what was begun").WithRemedy("leave --suite, --solver and --out out")
		}
		return nil
	}
	if o.Solver == eval.MutatedName {
		o.Samples = o.mutants
	}
	switch {
	case o.Suite == "":
		return qlp.Errorf(qlp.Invalid, "no suite is named").WithRemedy("name one with --suite: humaneval, projects, or a file or folder of projects")
	case !slices.Contains(app.Solvers(), o.Solver):
		return qlp.Errorf(qlp.Invalid, "there is no solver %.40q", o.Solver).WithRemedy("choose one with --solver: %s", strings.Join(app.Solvers(), ", "))
	case o.Samples < 1 || o.Samples > 1000:
		return qlp.Errorf(qlp.Invalid, "%d samples are not possible", o.Samples).WithRemedy("ask for 1 to 1000")
	case o.Parallel < 0 || o.Limit < 0 || o.bar < 0 || o.bar > 1:
		return qlp.Errorf(qlp.Invalid, "--parallel and --limit are not negative, and --bar is from 0 to 1")
	case o.Provider != "" && o.Solver != "model":
		return qlp.Errorf(qlp.Invalid, "--provider is of the solver model").WithRemedy("leave it out, or use --solver model")
	}
	for _, k := range o.K {
		if k < 1 || k > o.Samples {
			return qlp.Errorf(qlp.Invalid, "pass@%d cannot be told from %d samples", k, o.Samples).WithRemedy("ask for more with --samples, or for other values with --k")
		}
	}
	if o.Out == "" {
		o.Out = "eval-" + filepath.Base(o.Suite) + "-" + now.UTC().Format("20060102-150405")
	}
	return nil
}

func (c *command) showSample(s eval.Sample, finished, all int) {
	if c.json {
		c.printJSON(struct {
			Type string `json:"type"`
			eval.Sample
		}{"eval.sample", s})
		return
	}
	p := newPaint(c.out)
	text := s.Reason
	if s.Note != "" && s.Status != eval.Declined {
		text = strings.TrimSuffix(s.Note+": "+text, ": ")
	}
	took := s.Spent.Wall + time.Duration(s.JudgeMS)*time.Millisecond
	c.printf("%*d/%d  %-8s %s  %s%s\n", len(fmt.Sprint(all)), finished, all, p.status(string(s.Status)), s.Problem, seconds(took), because(plain(text, 200)))
}

// summary prints what the run has shown so far.
func (c *command) summary(m app.Measured, missed string, took time.Duration) {
	r := m.Report
	if c.json {
		r.Samples, r.Problems = nil, nil // they were printed, and are in the folder
		c.printJSON(struct {
			Type    string `json:"type"`
			Dir     string `json:"dir"`
			Missed  string `json:"missed,omitempty"`
			Elapsed int64  `json:"elapsed_ms"`
			eval.Report
		}{"eval.finished", m.Dir, missed, took.Milliseconds(), r})
		return
	}
	rows := [][]string{{"samples", fmt.Sprintf("%d of %d judged: %d passed, %d failed, %d declined, %d errors", r.Finished, r.All,
		r.Statuses[eval.Passed], r.Statuses[eval.Failed], r.Statuses[eval.Declined], r.Statuses[eval.Errored])}}
	if r.Kills == nil {
		for _, p := range r.PassAt {
			rows = append(rows, []string{fmt.Sprintf("pass@%d", p.K), fmt.Sprintf("%s of %d problems (%s)", percent(p.Interval), p.Problems, p.Method)})
		}
		for _, g := range r.Languages {
			rows = append(rows, []string{g.Name, fmt.Sprintf("%s of %d problems", percent(g.Interval), g.Problems)})
		}
	} else {
		rows = append(rows, []string{"mutants", fmt.Sprintf("%d of %d caught, %s", r.Kills.Caught, r.Kills.Mutants, percent(r.Kills.Rate))})
		for _, s := range r.Kills.Survivors {
			rows = append(rows, []string{"survivor", s.Problem + "  " + plain(s.Note, 160)})
		}
	}
	if r.Cost.Calls > 0 {
		rows = append(rows, []string{"models", fmt.Sprintf("%d calls, %d tokens, $%.4f", r.Cost.Calls, r.Cost.Tokens, float64(r.Cost.Micros)/1e6)})
	}
	rows = append(rows, []string{"time", fmt.Sprintf("%s, %.1f samples a second", seconds(took), float64(r.Finished)/took.Seconds())}, []string{"report", filepath.Join(m.Dir, "report.html")})
	c.printf("\n")
	table(c.out, rows)
	if missed != "" {
		c.printf("\n%s\n", newPaint(c.out).red(missed))
	}
}

func percent(i eval.Interval) string {
	return fmt.Sprintf("%.1f %% (%.1f to %.1f)", i.Value*100, i.Low*100, i.High*100)
}
