package orchestrator

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/validator"
)

// Evidence of a failure is the end of what its commands printed: what went wrong stands there. These bound it, in bytes of one
// execution, and say how many executions are shown.
const (
	evidenceUsual = 4 << 10
	evidenceMore  = 16 << 10
	evidenceMost  = 8
)

// request gathers what the generator may know for one attempt. Everything in it follows from what was written before the attempt
// began, so that an attempt which is begun again asks the same.
func (e *Engine) request(ctx context.Context, in qlp.Intent, task qlp.Task, a qlp.Attempt) (generator.Request, error) {
	req := generator.Request{
		Spec: *in.Spec, Plan: *in.Plan, Task: task, Attempt: a.Number, Failure: a.Failure,
		Intent: in.ID, Run: in.Run.ID, Caps: e.caps(in).Models, Provider: in.Settings.Provider, Progress: e.progress(in, task.ID, a.Number),
	}
	var before []qlp.Attempt
	err := e.Store.Read(ctx, func(r store.Reader) error {
		all, err := r.Attempts(ctx, in.Run.ID, "")
		before = slices.DeleteFunc(all, func(o qlp.Attempt) bool {
			return !o.StartedAt.Before(a.StartedAt) || o.TaskID == a.TaskID && o.Number >= a.Number
		})
		return err
	})
	if err != nil {
		return req, err
	}
	if len(a.Failure) > 0 {
		req.Strategy = strategy(before, a.TaskID, a.Failure)
	}
	if req.Files, err = e.filesBefore(ctx, in, task, before, req.Strategy); err != nil {
		return req, err
	}
	req.Evidence, err = e.evidence(ctx, in, a.Failure, req.Strategy)
	return req, err
}

// filesBefore returns what a generator may see: the files of every task that is done, and the task's own last ones. With more
// context it is every file that there is; a task that is written anew does not see its own.
func (e *Engine) filesBefore(ctx context.Context, in qlp.Intent, task qlp.Task, before []qlp.Attempt, s generator.Strategy) ([]qlp.File, error) {
	var all qlp.Tree
	for _, t := range in.Run.Tasks {
		if t.TaskID != task.ID && (t.State == qlp.TaskDone || s == generator.MoreContext) {
			all = append(all, t.Tree...)
		}
	}
	if s != generator.Elsewhere {
		all = append(all, lastFiles(in, task, before)...)
	}
	return e.load(ctx, all)
}

// lastFiles returns what the task's last attempt wrote: one that was no good too, as far as the paths are its own.
func lastFiles(in qlp.Intent, task qlp.Task, before []qlp.Attempt) qlp.Tree {
	t, _ := taskRun(in, task.ID)
	last := t.Tree
	number := 0
	for _, a := range before {
		if a.TaskID == task.ID && a.Number > number && len(a.Tree) > 0 {
			last, number = a.Tree, a.Number
		}
	}
	return slices.DeleteFunc(slices.Clone(last), func(entry qlp.Entry) bool { return !task.Owner(entry.Path) })
}

// evidence returns the end of what the failed checks' commands printed, from the report of the last verification.
func (e *Engine) evidence(ctx context.Context, in qlp.Intent, failure []qlp.Check, s generator.Strategy) (map[string]string, error) {
	var ids []string
	for _, c := range failure {
		ids = append(ids, c.Executions...)
	}
	if len(ids) == 0 || in.Run.Evidence == "" {
		return nil, nil
	}
	report, err := e.report(ctx, in.Run.Evidence)
	if err != nil {
		return nil, err
	}
	most := evidenceUsual
	if s != generator.AsUsual {
		most = evidenceMore
	}
	return printed(report, ids, most), nil
}

// report reads a stored report.
func (e *Engine) report(ctx context.Context, digest qlp.Digest) (validator.Report, error) {
	var r validator.Report
	b, err := e.Blobs.Get(ctx, digest)
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err != nil {
		return r, fmt.Errorf("load report: %w", err)
	}
	return r, nil
}

// printed returns the end of what each execution wrote: standard output, then standard error, which has the last word.
func printed(r validator.Report, ids []string, most int) map[string]string {
	logs := make(map[qlp.Digest][]byte, len(r.Logs))
	for _, l := range r.Logs {
		logs[l.Digest] = l.Content
	}
	out := map[string]string{}
	for _, x := range r.Executions {
		if len(out) == evidenceMost {
			break
		}
		if slices.Contains(ids, x.ID) {
			if text := string(logs[x.Stdout]) + string(logs[x.Stderr]); text != "" {
				out[x.ID] = ending(text, most)
			}
		}
	}
	return out
}

// ending returns the last bytes of a text, from the beginning of a line where there is one, as valid UTF-8.
func ending(text string, most int) string {
	if len(text) > most {
		text = text[len(text)-most:]
		if _, rest, ok := strings.Cut(text, "\n"); ok && rest != "" {
			text = rest
		}
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
