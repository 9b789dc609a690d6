package openai

import (
	"context"

	"github.com/openai/openai-go/v3"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Embed returns a vector for each text.
func (p *Provider) Embed(ctx context.Context, model string, texts []string) (llm.Embeddings, error) {
	res, err := p.embeddings.New(ctx, openai.EmbeddingNewParams{
		Model: model, Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: texts}, EncodingFormat: openai.EmbeddingNewParamsEncodingFormatFloat,
	})
	if err != nil {
		return llm.Embeddings{}, p.fault(ctx, model, err, false)
	}
	out := llm.Embeddings{Model: res.Model, Vectors: make([][]float32, len(texts)), Usage: qlp.Usage{Input: max(res.Usage.PromptTokens, 0)}}
	for _, e := range res.Data {
		if e.Index < 0 || int(e.Index) >= len(texts) || out.Vectors[e.Index] != nil || len(e.Embedding) == 0 {
			return llm.Embeddings{}, p.wrongVectors(model)
		}
		vector := make([]float32, len(e.Embedding))
		for i, x := range e.Embedding {
			vector[i] = float32(x)
		}
		out.Vectors[e.Index] = vector
	}
	for _, v := range out.Vectors {
		if len(v) == 0 || len(v) != len(out.Vectors[0]) {
			return llm.Embeddings{}, p.wrongVectors(model)
		}
	}
	return out, nil
}

func (p *Provider) wrongVectors(model string) error {
	return &llm.Error{Kind: llm.Malformed, Provider: p.cfg.Name, Model: model, Sent: true, Message: "the vectors do not match the texts"}
}

// Describe says what the catalogue knows of the model.
func (p *Provider) Describe(_ context.Context, model string) (llm.Model, error) {
	if p.cfg.Describe != nil {
		if m, ok := p.cfg.Describe(model); ok {
			m.Provider, m.Name = p.cfg.Name, model
			return m, nil
		}
	}
	return llm.Model{Provider: p.cfg.Name, Name: model}, nil
}
