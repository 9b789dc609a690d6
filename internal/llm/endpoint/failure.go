package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Failure is where a call stood when it failed.
type Failure struct {
	Provider string
	Model    string
	Began    bool           // some of the answer had come
	Response *http.Response // nil: none had come
	Usage    *qlp.Usage     // what the endpoint had said
}

// Of returns err as an *llm.Error, or the cause of ctx if that is what ended the call.
func (f Failure) Of(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("ask %s: %w", f.Provider, context.Cause(ctx))
	}
	out := &llm.Error{Provider: f.Provider, Model: f.Model, Sent: true, Usage: f.Usage, Err: err}
	if e, ok := errors.AsType[*llm.Error](err); ok {
		out.Kind, out.Message, out.Sent, out.Err = e.Kind, e.Message, e.Sent, e.Err
		return out
	}
	if e, ok := errors.AsType[*StatusError](err); ok {
		e.describe(out)
		return out
	}
	f.network(err, out)
	return out
}

// network fills in what a connection that failed means.
func (f Failure) network(err error, out *llm.Error) {
	var dial *net.OpError
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, errRedirect):
		out.Kind, out.Message, out.Sent = llm.Rejected, errRedirect.Error(), false
		out.Remedy = "set the provider's base URL to the address that it redirects to, if you trust it"
	case errors.Is(err, errEncoded), errors.Is(err, errTooLong):
		out.Kind, out.Message = llm.Malformed, "an answer that is not of the protocol"
	case errors.As(err, &dial) && dial.Op == "dial":
		out.Kind, out.Message, out.Sent = llm.Outage, "no connection to the endpoint", false
		out.Remedy = "check the provider's base URL and that the endpoint runs"
	case errors.As(err, &syntax), errors.As(err, &kind):
		out.Kind, out.Message = llm.Malformed, "an answer that is not JSON of the protocol"
	case f.Response != nil && !isStream(f.Response):
		out.Kind, out.Message = llm.Malformed, "an answer that is no stream of events"
	case f.Began, f.Response != nil:
		out.Kind, out.Message = llm.Truncated, "the connection ended before the answer did"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		out.Kind, out.Message = llm.Outage, "the endpoint closed the connection without an answer"
	default:
		out.Kind, out.Message = llm.Outage, "the connection to the endpoint failed"
	}
}

// Said returns the *llm.Error for an error event inside a stream, data being its JSON.
func (f Failure) Said(data []byte) error {
	out := &llm.Error{Provider: f.Provider, Model: f.Model, Sent: true, Usage: f.Usage}
	var header http.Header
	if f.Response != nil && f.Response.Request != nil {
		header = f.Response.Request.Header
	}
	(&StatusError{Body: []byte(Scrub(string(data), header))}).describe(out)
	return out
}

// New returns an *llm.Error of a kind that the driver itself has seen.
func (f Failure) New(kind llm.Kind, message string) error {
	var header http.Header
	if f.Response != nil && f.Response.Request != nil {
		header = f.Response.Request.Header
	}
	return &llm.Error{Kind: kind, Provider: f.Provider, Model: f.Model, Sent: true, Usage: f.Usage, Message: brief(Scrub(message, header))}
}

// Ended says that a stream ended without the end of an answer.
func (f Failure) Ended() error {
	if f.Response != nil && !isStream(f.Response) {
		return f.New(llm.Malformed, "an answer that is no stream of events")
	}
	return f.New(llm.Truncated, "the stream ended before the answer did")
}

func isStream(res *http.Response) bool {
	media, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return err == nil && strings.EqualFold(media, "text/event-stream")
}
