package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// RunID is the part of a path that names a run; exported for the same reason as IntentID.
type RunID struct {
	ID string `path:"id" maxLength:"64"`
}

type runAnswer struct{ Body qlp.Run }

type runList struct {
	Body struct {
		Items []qlp.Run `json:"items"`
	}
}

type replayRun struct {
	RunID
	Key string `header:"Idempotency-Key" maxLength:"200" doc:"sent again, it answers with the same intent"`
}

type listAttempts struct {
	RunID
	Task string `query:"task" maxLength:"100" doc:"only attempts of this task"`
}

type attemptList struct {
	Body struct {
		Items []qlp.Attempt `json:"items"`
	}
}

type executionList struct {
	Body struct {
		Items []qlp.Execution `json:"items"`
	}
}

type fileList struct {
	Body struct {
		Items qlp.Tree `json:"items"`
	}
}

type getLog struct {
	RunID
	Execution string `path:"execution" maxLength:"100"`
	Stream    string `path:"stream" enum:"stdout,stderr"`
}

type getFile struct {
	RunID
	Path string `query:"path" required:"true" maxLength:"255" doc:"a path within the project"`
}

type content struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	NoSniff            string `header:"X-Content-Type-Options"`
	Body               []byte
}

// foreign is generated or untrusted content: a browser must neither render it nor guess what it is.
func foreign(mediaType, name string, b []byte) *content {
	return &content{mediaType, fmt.Sprintf("attachment; filename=%q", name), "nosniff", b}
}

func (s *server) runs(api huma.API) {
	const runs = "/api/v1/runs/{id}"
	get := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Tags: []string{"runs"}, Summary: summary}
	}
	huma.Register(api, get("list-runs", pathIntents+"/{id}/runs", "List an intent's runs"), s.listRuns)
	huma.Register(api, get("get-run", runs, "Get a run with its tasks and checks"), s.getRun)
	huma.Register(api, get("list-attempts", runs+"/attempts", "List a run's attempts"), s.listAttempts)
	huma.Register(api, get("list-executions", runs+"/executions", "List the commands of a run's last verification"), s.listExecutions)
	huma.Register(api, get("get-log", runs+"/executions/{execution}/logs/{stream}", "Get what a command wrote"), s.getLog)
	huma.Register(api, get("list-files", runs+"/files", "List the project's files"), s.listFiles)
	huma.Register(api, get("get-file", runs+"/file", "Get one file of the project"), s.getFile)
	huma.Register(api, huma.Operation{
		OperationID: "replay-run", Method: http.MethodPost, Path: runs + "/replay", Tags: []string{"runs"}, DefaultStatus: http.StatusCreated,
		Summary: "Run again from recorded answers, as a new intent, to be compared with this run",
	}, s.replayRun)
	huma.Register(api, get("get-capsule", runs+"/capsule", "Download the capsule"), s.getCapsule)
}

func (s *server) listRuns(ctx context.Context, in *IntentID) (*runList, error) {
	list := &runList{}
	err := s.shown.Read(ctx, func(r store.Reader) error {
		if _, err := r.Intent(ctx, in.ID); err != nil {
			return err
		}
		runs, err := r.Runs(ctx, in.ID)
		list.Body.Items = append([]qlp.Run{}, runs...)
		return err
	})
	if err != nil {
		return nil, s.failed("list runs", err)
	}
	return list, nil
}

func (s *server) run(ctx context.Context, id string) (qlp.Run, error) {
	var run qlp.Run
	err := s.shown.Read(ctx, func(r store.Reader) (err error) {
		run, err = r.Run(ctx, id)
		return err
	})
	return run, err
}

func (s *server) getRun(ctx context.Context, in *RunID) (*runAnswer, error) {
	run, err := s.run(ctx, in.ID)
	if err != nil {
		return nil, s.failed("get run", err)
	}
	return &runAnswer{run}, nil
}

func (s *server) replayRun(ctx context.Context, in *replayRun) (*intentAnswer, error) {
	var intent qlp.Intent
	err := s.act(ctx, in.ID, func(ctx context.Context, id string) (err error) {
		intent, err = s.Engine.ReplayRun(ctx, id, in.Key)
		return err
	})
	if err != nil {
		return nil, s.failed("replay run", err)
	}
	return &intentAnswer{intent}, nil
}

