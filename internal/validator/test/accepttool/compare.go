package accepttool

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// shown bounds the end of a text in a difference, in bytes.
const shown = 300

// compare returns the differences between what was expected and what came, each one line.
func compare(want qlp.ProgramExpect, got outcome, at *place) []string {
	if got.ending != "" {
		return []string{fmt.Sprintf("expected exit code %d, but %s", want.Exit, got.ending)}
	}
	return want.Differences(qlp.ProgramOutcome{
		Exit: got.exit, Stdout: string(got.stdout), Stderr: string(got.stderr), Read: at.get,
		There: func(name string) bool {
			_, err := at.work.Lstat(name)
			return !errors.Is(err, fs.ErrNotExist)
		},
	})
}

// quoteEnd shows the end of a text, where a program that fails says why.
func quoteEnd(s string) string {
	if len(s) <= shown {
		return strconv.Quote(s)
	}
	return fmt.Sprintf("(%d bytes) ...%s", len(s), strconv.Quote(strings.ToValidUTF8(s[len(s)-shown:], "")))
}

func quoteList(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, qlp.Quote(s))
	}
	return "[" + strings.Join(out, " ") + "]"
}
