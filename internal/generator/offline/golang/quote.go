package golang

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
)

// jsonText returns s as a JSON string. No character of s can end it.
func jsonText(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil { // a string always can be written
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// goText returns s as a Go string: between back quotes where that is easier to read.
func goText(s string) string {
	if strings.ContainsAny(s, `"\`) && strconv.CanBackquote(strings.ReplaceAll(s, "\n", "")) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

// wrapped returns a long JSON object with a line for each member.
func wrapped(object string) string {
	if len(object) < 100 {
		return object
	}
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(object), "", "\t"); err != nil {
		return object
	}
	return b.String()
}

// shellText returns s as one word of a shell.
func shellText(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// plain returns text as one line without characters that are not seen.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar || unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// markdown returns text in which no character is markup.
func markdown(s string) string {
	var b strings.Builder
	for _, r := range plain(s) {
		if strings.ContainsRune("\\`*_{}[]<>()#+!|~", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
