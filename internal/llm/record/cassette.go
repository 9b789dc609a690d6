// Package record keeps model calls in a form that can be answered from again: one JSON document for each request, with the
// answer, what it took and how long.
//
// It never writes a secret that its Redact function knows, never writes half a file, and never records a failure as an
// answer.
//
// Arrows: llm, qlp.
package record

import (
	"encoding/json"
	"fmt"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Cassette is one recorded call. Its digests are of the requests as they were before secrets were taken out.
type Cassette struct {
	Digest  qlp.Digest `json:"digest"`            // of the request that was answered
	Asked   qlp.Digest `json:"asked"`             // of the request as it was asked: another one, where a fallback answered
	Attempt int        `json:"attempt,omitempty"` // of the account: the same request may be asked anew by a later attempt
	Request Request    `json:"request"`
	Answer  llm.Answer `json:"answer"` // with usage and timing
	Role    Role       `json:"role"`
}

// Role is what the asker could see of the role's models, because prompts are fitted to it and repairs move along it.
type Role struct {
	Window    int64 `json:"window,omitempty"`    // of the first model, in tokens; 0: unknown
	Fallbacks int   `json:"fallbacks,omitempty"` // models after the first
}

// Request is what was asked, in a form that a person can read.
type Request struct {
	Role        llm.Role      `json:"role"`
	Fallback    int           `json:"fallback,omitempty"`
	System      string        `json:"system,omitempty"`
	Messages    []llm.Message `json:"messages"`
	Schema      *llm.Schema   `json:"schema,omitempty"`
	MaxTokens   int           `json:"max_tokens"`
	Temperature *float64      `json:"temperature,omitempty"`
}

// Of makes the cassette of a call. asked is the request as the client was given it.
func Of(asked llm.Request, answer llm.Answer, role Role) Cassette {
	answered := asked
	answered.Fallback = answer.Fallback
	answer.Recorded = false // it is about to be
	return Cassette{
		Digest: answered.Digest(), Asked: asked.Digest(), Attempt: asked.Account.Attempt, Answer: answer, Role: role,
		Request: Request{
			Role: asked.Role, Fallback: answer.Fallback, System: asked.System, Messages: asked.Messages, Schema: asked.Schema,
			MaxTokens: asked.MaxTokens, Temperature: asked.Temperature,
		},
	}
}

// Redacted returns a copy whose texts have gone through redact. nil leaves them.
func (c Cassette) Redacted(redact func(string) string) Cassette {
	if redact == nil {
		return c
	}
	c.Request.System = redact(c.Request.System)
	messages := make([]llm.Message, len(c.Request.Messages))
	for i, m := range c.Request.Messages {
		messages[i] = llm.Message{From: m.From, Text: redact(m.Text)}
	}
	c.Request.Messages = messages
	c.Answer.Text = redact(c.Answer.Text)
	return c
}

// Encode returns the cassette as JSON that is easy to read and to compare.
func (c Cassette) Encode() ([]byte, error) {
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write cassette: %w", err)
	}
	return append(b, '\n'), nil
}

// Decode reads a cassette. What is none is an invalid error.
func Decode(b []byte) (Cassette, error) {
	var c Cassette
	if err := json.Unmarshal(b, &c); err != nil {
		return Cassette{}, qlp.Errorf(qlp.Invalid, "read cassette: %w", err)
	}
	if c.Digest.Hex() == "" || c.Asked.Hex() == "" || c.Request.Role == "" {
		return Cassette{}, qlp.Errorf(qlp.Invalid, "read cassette: it names no request")
	}
	return c, nil
}

// Replayed returns the answer as somebody gets it who did not pay for it.
func (c Cassette) Replayed() llm.Answer {
	a := c.Answer
	a.Recorded = true
	return a
}
