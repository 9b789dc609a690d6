package wire

import (
	"context"
	"errors"
	"net/http"
	"os"
	"syscall"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// ProblemType is the media type of a Problem (RFC 9457).
const ProblemType = "application/problem+json"

// Problem is an error on its way. Cause names the error that callers compare with, if it is one of those.
type Problem struct {
	Title  string   `json:"title"`
	Status int      `json:"status"`
	Detail string   `json:"detail"`
	Code   qlp.Code `json:"code"`
	Remedy string   `json:"remedy,omitempty"`
	Cause  string   `json:"cause,omitempty"`
}

type cause struct {
	name   string
	err    error
	status int
}

// causes are the errors that keep their identity over the wire.
func causes() []cause {
	return []cause{
		{"unsupported", sandbox.ErrUnsupported, http.StatusNotImplemented},
		{"destroyed", sandbox.ErrDestroyed, http.StatusGone},
		{"connection_refused", syscall.ECONNREFUSED, http.StatusBadGateway},
		{"process_done", os.ErrProcessDone, http.StatusConflict},
		{"canceled", context.Canceled, http.StatusConflict},
		{"deadline", context.DeadlineExceeded, http.StatusGatewayTimeout},
	}
}

// ProblemOf describes err.
func ProblemOf(err error) Problem {
	p := Problem{Detail: err.Error(), Code: qlp.CodeOf(err), Remedy: qlp.RemedyOf(err), Status: status(qlp.CodeOf(err))}
	for _, c := range causes() {
		if errors.Is(err, c.err) {
			p.Cause, p.Status = c.name, c.status
			break
		}
	}
	p.Title = http.StatusText(p.Status)
	return p
}

// Err is the error that p describes. A code that nobody knows is Internal.
func (p Problem) Err() error {
	e := &qlp.Error{Code: p.Code, Message: p.Detail, Remedy: p.Remedy}
	if status(p.Code) == http.StatusInternalServerError {
		e.Code = qlp.Internal
	}
	if e.Message == "" {
		e.Message = "the executor gives no reason"
	}
	for _, c := range causes() {
		if p.Cause == c.name {
			e.Err = c.err
		}
	}
	return e
}

func status(code qlp.Code) int {
	switch code {
	case qlp.Invalid:
		return http.StatusBadRequest
	case qlp.NotFound:
		return http.StatusNotFound
	case qlp.Conflict:
		return http.StatusConflict
	case qlp.Unauthorized:
		return http.StatusUnauthorized
	case qlp.Forbidden:
		return http.StatusForbidden
	case qlp.Exhausted:
		return http.StatusRequestEntityTooLarge
	case qlp.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
