package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"
)

// printJSON writes v as one line.
func (c *command) printJSON(v any) {
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // a closed pipe: nobody reads any more
}

func (c *command) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(c.out, format, args...) // as above
}

// terminal reports whether w is a terminal that understands cursor movement.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// width returns the number of columns of the terminal, 100 when it does not say.
func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 20 {
			return columns
		}
	}
	return 100
}

// paint wraps text in a colour, unless the output is no terminal or NO_COLOR is set.
type paint bool

func newPaint(w io.Writer) paint {
	return paint(terminal(w) && os.Getenv("NO_COLOR") == "")
}

func (p paint) colour(code, text string) string {
	if !p {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p paint) green(s string) string  { return p.colour("32", s) }
func (p paint) red(s string) string    { return p.colour("31", s) }
func (p paint) yellow(s string) string { return p.colour("33", s) }
func (p paint) faint(s string) string  { return p.colour("2", s) }

// status paints a word of the glossary by what it means.
func (p paint) status(s string) string {
	switch s {
	case "passed", "done", "verified", "good", "ok":
		return p.green(s)
	case "failed", "error":
		return p.red(s)
	case "not_run", "unverified", "repairing", "canceled", "needs_input", "paused":
		return p.yellow(s)
	case "pending", "ready":
		return p.faint(s)
	default:
		return s
	}
}

// table writes rows in columns. Cells are cleaned: what a generated program printed must not move the cursor.
func table(w io.Writer, rows [][]string) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.StripEscape)
	for _, row := range rows {
		_, _ = fmt.Fprintln(tw, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	_ = tw.Flush()
}

// plain makes foreign text safe and short for one line of a terminal: control characters become spaces.
func plain(s string, longest int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > longest && longest > 1 {
		return string(runes[:longest-1]) + "…"
	}
	return s
}
