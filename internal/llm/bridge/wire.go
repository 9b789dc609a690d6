package bridge

import (
	"encoding/json"
	"strings"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// request is what is read of a chat completion.
type request struct {
	Model          string            `json:"model"`
	Messages       []message         `json:"messages"`
	ResponseFormat *format           `json:"response_format,omitempty"`
	Tools          json.RawMessage   `json:"tools,omitempty"`
	MaxTokens      int               `json:"max_tokens,omitempty"`
	MaxCompletion  int               `json:"max_completion_tokens,omitempty"`
	User           string            `json:"user,omitempty"`
	Metadata       map[string]string `json:"metadata,omitempty"`
	Stream         bool              `json:"stream,omitempty"`
	StreamOptions  *struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options,omitempty"`
}

type message struct {
	Role    string  `json:"role"`
	Content content `json:"content"`
}

type format struct {
	Type   string `json:"type"`
	Schema *struct {
		Name   string          `json:"name"`
		Schema json.RawMessage `json:"schema"`
	} `json:"json_schema,omitempty"`
}

// content is a text, or a list of parts of which the texts are read.
type content string

// UnmarshalJSON reads both forms.
func (c *content) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		*c = content(text)
		return nil
	}
	var parts []struct {
		Text string `json:"text"`
	}
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	for _, p := range parts {
		*c += content(p.Text)
	}
	return nil
}

// digest names what is asked, however the answer is to be sent.
func (r request) digest() qlp.Digest {
	r.Stream, r.StreamOptions = false, nil
	return qlp.DigestJSON(r)
}

// role says whose question it is: as the metadata, the user, the schema or the model tells.
func (r request) role() string {
	name := r.Metadata["role"]
	for _, other := range []string{r.User, r.schemaName(), r.Model, "model"} {
		if name == "" {
			name = other
		}
	}
	name = strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' {
			return c
		}
		return '_'
	}, name)
	return name[:min(len(name), 40)]
}

func (r request) schemaName() string {
	if r.ResponseFormat != nil && r.ResponseFormat.Schema != nil {
		return r.ResponseFormat.Schema.Name
	}
	return ""
}

// tokens counts the prompt by its length.
func (r request) tokens() int64 {
	n := 0
	for _, m := range r.Messages {
		n += len(m.Content)
	}
	if r.ResponseFormat != nil && r.ResponseFormat.Schema != nil {
		n += len(r.ResponseFormat.Schema.Schema)
	}
	return llm.Tokens(n)
}

type usage struct {
	Prompt     int64 `json:"prompt_tokens"`
	Completion int64 `json:"completion_tokens"`
	Total      int64 `json:"total_tokens"`
}

// completion is the answer, whole or a piece of it.
type completion struct {
	ID      string   `json:"id"`
	Object  string   `json:"object"`
	Created int64    `json:"created"`
	Model   string   `json:"model"`
	Choices []choice `json:"choices"`
	Usage   *usage   `json:"usage,omitempty"`
}

type choice struct {
	Index   int    `json:"index"`
	Message *said  `json:"message,omitempty"`
	Delta   *said  `json:"delta,omitempty"`
	Finish  string `json:"finish_reason,omitempty"`
}

type said struct {
	Role    string `json:"role,omitempty"`
	Content string `json:"content"`
}
