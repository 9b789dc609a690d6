// Package completions speaks the chat completions format, which OpenAI, Azure OpenAI, Ollama and every compatible endpoint
// share, on OpenAI's own library.
//
// It never tries again by itself, except for the one change that the endpoint asks for in so many words (a form of structured
// output, or a name of a parameter, that it does not know); it never checks an answer against its schema.
//
// Arrows: llm, qlp, endpoint, catalog. The drivers openai, azureopenai and ollama are made of it.
package completions

import (
	"context"
	"net/http"
	"strings"
	"sync"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/catalog"
	"github.com/quantumlayer/qlp/internal/llm/endpoint"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Structured says how an endpoint is held to a schema.
type Structured string

// The ways, from the strongest to the weakest. Auto goes down one when the endpoint says that it does not know a way, and
// remembers that for the model.
const (
	Auto   Structured = "auto"
	Strict Structured = "strict" // response_format json_schema, strict
	Tool   Structured = "tool"   // a forced call of one tool, whose arguments are the answer
	Fence  Structured = "fence"  // asked for in the instructions, between fences
)

// Config of a provider. Only Name, Kind and BaseURL are required.
type Config struct {
	Name       string                    // the operator's name for it, in answers and errors
	Kind       string                    // of the catalogue: openai
	BaseURL    string                    // up to where /chat/completions follows
	Authorize  endpoint.Authorize        // nil: the endpoint wants no key
	Path       func(model string) string // a folder of the model's between BaseURL and /chat/completions; nil: none
	Query      map[string]string         // sent with every call
	Structured Structured                // "": Auto
	Legacy     bool                      // the longest answer is called max_tokens, as older endpoints do
	HTTPClient *http.Client              // nil: one of its own
	Catalog    *catalog.Catalog          // nil: nothing is known of any model
}

// Provider is one endpoint. It implements llm.Provider.
type Provider struct {
	cfg    Config
	client *http.Client

	mu      sync.Mutex
	learned map[string]dialect // by model
}

// dialect is what an endpoint has said about a model.
type dialect struct {
	structured Structured
	swapped    bool // the other name of max_tokens
}

// New checks cfg; it sends nothing.
func New(cfg Config) (*Provider, error) {
	if cfg.Name == "" {
		return nil, qlp.Errorf(qlp.Invalid, "a provider needs a name")
	}
	if !strings.HasPrefix(cfg.BaseURL, "http://") && !strings.HasPrefix(cfg.BaseURL, "https://") {
		return nil, qlp.Errorf(qlp.Invalid, "the base URL of the provider %s is no http or https address", cfg.Name)
	}
	switch cfg.Structured {
	case "":
		cfg.Structured = Auto
	case Auto, Strict, Tool, Fence:
	default:
		return nil, qlp.Errorf(qlp.Invalid, "%q is no way of structured output: auto, strict, tool or fence", cfg.Structured)
	}
	cfg.BaseURL = strings.TrimSuffix(cfg.BaseURL, "/") + "/"
	return &Provider{cfg: cfg, client: endpoint.Client(cfg.HTTPClient, cfg.Authorize), learned: map[string]dialect{}}, nil
}

// Name returns the operator's name for the endpoint.
func (p *Provider) Name() string { return p.cfg.Name }

// Describe returns what the catalogue knows.
func (p *Provider) Describe(_ context.Context, model string) (llm.Model, error) {
	m := llm.Model{Name: model}
	if p.cfg.Catalog != nil {
		m, _ = p.cfg.Catalog.Model(p.cfg.Kind, model)
	}
	m.Provider = p.cfg.Name
	return m, nil
}

// options of the library: nothing from the environment, no second try, our own client.
func (p *Provider) options(model string) []option.RequestOption {
	base := p.cfg.BaseURL
	if p.cfg.Path != nil {
		base += strings.Trim(p.cfg.Path(model), "/") + "/"
	}
	opts := []option.RequestOption{option.WithBaseURL(base), option.WithHTTPClient(p.client), option.WithMaxRetries(0)}
	for k, v := range p.cfg.Query {
		opts = append(opts, option.WithQuery(k, v))
	}
	return opts
}

// Embed returns a vector for each text.
func (p *Provider) Embed(ctx context.Context, model string, texts []string) (llm.Embeddings, error) {
	failure := endpoint.Failure{Provider: p.cfg.Name, Model: model}
	size := 0
	for _, t := range texts {
		size += len(t)
	}
	if len(texts) == 0 {
		return llm.Embeddings{Model: model}, nil
	}
	service := sdk.NewEmbeddingService(p.options(model)...)
	res, err := service.New(ctx, sdk.EmbeddingNewParams{
		Model: model, Input: sdk.EmbeddingNewParamsInputUnion{OfArrayOfStrings: texts},
		EncodingFormat: sdk.EmbeddingNewParamsEncodingFormatFloat,
	}, option.WithResponseInto(&failure.Response))
	if err != nil {
		return llm.Embeddings{}, failure.Of(ctx, err)
	}
	vectors, ok := ordered(res.Data, len(texts))
	if !ok {
		return llm.Embeddings{}, failure.New(llm.Malformed, "not one vector for each text, all of one length")
	}
	usage := endpoint.Usage(&qlp.Usage{Input: res.Usage.PromptTokens}, llm.Request{System: strings.Repeat(" ", size)}, "")
	return llm.Embeddings{Vectors: vectors, Model: model, Usage: usage}, nil
}

// ordered puts vectors at their texts' places.
func ordered(data []sdk.Embedding, n int) ([][]float32, bool) {
	vectors := make([][]float32, n)
	if len(data) != n {
		return nil, false
	}
	for _, d := range data {
		if d.Index < 0 || d.Index >= int64(n) || vectors[d.Index] != nil || len(d.Embedding) == 0 || len(d.Embedding) != len(data[0].Embedding) {
			return nil, false
		}
		v := make([]float32, len(d.Embedding))
		for i, x := range d.Embedding {
			v[i] = float32(x)
		}
		vectors[d.Index] = v
	}
	return vectors, true
}
