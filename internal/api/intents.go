package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

const pathIntents = "/api/v1/intents"

type createIntent struct {
	Key  string `header:"Idempotency-Key" maxLength:"200" doc:"sent again with the same body, it answers with the same intent"`
	Body struct {
		Words    string          `json:"words,omitempty" doc:"what to build, in words; may be empty when a spec is given"`
		Settings qlp.Settings    `json:"settings,omitzero"`
		From     string          `json:"from,omitempty" maxLength:"64" doc:"the intent that this one starts from: its words are taken where there are none here, and what differs is recorded"`
		Spec     json.RawMessage `json:"spec,omitempty" doc:"a Spec, which is then not interpreted but checked"`
	}
}

type intentAnswer struct{ Body qlp.Intent }

// IntentID is the part of a path that names an intent. It is exported because the framework overlooks embedded fields that
// are not.
type IntentID struct {
	ID string `path:"id" maxLength:"64"`
}

type listIntents struct {
	State  qlp.State `query:"state" doc:"only intents in this state"`
	Cursor string    `query:"cursor" maxLength:"64" doc:"next_cursor of the page before"`
	Limit  int       `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type intentPage struct {
	Body struct {
		Items      []qlp.Intent `json:"items"`
		NextCursor string       `json:"next_cursor,omitempty"`
	}
}

type retryIntent struct {
	IntentID
	Body struct {
		FromTask string `json:"from_task,omitempty" maxLength:"100" doc:"the task to begin again with; the ones it builds on are kept"`
	}
}

type resumeIntent struct {
	IntentID
	Body struct {
		Caps qlp.ModelCaps `json:"caps,omitzero" doc:"caps on model calls in place of those that stand, none of them lower; what is left out stays"`
	}
}

type interpretWords struct {
	Body struct {
		Words string `json:"words"`
		Stack string `json:"stack,omitempty"`
	}
}

type interpretation struct{ Body interpreter.Result }

func (s *server) intents(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "create-intent", Method: http.MethodPost, Path: pathIntents, Tags: []string{"intents"},
		Summary: "Hand in an intent", DefaultStatus: http.StatusCreated, MaxBodyBytes: 2 << 20,
	}, s.createIntent)
	huma.Register(api, huma.Operation{
		OperationID: "list-intents", Method: http.MethodGet, Path: pathIntents, Tags: []string{"intents"}, Summary: "List intents, newest first",
	}, s.listIntents)
	huma.Register(api, huma.Operation{
		OperationID: "get-intent", Method: http.MethodGet, Path: pathIntents + "/{id}", Tags: []string{"intents"},
		Summary: "Get an intent with its latest run",
	}, s.getIntent)
	for _, a := range []struct {
		name, summary string
		do            func(context.Context, string) error
	}{
		{"cancel", "Stop a run; its sandboxes are gone within two seconds", func(ctx context.Context, id string) error { return s.Engine.Cancel(ctx, id) }},
		{"approve", "Let a run go on that waits for approval", func(ctx context.Context, id string) error { return s.Engine.Approve(ctx, id) }},
	} {
		huma.Register(api, huma.Operation{
			OperationID: a.name + "-intent", Method: http.MethodPost, Path: pathIntents + "/{id}/" + a.name, Tags: []string{"intents"}, Summary: a.summary,
		}, func(ctx context.Context, in *IntentID) (*intentAnswer, error) {
			if err := s.act(ctx, in.ID, a.do); err != nil {
				return nil, s.failed(a.name+" intent", err)
			}
			return s.getIntent(ctx, in)
		})
	}
	huma.Register(api, huma.Operation{
		OperationID: "retry-intent", Method: http.MethodPost, Path: pathIntents + "/{id}/retry", Tags: []string{"intents"},
		Summary: "Run again, from the first task or a later one",
	}, s.retryIntent)
	huma.Register(api, huma.Operation{
		OperationID: "resume-intent", Method: http.MethodPost, Path: pathIntents + "/{id}/resume", Tags: []string{"intents"},
		Summary: "Let a paused intent go on, with higher caps on model calls",
	}, s.resumeIntent)
	huma.Register(api, huma.Operation{
		OperationID: "interpret", Method: http.MethodPost, Path: "/api/v1/interpret", Tags: []string{"intents"},
		Summary: "Read words as a Spec, without building anything", MaxBodyBytes: 2 << 20,
	}, s.interpret)
}

func (s *server) createIntent(ctx context.Context, in *createIntent) (*intentAnswer, error) {
	req := orchestrator.Request{Words: in.Body.Words, Settings: in.Body.Settings, Key: in.Key, Tenant: s.Tenant, From: in.Body.From}
	if len(in.Body.Spec) > 0 && string(in.Body.Spec) != "null" {
		spec, err := s.ReadSpec(in.Body.Spec)
		if err != nil {
			return nil, s.failed("create intent", err)
		}
		req.Spec = spec
	}
	intent, err := s.Engine.Submit(ctx, req)
	if err != nil {
		return nil, s.failed("create intent", err)
	}
	return &intentAnswer{intent}, nil
}

// act has the engine do something with an intent or a run that is the tenant's own.
func (s *server) act(ctx context.Context, id string, do func(ctx context.Context, id string) error) error {
	if err := s.shown.Owns(ctx, id); err != nil {
		return err
	}
	return do(ctx, id)
}

func (s *server) listIntents(ctx context.Context, in *listIntents) (*intentPage, error) {
	page := &intentPage{}
	err := s.shown.Read(ctx, func(r store.Reader) error {
		items, err := r.Intents(ctx, store.IntentFilter{State: in.State, After: in.Cursor, Limit: in.Limit})
		page.Body.Items = items
		return err
	})
	if err != nil {
		return nil, s.failed("list intents", err)
	}
	if page.Body.Items == nil {
		page.Body.Items = []qlp.Intent{}
	}
	if n := len(page.Body.Items); n == in.Limit {
		page.Body.NextCursor = page.Body.Items[n-1].ID
	}
	return page, nil
}

func (s *server) getIntent(ctx context.Context, in *IntentID) (*intentAnswer, error) {
	answer := &intentAnswer{}
	err := s.shown.Read(ctx, func(r store.Reader) error {
		intent, err := r.Intent(ctx, in.ID)
		if err == nil && s.Spending != nil {
			intent.Spending, err = s.Spending(ctx, r, intent)
		}
		answer.Body = intent
		return err
	})
	if err != nil {
		return nil, s.failed("get intent", err)
	}
	return answer, nil
}

func (s *server) retryIntent(ctx context.Context, in *retryIntent) (*intentAnswer, error) {
	err := s.act(ctx, in.ID, func(ctx context.Context, id string) error { return s.Engine.Retry(ctx, id, in.Body.FromTask) })
	if err != nil {
		return nil, s.failed("retry intent", err)
	}
	return s.getIntent(ctx, &in.IntentID)
}

func (s *server) resumeIntent(ctx context.Context, in *resumeIntent) (*intentAnswer, error) {
	err := s.act(ctx, in.ID, func(ctx context.Context, id string) error { return s.Engine.ResumeIntent(ctx, id, in.Body.Caps) })
	if err != nil {
		return nil, s.failed("resume intent", err)
	}
	return s.getIntent(ctx, &in.IntentID)
}

func (s *server) interpret(ctx context.Context, in *interpretWords) (*interpretation, error) {
	result, err := s.Interpreter.Interpret(ctx, in.Body.Words, interpreter.Options{Stack: in.Body.Stack, DefaultStack: s.Stack})
	if err != nil {
		return nil, s.failed("interpret", err)
	}
	return &interpretation{result}, nil
}