func (s *server) listAttempts(ctx context.Context, in *listAttempts) (*attemptList, error) {
	list := &attemptList{}
	err := s.shown.Read(ctx, func(r store.Reader) error {
		if _, err := r.Run(ctx, in.ID); err != nil {
			return err
		}
		attempts, err := r.Attempts(ctx, in.ID, in.Task)
		list.Body.Items = append([]qlp.Attempt{}, attempts...)
		return err
	})
	if err != nil {
		return nil, s.failed("list attempts", err)
	}
	return list, nil
}

func (s *server) executions(ctx context.Context, id string) ([]qlp.Execution, error) {
	list := []qlp.Execution{}
	err := s.shown.Read(ctx, func(r store.Reader) error {
		if _, err := r.Run(ctx, id); err != nil {
			return err
		}
		executions, err := r.Executions(ctx, id)
		list = append(list, executions...)
		return err
	})
	return list, err
}

func (s *server) listExecutions(ctx context.Context, in *RunID) (*executionList, error) {
	items, err := s.executions(ctx, in.ID)
	if err != nil {
		return nil, s.failed("list executions", err)
	}
	list := &executionList{}
	list.Body.Items = items
	return list, nil
}

func (s *server) getLog(ctx context.Context, in *getLog) (*content, error) {
	executions, err := s.executions(ctx, in.ID)
	if err != nil {
		return nil, s.failed("get log", err)
	}
	i := slices.IndexFunc(executions, func(x qlp.Execution) bool { return x.ID == in.Execution })
	if i < 0 {
		return nil, s.failed("get log", qlp.Errorf(qlp.NotFound, "the run has no execution %s", in.Execution))
	}
	digest := executions[i].Stdout
	if in.Stream == "stderr" {
		digest = executions[i].Stderr
	}
	var log []byte
	if digest != "" && digest != qlp.DigestOf(nil) {
		if log, err = s.Blobs.Get(ctx, digest); err != nil {
			return nil, s.failed("get log", err)
		}
	}
	return foreign("text/plain; charset=utf-8", in.Execution+"."+in.Stream+".txt", log), nil
}

// tree returns the run's project: what was verified, or what its finished tasks have written so far.
func (s *server) tree(ctx context.Context, id string) (qlp.Tree, error) {
	tree := qlp.Tree{}
	err := s.shown.Read(ctx, func(r store.Reader) error {
		run, err := r.Run(ctx, id)
		if err != nil {
			return err
		}
		if run.Tree != "" {
			tree, err = r.Tree(ctx, run.Tree)
			return err
		}
		for _, t := range run.Tasks {
			if tree, err = tree.Merge(t.Tree); err != nil {
				return err
			}
		}
		return nil
	})
	return tree, err
}

func (s *server) listFiles(ctx context.Context, in *RunID) (*fileList, error) {
	tree, err := s.tree(ctx, in.ID)
	if err != nil {
		return nil, s.failed("list files", err)
	}
	list := &fileList{}
	list.Body.Items = tree
	return list, nil
}

func (s *server) getFile(ctx context.Context, in *getFile) (*content, error) {
	tree, err := s.tree(ctx, in.ID)
	if err != nil {
		return nil, s.failed("get file", err)
	}
	i := slices.IndexFunc(tree, func(e qlp.Entry) bool { return e.Path == in.Path })
	if i < 0 {
		return nil, s.failed("get file", qlp.Errorf(qlp.NotFound, "the project has no file %s", in.Path))
	}
	b, err := s.Blobs.Get(ctx, tree[i].Digest)
	if err != nil {
		return nil, s.failed("get file", err)
	}
	return foreign("text/plain; charset=utf-8", in.Path, b), nil
}

func (s *server) getCapsule(ctx context.Context, in *RunID) (*content, error) {
	run, err := s.run(ctx, in.ID)
	if err == nil && run.Capsule == nil {
		err = qlp.Errorf(qlp.Conflict, "the run has no capsule yet").WithRemedy("wait for its event capsule.ready")
	}
	if err != nil {
		return nil, s.failed("get capsule", err)
	}
	b, err := s.Blobs.Get(ctx, run.Capsule.Digest)
	if err != nil {
		return nil, s.failed("get capsule", err)
	}
	return foreign("application/vnd.qlp.capsule+zip", run.Capsule.Name, b), nil
}
