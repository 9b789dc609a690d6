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
// execution, and say how many executions are shown. They are far more than a prompt shows: a generator takes out what changes from
// run to run before it cuts, because a cut by bytes falls elsewhere when a test took a millisecond more, and a run that is replayed
// must ask the same.
const (
	evidenceUsual = 64 << 10
	evidenceMore  = 256 << 10
	evidenceMost  = 8
)

// request gathers what the generator may know for one attempt. Everything in it follows from what was written before the attempt
// began, so that an attempt which is begun again asks the same.
func (e *Engine) request(ctx context.Context, in qlp.Intent, task qlp.Task, a qlp.Attempt) (generator.Request, error) {
	req := generator.Request{
		Spec: *in.Spec, Plan: *in.Plan, Task: task, Attempt: a.Number, Failure: a.Failure,
		Intent: in.ID, Run: in.Run.ID, Caps: e.caps(in).Models, Provider: in.Settings.Provider, Progress: e.progress(in, task.ID, a.Number),
	}
	var all []qlp.Attempt
	err := e.Store.Read(ctx, func(r store.Reader) (err error) {
		all, err = r.Attempts(ctx, in.Run.ID, "")
		return err
	})
	if err != nil {
		return req, err
	}
	before := slices.DeleteFunc(slices.Clone(all), func(o qlp.Attempt) bool {
		return !o.StartedAt.Before(a.StartedAt) || o.TaskID == a.TaskID && o.Number >= a.Number
	})
	if len(a.Failure) > 0 {
		req.Strategy = strategy(before, a.TaskID, a.Failure)
	}
	tree := filesAt(in, all, a)
	if req.Strategy != generator.Elsewhere { // a task that is written anew does not see its own files
		tree = append(tree, lastFiles(in, task, before)...)
	}
	if req.Files, err = e.load(ctx, tree); err != nil {
		return req, err
	}
	req.Evidence, err = e.evidence(ctx, in, a.Failure, req.Strategy)
	return req, err
}

// filesAt returns the files of the other tasks, as they stood when the attempt began: what a task beside it has brought since is
// left out, because an attempt that is begun again must not ask something else than before.
func filesAt(in qlp.Intent, all []qlp.Attempt, a qlp.Attempt) (tree qlp.Tree) {
	for _, t := range in.Run.Tasks {
		if t.TaskID == a.TaskID {
			continue
		}
		then, own := t.Tree, false
		for _, o := range all { // by number
			if o.TaskID != t.TaskID {
				continue
			}
			if !own { // it was not taken over from an earlier run
				then, own = nil, true
			}
			if o.State == qlp.AttemptGood && !o.EndedAt.After(a.StartedAt) {
				then = o.Tree
			}
		}
		tree = append(tree, then...)
	}
	return tree
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
