package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/field"
	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/store"
)

// errGone says that the caller does not wait for the answer any more.
var errGone = errors.New("the caller has gone")

// problem is an error that a caller is told of.
type problem struct {
	Type   string            `json:"type"`
	Title  string            `json:"title"`
	Status int               `json:"status"`
	Detail string            `json:"detail"`
	Errors []field.Violation `json:"errors,omitempty"`
}

// Error returns the detail.
func (p *problem) Error() string { return p.Detail }

func problemf(status int, format string, args ...any) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: fmt.Sprintf(format, args...)}
}

func (p *problem) with(violations ...field.Violation) *problem {
	p.Errors = violations
	return p
}

// problemOf returns what a caller may know of err; a fault of the service has no details.
func problemOf(err error) *problem {
	var (
		told     *problem
		invalid  *field.Invalid
		conflict *store.Conflict
	)
	switch {
	case errors.As(err, &told):
		return told
	case errors.As(err, &invalid):
		detail := "1 field is not valid"
		if n := len(invalid.Violations); n != 1 {
			detail = fmt.Sprintf("%d fields are not valid", n)
		}
		return problemf(http.StatusUnprocessableEntity, "%s", detail).with(invalid.Violations...)
	case errors.As(err, &conflict):
		return problemf(http.StatusConflict, "%s", conflict).with(conflict.Violations...)
	case errors.Is(err, store.ErrNotFound):
		return problemf(http.StatusNotFound, "%s", store.ErrNotFound)
	default:
		return problemf(http.StatusInternalServerError, "the service has a fault")
	}
}

// answer writes v as JSON.
func answer(w http.ResponseWriter, status int, v any) error {
	return send(w, status, "application/json", v)
}

func send(w http.ResponseWriter, status int, contentType string, v any) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(text.Len()))
	w.WriteHeader(status)
	if _, err := w.Write(text.Bytes()); err != nil {
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return nil
}
