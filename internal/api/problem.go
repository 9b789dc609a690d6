package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Problem is an error answer, as RFC 9457 has it, with our code, what to do, and the id to quote.
type Problem struct {
	Type      string              `json:"type"`
	Title     string              `json:"title"`
	Status    int                 `json:"status"`
	Detail    string              `json:"detail"`
	Code      qlp.Code            `json:"code"`
	Remedy    string              `json:"remedy,omitempty"`
	RequestID string              `json:"request_id,omitempty"`
	Errors    []*huma.ErrorDetail `json:"errors,omitempty"`
}

// statusOf is the one table from codes to statuses.
func statusOf(c qlp.Code) int {
	switch c {
	case qlp.Invalid:
		return http.StatusUnprocessableEntity
	case qlp.NotFound:
		return http.StatusNotFound
	case qlp.Conflict:
		return http.StatusConflict
	case qlp.Unauthorized:
		return http.StatusUnauthorized
	case qlp.Forbidden:
		return http.StatusForbidden
	case qlp.Exhausted:
		return http.StatusTooManyRequests
	case qlp.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

func codeOf(status int) qlp.Code {
	for _, c := range []qlp.Code{qlp.NotFound, qlp.Conflict, qlp.Unauthorized, qlp.Forbidden, qlp.Exhausted, qlp.Unavailable} {
		if statusOf(c) == status {
			return c
		}
	}
	if status < http.StatusInternalServerError {
		return qlp.Invalid
	}
	return qlp.Internal
}

// problemOf turns an error into an answer. What is internal is not told: the request id leads to it in the log.
func problemOf(err error, requestID string) *Problem {
	code := qlp.CodeOf(err)
	p := &Problem{Type: "about:blank", Status: statusOf(code), Code: code, Remedy: qlp.RemedyOf(err), RequestID: requestID}
	p.Title = http.StatusText(p.Status)
	p.Detail = "something went wrong here; the log has the details under the request id"
	if e, ok := errors.AsType[*qlp.Error](err); ok && code != qlp.Internal {
		p.Detail = e.Message
	}
	return p
}

// Error, GetStatus and ContentType let handlers return a Problem.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is the media type of problems.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// failed logs an error if someone should act on it, and returns the answer.
func (s *server) failed(operation string, err error) error {
	p := problemOf(err, "")
	if p.Status >= http.StatusInternalServerError {
		s.Log.Error("Request failed", "room", "api", "operation", operation, "err", err)
	}
	return p
}

// asProblem brings the framework's own errors (a body that does not fit its schema, say) into our form, and adds the
// request id to all.
func (s *server) asProblem(ctx huma.Context, status string, v any) (any, error) {
	switch e := v.(type) {
	case *Problem:
		e.RequestID = ctx.Header(headerRequestID)
		return e, nil
	case *huma.ErrorModel:
		code, err := strconv.Atoi(status)
		if err != nil {
			code = e.Status
		}
		return &Problem{
			Type: "about:blank", Title: http.StatusText(code), Status: code, Detail: e.Detail, Code: codeOf(code),
			RequestID: ctx.Header(headerRequestID), Errors: e.Errors,
		}, nil
	default:
		return v, nil
	}
}

func writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err, r.Header.Get(headerRequestID))
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller has gone; there is nobody to tell
}
