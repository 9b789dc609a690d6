package agent

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/prompt"
	"github.com/quantumlayer/qlp/internal/planner"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/reviewer"
)

const (
	maxFindings  = 40
	reviewTokens = 6000 // of an answer: forty findings
)

// reviewAnswer is what the reviewer gives: the schema is made of it. There is nothing in it that could be taken for a verdict.
type reviewAnswer struct {
	Findings []reviewFinding `json:"findings"`
}

type reviewFinding struct {
	Path     string `json:"path"`
	Line     int    `json:"line"`
	Rule     string `json:"rule" jsonschema:"enum=wrong,enum=unsafe,enum=test-gaming,enum=incomplete,enum=fragile,enum=unclear"`
	Severity string `json:"severity" jsonschema:"enum=error,enum=warning,enum=note"`
	Message  string `json:"message"`
}

var _ reviewer.Reviewer = (*Agent)(nil)

// Review implements reviewer.Reviewer: the role reviewer reads the files and says what it finds, opinions that can lower a
// verdict and never raise one.
func (a *Agent) Review(ctx context.Context, req reviewer.Request) (reviewer.Review, error) {
	asked, err := a.reviewRequest(req)
	if err != nil {
		return reviewer.Review{}, err
	}
	var found []qlp.Finding
	answer, err := a.desk.Ask(ctx, asked, prompt.Feedback, llm.Sink(req.Progress), func(text string) error {
		var got reviewAnswer
		if err := prompt.Decode(prompt.JSON(text), &got); err != nil {
			return err
		}
		var err error
		found, err = got.findings(req.Files)
		return err
	})
	if err != nil {
		return reviewer.Review{}, fmt.Errorf("review the project: %w", err)
	}
	return reviewer.Review{Findings: found, Answer: qlp.DigestOf([]byte(answer.Text))}, nil
}

func (a *Agent) reviewRequest(req reviewer.Request) (llm.Request, error) {
	system, err := a.book.Fill("reviewer.md", map[string]any{"DataRule": prompt.DataRule, "MaxFindings": maxFindings})
	if err != nil {
		return llm.Request{}, err
	}
	spec, err := a.spec(req.Spec)
	if err != nil {
		return llm.Request{}, err
	}
	plan := a.desk.Data("the plan, as a tree of tasks and the paths they own", planner.Tree(req.Plan, nil))
	checks := a.checks(req.Checks)
	frame, err := a.book.Fill("review.md", map[string]any{"Spec": spec, "Plan": plan, "Checks": checks, "Files": ""})
	if err != nil {
		return llm.Request{}, err
	}
	room := a.room(llm.Reviewer) - len(system) - len(frame)
	if room <= 0 {
		return llm.Request{}, qlp.Errorf(qlp.Invalid, "the Spec and the plan do not fit into the reviewer's window").
			WithRemedy("give the role reviewer a model with a larger window")
	}
	files := fit(map[int]*part{1: {title: "files of the project", items: a.reviewed(req), share: 100}}, room)[1]
	text, err := a.book.Fill("review.md", map[string]any{"Spec": spec, "Plan": plan, "Checks": checks, "Files": files})
	if err != nil {
		return llm.Request{}, err
	}
	return llm.Request{
		Role: llm.Reviewer, System: system, Messages: []llm.Message{{From: llm.User, Text: text}}, Schema: a.review,
		MaxTokens: min(a.answerTokens(llm.Reviewer), reviewTokens), Temperature: prompt.Zero(),
		Account: llm.Account{IntentID: req.Intent, RunID: req.Run, Attempt: req.Attempt, Repair: req.Attempt > 1, Caps: req.Caps},
	}, nil
}

// checks says what was found out already, so that the reviewer looks elsewhere.
func (a *Agent) checks(list []qlp.Check) string {
	var b strings.Builder
	for _, c := range list {
		fmt.Fprintf(&b, "%s: %s\n%s", c.Key(), c.Status(), describe(c, usualFindings))
	}
	return a.desk.Data("checks that were made", a.changing.normal(b.String()))
}

// reviewed shows the files that a person would read first, then the rest: code before documents, the tests of others last.
func (a *Agent) reviewed(req reviewer.Request) []string {
	files := slices.Clone(req.Files)
	slices.SortStableFunc(files, func(x, y qlp.File) int {
		if d := weight(req.Plan, x.Path) - weight(req.Plan, y.Path); d != 0 {
			return d
		}
		return strings.Compare(x.Path, y.Path)
	})
	var items []string
	for _, f := range files {
		items = append(items, a.desk.Data("file "+f.Path, numbered(string(f.Content))))
	}
	return items
}

func weight(plan qlp.Plan, file string) int {
	owner, _ := plan.OwnerOf(file)
	switch {
	case owner.Role == qlp.RoleAcceptance:
		return 2
	case slices.Contains([]string{".md", ".json", ".txt", ".sum", ".lock"}, path.Ext(file)):
		return 1
	default:
		return 0
	}
}

// numbered puts its number before each line, so that a finding can name it.
func numbered(text string) string {
	var b strings.Builder
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		fmt.Fprintf(&b, "%d\t%s\n", i+1, line)
	}
	return b.String()
}

// findings checks that every finding is about a place that exists.
func (r reviewAnswer) findings(files []qlp.File) ([]qlp.Finding, error) {
	if len(r.Findings) > maxFindings {
		return nil, prompt.Againf("There are %d findings; give the %d that matter most.", len(r.Findings), maxFindings)
	}
	lines := map[string]int{"": 0}
	for _, f := range files {
		lines[f.Path] = strings.Count(string(f.Content), "\n") + 1
	}
	var out []qlp.Finding
	for i, f := range r.Findings {
		n, there := lines[f.Path]
		message := prompt.Visible(strings.Join(strings.Fields(f.Message), " "))
		switch {
		case !there:
			return nil, prompt.Againf("Finding %d is about %.80q, which is not in the project.", i+1, f.Path)
		case f.Line < 0 || f.Line > n:
			return nil, prompt.Againf("Finding %d is about line %d of %s, which has %d.", i+1, f.Line, f.Path, n)
		case !slices.Contains([]string{"wrong", "unsafe", "test-gaming", "incomplete", "fragile", "unclear"}, f.Rule),
			!slices.Contains([]string{"error", "warning", "note"}, f.Severity):
			return nil, prompt.Againf("Finding %d has a rule or a severity that the schema does not know.", i+1)
		case message == "" || len(message) > 1000:
			return nil, prompt.Againf("The message of finding %d is empty or longer than 1000 bytes.", i+1)
		}
		out = append(out, qlp.Finding{Path: f.Path, Line: f.Line, Rule: "review-" + f.Rule, Severity: f.Severity, Message: message})
	}
	return out, nil
}
