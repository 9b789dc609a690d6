package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/similarity"
)

// Similar finds past intents, and says how well.
type Similar interface {
	Find(ctx context.Context, q similarity.Query) (qlp.SimilarFound, error)
	Status(ctx context.Context) (qlp.EmbeddingStatus, error)
	Verify(ctx context.Context, tenant string, queries int) (qlp.VectorCheck, error)
}

type findSimilar struct {
	Words string `query:"q" required:"true" maxLength:"32768" doc:"what is looked for, in words"`
	Limit int    `query:"limit" minimum:"1" maximum:"50" default:"10"`
}

type similarAnswer struct{ Body qlp.SimilarFound }

type embeddingAnswer struct{ Body qlp.EmbeddingStatus }

type verifyVectors struct {
	Body struct {
		Queries int `json:"queries,omitempty" minimum:"1" maximum:"1000" default:"100" doc:"how many of the tenant's own vectors are looked for"`
	}
}

type vectorAnswer struct{ Body qlp.VectorCheck }

func (s *server) similar(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "find-similar", Method: http.MethodGet, Path: "/api/v1/similar", Tags: []string{"similar"},
		Summary: "Find past intents that are like words, with what was built of them",
	}, s.findSimilar)
	huma.Register(api, huma.Operation{
		OperationID: "get-embeddings", Method: http.MethodGet, Path: "/api/v1/embeddings", Tags: []string{"similar"},
		Summary: "Say how many intents can be found by their vectors",
	}, func(ctx context.Context, _ *struct{}) (*embeddingAnswer, error) { return s.embeddings(ctx) })
	huma.Register(api, huma.Operation{
		OperationID: "rebuild-embeddings", Method: http.MethodPost, Path: "/api/v1/embeddings/rebuild", Tags: []string{"similar"},
		Summary: "Have a worker make every vector that the present embedder has not made", DefaultStatus: http.StatusAccepted,
	}, func(ctx context.Context, _ *struct{}) (*embeddingAnswer, error) {
		if err := s.searchable(); err != nil {
			return nil, s.failed("rebuild embeddings", err)
		}
		if err := s.Engine.Refresh(ctx, true); err != nil {
			return nil, s.failed("rebuild embeddings", err)
		}
		return s.embeddings(ctx)
	})
	huma.Register(api, huma.Operation{
		OperationID: "verify-vectors", Method: http.MethodPost, Path: "/api/v1/embeddings/verify", Tags: []string{"similar"},
		Summary: "Compare what the index finds with what looking at every vector finds",
	}, s.verifyVectors)
}

// searchable is an error where nothing can be searched.
func (s *server) searchable() error {
	if s.Similar == nil {
		return qlp.Errorf(qlp.Unavailable, "this database has no index of similar intents")
	}
	return nil
}

func (s *server) findSimilar(ctx context.Context, in *findSimilar) (*similarAnswer, error) {
	if err := s.searchable(); err != nil {
		return nil, s.failed("find similar intents", err)
	}
	found, err := s.Similar.Find(ctx, similarity.Query{Tenant: s.Tenant, Words: in.Words, Limit: in.Limit})
	if err != nil {
		return nil, s.failed("find similar intents", err)
	}
	return &similarAnswer{found}, nil
}

func (s *server) embeddings(ctx context.Context) (*embeddingAnswer, error) {
	if err := s.searchable(); err != nil {
		return nil, s.failed("count embeddings", err)
	}
	status, err := s.Similar.Status(ctx)
	if err != nil {
		return nil, s.failed("count embeddings", err)
	}
	return &embeddingAnswer{status}, nil
}

func (s *server) verifyVectors(ctx context.Context, in *verifyVectors) (*vectorAnswer, error) {
	if err := s.searchable(); err != nil {
		return nil, s.failed("verify vectors", err)
	}
	if in.Body.Queries == 0 {
		in.Body.Queries = 100
	}
	check, err := s.Similar.Verify(ctx, s.Tenant, in.Body.Queries)
	if err != nil {
		return nil, s.failed("verify vectors", err)
	}
	return &vectorAnswer{check}, nil
}
