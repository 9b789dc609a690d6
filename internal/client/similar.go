package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Similar returns the intents that are most like words, the likest first; limit is 1 to 50.
func (c *Client) Similar(ctx context.Context, words string, limit int) (qlp.SimilarFound, error) {
	var out qlp.SimilarFound
	query := url.Values{"q": {words}, "limit": {strconv.Itoa(limit)}}
	return out, c.call(ctx, http.MethodGet, "/api/v1/similar?"+query.Encode(), nil, nil, &out)
}

// Embeddings says how many intents have a vector.
func (c *Client) Embeddings(ctx context.Context) (qlp.EmbeddingStatus, error) {
	var out qlp.EmbeddingStatus
	return out, c.call(ctx, http.MethodGet, "/api/v1/embeddings", nil, nil, &out)
}

// RebuildEmbeddings has a worker make every vector that the present embedder has not made.
func (c *Client) RebuildEmbeddings(ctx context.Context) (qlp.EmbeddingStatus, error) {
	var out qlp.EmbeddingStatus
	return out, c.call(ctx, http.MethodPost, "/api/v1/embeddings/rebuild", nil, nil, &out)
}

// VerifyVectors compares the index with looking at every vector, by as many of the tenant's own vectors; 1 to 1,000.
func (c *Client) VerifyVectors(ctx context.Context, queries int) (qlp.VectorCheck, error) {
	var out qlp.VectorCheck
	return out, c.call(ctx, http.MethodPost, "/api/v1/embeddings/verify", nil, map[string]int{"queries": queries}, &out)
}
