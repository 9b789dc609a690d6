package record

import (
	"context"

	"github.com/quantumlayer/qlp/internal/llm"
)

// Recorder is a Client that writes every answer of another one into a folder. Safe for concurrent use.
type Recorder struct {
	llm.Client
	dir    string
	redact func(string) string
}

var _ llm.Client = (*Recorder)(nil)

// New returns a recorder of inner. redact takes secrets out of a text; it is required.
func New(inner llm.Client, dir string, redact func(string) string) *Recorder {
	return &Recorder{Client: inner, dir: dir, redact: redact}
}

// Ask asks, and writes down the answer before it returns it. An answer that cannot be written is an error, because a
// recording with a hole would only be found when it is needed.
func (r *Recorder) Ask(ctx context.Context, req llm.Request, sink llm.Sink) (llm.Answer, error) {
	answer, err := r.Client.Ask(ctx, req, sink)
	if err != nil {
		return answer, err
	}
	role := Role{Window: r.Window(req.Role), Fallbacks: r.Fallbacks(req.Role)}
	return answer, Write(r.dir, Of(req, answer, role).Redacted(r.redact))
}
