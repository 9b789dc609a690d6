package wire

import (
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Collector gathers a streamed answer within the bounds. It is of one call and of one goroutine.
type Collector struct {
	sink  llm.Sink
	start time.Time
	first time.Duration
	text  strings.Builder
}

// Collect begins an answer; sink may be nil.
func Collect(sink llm.Sink) *Collector { return &Collector{sink: sink, start: time.Now()} }

// Add takes a piece of text, and reports whether there is room for it.
func (c *Collector) Add(piece string) bool {
	if piece == "" {
		return true
	}
	if c.text.Len()+len(piece) > llm.MaxAnswer {
		return false
	}
	if c.text.Len() == 0 {
		c.first = time.Since(c.start)
	}
	c.text.WriteString(piece)
	if c.sink != nil {
		c.sink(piece)
	}
	return true
}

// Begun reports whether any text has come.
func (c *Collector) Begun() bool { return c.text.Len() > 0 }

// Text is what has come.
func (c *Collector) Text() string { return c.text.String() }

// Answer completes the answer.
func (c *Collector) Answer(provider, model string, finish llm.Finish, usage qlp.Usage) llm.Answer {
	return llm.Answer{
		Text: c.text.String(), Provider: provider, Model: model, Finish: finish, Usage: usage, First: c.first, Total: time.Since(c.start),
	}
}

// Usage checks what an endpoint says that a call took, and estimates what it does not say or cannot be. A token is at least
// a byte, so that a prompt cannot have more tokens than bytes but for what the endpoint puts around it; hidden reasoning
// counts within the request's own bound.
func Usage(req llm.Request, text string, said qlp.Usage) qlp.Usage {
	const around = 4096
	if said.Input <= 0 || said.Input > int64(req.Size())+around || said.Cached < 0 || said.Cached > said.Input {
		said.Input, said.Cached, said.Estimated = llm.Tokens(req.Size()), 0, true
	}
	if said.Output < 0 || said.Output == 0 && text != "" || said.Output > int64(max(req.MaxTokens, len(text)))+around {
		said.Output, said.Estimated = llm.Tokens(len(text)), true
	}
	return said
}
