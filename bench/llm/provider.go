package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// provider is the driver under measure.
func provider(url string) llm.Provider { return plain{url} }

// plain reads the wire format and nothing else.
type plain struct{ url string }

func (plain) Name() string { return "local" }

func (p plain) Complete(ctx context.Context, req llm.Request, sink llm.Sink) (llm.Answer, error) {
	body, err := json.Marshal(map[string]any{"model": req.Model, "stream": true, "max_tokens": req.MaxTokens, "messages": []map[string]string{
		{"role": "system", "content": req.System}, {"role": "user", "content": req.Messages[0].Text},
	}})
	if err != nil {
		return llm.Answer{}, err
	}
	out, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return llm.Answer{}, err
	}
	resp, err := http.DefaultClient.Do(out)
	if err != nil {
		return llm.Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	var text strings.Builder
	answer := llm.Answer{Model: req.Model, Finish: llm.Stopped}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		var chunk struct {
			Choices []struct{ Delta struct{ Content string } }
			Usage   *struct {
				Prompt     int64 `json:"prompt_tokens"`
				Completion int64 `json:"completion_tokens"`
			}
		}
		if err := json.Unmarshal([]byte(data), &chunk); err != nil {
			return answer, err
		}
		for _, c := range chunk.Choices {
			text.WriteString(c.Delta.Content)
			sink(c.Delta.Content)
		}
		if chunk.Usage != nil {
			answer.Usage = qlp.Usage{Input: chunk.Usage.Prompt, Output: chunk.Usage.Completion}
		}
	}
	answer.Text = text.String()
	return answer, nil
}

func (plain) Embed(context.Context, string, []string) (llm.Embeddings, error) {
	return llm.Embeddings{}, errors.New("not measured")
}

func (plain) Describe(context.Context, string) (llm.Model, error) { return llm.Model{}, nil }
