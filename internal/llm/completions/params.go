package completions

import (
	"encoding/json"
	"strings"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/shared"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

func (p *Provider) params(req llm.Request, d dialect) (sdk.ChatCompletionNewParams, error) {
	params := sdk.ChatCompletionNewParams{Model: req.Model}
	params.StreamOptions = sdk.ChatCompletionStreamOptionsParam{IncludeUsage: sdk.Bool(true)}
	if p.cfg.Legacy != d.swapped {
		params.MaxTokens = sdk.Int(int64(req.MaxTokens))
	} else {
		params.MaxCompletionTokens = sdk.Int(int64(req.MaxTokens))
	}
	if req.Temperature != nil {
		params.Temperature = sdk.Float(*req.Temperature)
	}
	system := req.System
	if req.Schema != nil {
		var schema map[string]any
		if err := json.Unmarshal(req.Schema.JSON, &schema); err != nil {
			return params, qlp.Errorf(qlp.Internal, "read the schema %s: %v", req.Schema.Name, err)
		}
		system = constrain(&params, req, d.structured, schema)
	}
	if system != "" {
		params.Messages = append(params.Messages, sdk.SystemMessage(system))
	}
	for _, m := range req.Messages {
		if m.From == llm.Assistant {
			params.Messages = append(params.Messages, sdk.AssistantMessage(m.Text))
			continue
		}
		params.Messages = append(params.Messages, sdk.UserMessage(m.Text))
	}
	return params, nil
}

// constrain holds the answer to the schema, and returns the instructions.
func constrain(params *sdk.ChatCompletionNewParams, req llm.Request, way Structured, schema map[string]any) string {
	switch way {
	case Tool:
		params.Tools = []sdk.ChatCompletionToolUnionParam{sdk.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
			Name: req.Schema.Name, Description: sdk.String("Gives the answer."), Parameters: schema,
		})}
		params.ToolChoice = sdk.ToolChoiceOptionFunctionToolChoice(sdk.ChatCompletionNamedToolChoiceFunctionParam{Name: req.Schema.Name})
	case Fence:
		return strings.TrimSpace(req.System + "\n\nAnswer with one JSON value in a ```json fence, and nothing else. It keeps this JSON Schema:\n" + string(req.Schema.JSON))
	default:
		params.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{
			Name: req.Schema.Name, Strict: sdk.Bool(true), Schema: schema,
		}}
	}
	return req.System
}

// after returns what to do differently when the endpoint has refused a request for its form. Each change is made once at
// most, so there is an end.
func (d dialect) after(err error, req llm.Request, cfg Config) (dialect, bool) {
	if llm.KindOf(err) != llm.Rejected {
		return d, false
	}
	text := strings.ToLower(err.Error())
	wanted, other := "max_completion_tokens", "max_tokens"
	if cfg.Legacy {
		wanted, other = other, wanted
	}
	// The refused name, or the one to use in its place, is in the message: "Unsupported parameter: 'max_tokens' …".
	if !d.swapped && unsupported(text) && strings.Contains(text, wanted) && (other != wanted) {
		d.swapped = true
		return d, true
	}
	if req.Schema == nil || cfg.Structured != Auto {
		return d, false
	}
	switch {
	case d.structured == Strict && (strings.Contains(text, "response_format") || strings.Contains(text, "json_schema")):
		d.structured = Tool
		return d, true
	case d.structured == Tool && unsupported(text) && strings.Contains(text, "tool"):
		d.structured = Fence
		return d, true
	}
	return d, false
}

func unsupported(text string) bool {
	for _, part := range []string{"unsupported", "not support", "unknown parameter", "unrecognized", "not permitted", "extra fields", "unexpected"} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
