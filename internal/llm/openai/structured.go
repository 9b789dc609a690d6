package openai

import (
	"encoding/json"
	"regexp"
	"slices"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/shared"

	"github.com/quantumlayer/qlp/internal/llm"
)

// Structured says how an endpoint is asked for an answer that keeps a schema.
type Structured string

// The ways, from the strictest.
const (
	Strict Structured = "strict" // the endpoint itself keeps the answer to the schema
	Tool   Structured = "tool"   // the answer is the argument of a function that must be called
	Fence  Structured = "fence"  // the instructions ask for a block of JSON
	Auto   Structured = "auto"   // the strictest that the endpoint does not refuse, found out once for each model
)

func (s Structured) known() bool {
	return s == "" || slices.Contains([]Structured{Strict, Tool, Fence, Auto}, s)
}

// form returns the way that model is asked, and whether a refusal may change it.
func (p *Provider) form(model string) (form Structured, open bool) {
	if p.cfg.Structured != "" && p.cfg.Structured != Auto {
		return p.cfg.Structured, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if form, ok := p.forms[model]; ok {
		return form, true
	}
	return Strict, true
}

// weaken remembers that model refused form, and returns the next way; "" when there is none.
func (p *Provider) weaken(model string, form Structured) Structured {
	next := map[Structured]Structured{Strict: Tool, Tool: Fence}[form]
	if next != "" {
		p.mu.Lock()
		p.forms[model] = next
		p.mu.Unlock()
	}
	return next
}

// unsupported finds the refusals that mean the way of asking and not the question.
var unsupported = regexp.MustCompile(`(?i)response_format|json_schema|structured|tool_choice|tools?\b.{0,40}(not|un)\s?support|function call`)

// shape puts the schema into the parameters.
func shape(params *openai.ChatCompletionNewParams, form Structured, schema *llm.Schema) {
	if schema == nil {
		return
	}
	switch form {
	case Tool:
		var parameters shared.FunctionParameters
		if json.Unmarshal(schema.JSON, &parameters) != nil {
			parameters = nil // a schema of ours is always an object
		}
		params.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
			Name: schema.Name, Parameters: parameters, Description: openai.String("Call this once, with your whole answer."),
		})}
		params.ToolChoice = openai.ToolChoiceOptionFunctionToolChoice(openai.ChatCompletionNamedToolChoiceFunctionParam{Name: schema.Name})
	case Fence: // the instructions say it
	default:
		params.ResponseFormat = openai.ChatCompletionNewParamsResponseFormatUnion{OfJSONSchema: &shared.ResponseFormatJSONSchemaParam{
			JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: schema.Name, Schema: schema.JSON, Strict: openai.Bool(closed(schema.JSON))},
		}}
	}
}

// closed reports whether every object of the schema names its properties and allows no other: what strict asks for.
func closed(schema json.RawMessage) bool {
	var v any
	return json.Unmarshal(schema, &v) == nil && closedValue(v)
}

func closedValue(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		if v["type"] == "object" {
			properties, _ := v["properties"].(map[string]any)
			required, _ := v["required"].([]any)
			if v["additionalProperties"] != false || len(required) != len(properties) {
				return false
			}
		}
		for _, inner := range v {
			if !closedValue(inner) {
				return false
			}
		}
	case []any:
		return !slices.ContainsFunc(v, func(inner any) bool { return !closedValue(inner) })
	}
	return true
}

// instructions are the system text, with the schema in it where nothing else carries it.
func instructions(req llm.Request, form Structured) string {
	if req.Schema == nil || form != Fence {
		return req.System
	}
	return req.System + "\n\nAnswer with one block of JSON between ```json and ```, and nothing else. It must keep this JSON Schema:\n" + string(req.Schema.JSON)
}
