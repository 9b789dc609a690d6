// Package telemetry makes the process's logger and counts what it does.
//
// It never decides anything, and a secret that reaches it has a type that prints as "redacted".
//
// Arrows: none within the house, it is a leaf; the Prometheus client.
package telemetry

import (
	"io"
	"log/slog"
)

// Logger returns a logger that writes to w. Level is debug, info, warn or error (anything else is info), format text or json.
func Logger(w io.Writer, level, format string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: l}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// Secret is a value that must not be shown. It prints, logs and marshals as "redacted".
type Secret string

const redacted = "redacted"

// String hides the value.
func (Secret) String() string { return redacted }

// GoString hides the value.
func (Secret) GoString() string { return redacted }

// LogValue hides the value.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the value.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Reveal returns the value, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }
