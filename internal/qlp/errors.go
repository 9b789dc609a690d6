package qlp

import (
	"errors"
	"fmt"
)

// Code classifies an error for the surfaces: the API maps it to a status, the CLI to an exit code.
type Code string

// The codes. An error that carries none is Internal.
const (
	Invalid      Code = "invalid"      // the caller's input is wrong; the message says what to change
	NotFound     Code = "not_found"    // no such thing, or none that this caller may know of
	Conflict     Code = "conflict"     // the thing is not in a state that allows this
	Unauthorized Code = "unauthorized" // no, or no valid, credentials
	Forbidden    Code = "forbidden"    // valid credentials that do not allow this
	Exhausted    Code = "exhausted"    // a cap (time, sandbox seconds, money) is reached
	Unavailable  Code = "unavailable"  // something outside is missing or down; trying again may help
	Internal     Code = "internal"     // a fault of QLP or of the machine
)

// Error is a domain error. Message is safe to show to the person who asked; Remedy, where a person can act, says what
// to do next. Err is the cause: it may hold details that are for the log only.
type Error struct {
	Code    Code
	Message string
	Remedy  string
	Err     error
}

// Errorf makes a domain error. A %w operand becomes its cause.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
}

// WithRemedy returns a copy of e that tells the reader what to do.
func (e *Error) WithRemedy(format string, args ...any) *Error {
	c := *e
	c.Remedy = fmt.Sprintf(format, args...)
	return &c
}

// Error returns the message; the remedy is separate, because surfaces set it apart.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the outermost domain error in err's chain, Internal for any other error, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// RemedyOf returns the remedy of the outermost domain error in err's chain that has one.
func RemedyOf(err error) string {
	for err != nil {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			return ""
		}
		if e.Remedy != "" {
			return e.Remedy
		}
		err = e.Err
	}
	return ""
}
