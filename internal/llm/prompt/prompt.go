// Package prompt puts together what a model is asked, and reads what it answers: data in fences that it cannot close, secrets
// taken out, the answer's faults told back a bounded number of times.
//
// It never decides what is asked (the rooms whose prompts it fills do), never follows what it fences, never passes on an
// answer that holds a secret, and puts nothing into a prompt that would differ when the same run is played again.
//
// Arrows: qlp, llm, redact.
package prompt

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/redact"
)

// Redactor takes secrets out of texts, and finds them.
type Redactor interface {
	Redact(text string) string
	Find(text string) []redact.Leak
}

// Feedback is how often an answer's faults are told back to a model that gives an answer by a schema.
const Feedback = 2

// longestAnswer is the longest answer that is looked at, in bytes: more than any task's files may be.
const longestAnswer = 1536 << 10

// keptAnswer is how much of a wrong answer the model is shown again, in bytes.
const keptAnswer = 48 << 10

// Desk is where requests are written and answers are read. It is safe for concurrent use if its parts are.
type Desk struct {
	Client   llm.Client
	Redactor Redactor
}

// Again says that an answer is no good, in words for the model, which may try again.
type Again struct{ Text string }

// Error returns the words.
func (a *Again) Error() string { return a.Text }

// Againf makes an Again.
func Againf(format string, args ...any) error { return &Again{Text: fmt.Sprintf(format, args...)} }

// Data returns text as a prompt shows it: secrets taken out, characters that cannot be seen written out, and a fence around
// it that the text cannot close. The label says what it is; it may hold a stranger's words.
func (d Desk) Data(label, text string) string {
	return Fence(Visible(label), Visible(d.Redactor.Redact(text)))
}

// Ask sends the request and has the answer read. When read returns an *Again, its words and the answer go back to the model,
// at most feedback times; then the error is invalid and says what was wrong. Any other error of read is returned as it is.
func (d Desk) Ask(ctx context.Context, req llm.Request, feedback int, sink llm.Sink, read func(text string) error) (llm.Answer, error) {
	req.System = d.Redactor.Redact(req.System)
	messages := make([]llm.Message, 0, len(req.Messages)+2*feedback)
	for _, m := range req.Messages {
		messages = append(messages, llm.Message{From: m.From, Text: d.Redactor.Redact(m.Text)})
	}
	for try := 0; ; try++ {
		req.Messages = messages
		answer, err := d.Client.Ask(ctx, req, sink)
		if err != nil {
			return answer, fmt.Errorf("ask the %s: %w", req.Role, err)
		}
		err = d.look(answer, read)
		again, wrong := errors.AsType[*Again](err)
		if !wrong {
			return answer, err
		}
		if try >= feedback {
			return answer, qlp.Errorf(qlp.Invalid, "the %s's answer was no good after %d tries: %s", req.Role, try+1, d.Redactor.Redact(again.Text)).
				WithRemedy("try again, say more in the intent, or give the role another model")
		}
		messages = append(messages[:len(messages):len(messages)], d.shown(answer.Text),
			llm.Message{From: llm.User, Text: d.Redactor.Redact(again.Text)})
	}
}

// look refuses an answer that was cut off or holds a secret, and has any other read.
func (d Desk) look(answer llm.Answer, read func(string) error) error {
	if len(answer.Text) > longestAnswer {
		return Againf("Your answer has %d bytes; at most %d are read. Give the whole answer again, shorter.", len(answer.Text), longestAnswer)
	}
	if leaks := d.Redactor.Find(answer.Text); len(leaks) > 0 {
		return Againf("Your answer was refused: line %d holds what looks like a secret (%s). Never write a key, token or password, also not "+
			"as an example; read it from the environment or leave it out. Give the whole answer again without it.", leaks[0].Line, leaks[0].Rule)
	}
	if answer.Finish == llm.Cut {
		return Againf("Your answer was cut off before its end, because it was too long. Give the whole answer again, shorter.")
	}
	return read(answer.Text)
}

// shown is a wrong answer as the model sees it again: an honest part of it, without secrets.
func (d Desk) shown(text string) llm.Message {
	if len(text) > keptAnswer {
		whole := strings.LastIndexByte(text[:keptAnswer], '\n') + 1 // a line is shown whole or not at all: half a secret would not be recognised
		text = text[:whole] + "[the rest is left out]"
	}
	text = d.Redactor.Redact(text)
	if strings.TrimSpace(text) == "" {
		text = "[an empty answer]"
	}
	return llm.Message{From: llm.Assistant, Text: text}
}

// Zero is the sampling temperature of every request: what is asked twice should be answered twice alike.
func Zero() *float64 { return new(float64) }
