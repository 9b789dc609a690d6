package agent

import (
	"context"
	"fmt"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/prompt"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// coderFeedback is how often a coder's answer is told what was wrong with it: a form that is not kept, an edit that does not
// apply, the same file whole, and one more.
const coderFeedback = 4

// code has the coder write the task's files.
func (a *Agent) code(ctx context.Context, req generator.Request) ([]qlp.File, error) {
	own, _ := divide(req)
	w := newWork(a.desk, req.Plan, req.Task, own, len(req.Failure) > 0 && req.Strategy != generator.Elsewhere)
	asked, err := a.coderRequest(req, w)
	if err != nil {
		return nil, err
	}
	if _, err := a.desk.Ask(ctx, asked, coderFeedback, llm.Sink(req.Progress), w.take); err != nil {
		return nil, fmt.Errorf("write task %s: %w", req.Task.ID, err)
	}
	return w.result(), nil
}

// coderRequest writes the prompt, and gives the work the tag that its marks begin with.
func (a *Agent) coderRequest(req generator.Request, w *work) (llm.Request, error) {
	system, err := a.book.Fill("coder.md", map[string]any{"DataRule": prompt.DataRule})
	if err != nil {
		return llm.Request{}, err
	}
	// The protocol is measured with a tag of the right length before the prompt that gives the tag is there.
	empty, err := a.book.Fill("task.md", assembled{Tag: "000000000000", Repair: true, Contract: " ", Interfaces: " ", Cases: " ", Others: " ", Evidence: " ", Own: " "})
	if err != nil {
		return llm.Request{}, err
	}
	parts, err := a.assemble(req, len(system)+len(empty), a.room(llm.Coder))
	if err != nil {
		return llm.Request{}, err
	}
	untagged, err := a.book.Fill("task.md", parts)
	if err != nil {
		return llm.Request{}, err
	}
	w.tag = prompt.Tag(untagged)
	parts.Tag = w.tag
	text, err := a.book.Fill("task.md", parts)
	if err != nil {
		return llm.Request{}, err
	}
	out := llm.Request{
		Role: llm.Coder, System: system, Messages: []llm.Message{{From: llm.User, Text: text}}, MaxTokens: a.answerTokens(llm.Coder),
		Temperature: prompt.Zero(), Account: account(req),
	}
	if req.Strategy == generator.Elsewhere && a.deps.Client.Fallbacks(llm.Coder) > 0 {
		out.Fallback = 1
	}
	return out, nil
}
